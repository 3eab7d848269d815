"""Rollouts are dealt by expected tokens and measured speed; ranks that disagree are found out."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from knapsack_rl.base.errors import StateError
from knapsack_rl.base.types import GenerationRequest, Prompt
from knapsack_rl.sampler import FakeSampler
from knapsack_rl.train.dealt import DealtSampler, RankSpeed, deal_rollouts
from knapsack_rl.train.launch import Nodes, nodes_to_spread_over, spread


def test_longest_rollouts_are_dealt_first():
    """Equal ranks: 8 against 5 + 4, not 8 + 4 against 5."""
    assert deal_rollouts([4.0, 8.0, 5.0], [RankSpeed(), RankSpeed()]) == [[1], [0, 2]]


def test_slow_rank_gets_less():
    """Three times slower, observed often: about a quarter of the work."""
    fast, slow = RankSpeed([1.0] * 20), RankSpeed([3.0] * 20)
    dealt = deal_rollouts([1.0] * 400, [fast, slow])
    assert [len(part) for part in dealt] == [300, 100]


def test_bound_is_optimistic_and_tightens():
    """Below the mean, nearer to it with more observations, never below a tenth of it."""
    few, many = RankSpeed([1.0, 3.0]), RankSpeed([1.0, 3.0] * 200)
    assert few.lower_bound() < many.lower_bound() < 2.0
    assert few.lower_bound() >= 0.2
    assert many.lower_bound() == pytest.approx(2.0, rel=0.15)
    assert RankSpeed().lower_bound() == 1.0


def test_untried_rank_counts_as_fast_as_the_fastest():
    """It gets as much as the fastest, so that its speed becomes known."""
    dealt = deal_rollouts([1.0] * 90, [RankSpeed([0.5] * 9), RankSpeed(), RankSpeed([1.0] * 9)])
    assert len(dealt[0]) == len(dealt[1]) > len(dealt[2])


class TwoRanks:
    """The other rank says what it is told to."""

    rank, size = 0, 2

    def __init__(self, other):
        self._other = other

    def gather(self, value):
        return [value, self._other]


def test_disagreeing_rank_is_named():
    """Other counts or seeds on one rank stop the step before anything is sampled."""
    request = GenerationRequest(prompts=(Prompt(id="a", text="", answer="", kind=""),), counts=(2,), seeds=((1, 2),))
    sampler = DealtSampler(FakeSampler(lambda _: 0.5), TwoRanks("another digest"))
    with pytest.raises(StateError, match="rank 1 disagrees with rank 0 on the rollouts of this step"):
        sampler.generate(request)


class Threads:
    """Ranks that are threads of this process."""

    def __init__(self, rank, size, *, barrier, values):
        self.rank, self.size = rank, size
        self._barrier, self._values = barrier, values

    def gather(self, value):
        self._values[self.rank] = value
        self._barrier.wait(10)
        values = list(self._values)
        self._barrier.wait(10)
        return values


def test_neighbours_that_share_an_engine_generate_the_same_part():
    """Four ranks, two engines: neighbours are dealt the same rollouts, all ranks get every rollout once, in order."""
    prompts = tuple(Prompt(id=name, text="", answer="", kind="") for name in "ab")
    request = GenerationRequest(prompts=prompts, counts=(3, 4), seeds=((1, 2, 3), (4, 5, 6, 7)))
    barrier, values = Barrier(4), [None] * 4
    asked = [[] for _ in range(4)]

    def run(rank):
        sampler = FakeSampler(lambda _: 0.5)
        generate = sampler.generate
        sampler.generate = lambda part: asked[rank].append(part) or generate(part)
        ranks = Threads(rank, 4, barrier=barrier, values=values)
        return DealtSampler(sampler, ranks, ranks_per_engine=2).generate(request)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(run, range(4)))
    assert found == [FakeSampler(lambda _: 0.5).generate(request)] * 4
    assert asked[0] == asked[1] != asked[2] == asked[3]
    assert sum(sum(part.counts) for rank in (0, 2) for part in asked[rank]) == 7


@pytest.mark.parametrize("nodelist", ["node[03-05,9]", "node03,node[04-05]", "node03"])
def test_nodes_come_from_slurm(nodelist):
    """First host, number of nodes, and which this is; a machine alone without Slurm."""
    environment = {"SLURM_STEP_NUM_NODES": "3", "SLURM_STEP_NODELIST": nodelist, "SLURM_NODEID": "2"}
    assert Nodes.of_environment(environment) == Nodes(count=3, number=2, address="node03")
    assert Nodes.of_environment({}) == Nodes()
    assert nodes_to_spread_over({"SLURM_JOB_NUM_NODES": "3"}, ranks_per_node=8) == 3
    assert nodes_to_spread_over(environment | {"SLURM_JOB_NUM_NODES": "3"}, ranks_per_node=8) == 1
    assert nodes_to_spread_over({}, ranks_per_node=8) == 1


def test_a_run_of_one_process_is_not_spread():
    """Two nodes in the allocation are no reason to train it twice."""
    assert nodes_to_spread_over({"SLURM_JOB_NUM_NODES": "2"}, ranks_per_node=1) == 1


def test_a_missing_srun_is_one_line(monkeypatch):
    """The variable may be left over from elsewhere."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(StateError, match=r"srun: cannot be started .* unset it to train on this one alone"):
        spread(("-c", "pass"), nodes=2)


@pytest.mark.parametrize("value", ["two", "2(x2)", "-1", "0", "\u0662"])
@pytest.mark.parametrize("name", ["SLURM_JOB_NUM_NODES", "SLURM_STEP_NUM_NODES"])
def test_what_is_no_number_of_nodes_is_one_line(name, value):
    """Left over from elsewhere, or mistyped."""
    with pytest.raises(StateError, match=f"{name}: is .* unset it"):
        nodes_to_spread_over({name: value}, ranks_per_node=2)
