"""A belief with a model of its own is charged for it; an arm's own advantage reaches the learner."""

import pyarrow.parquet as pq
import pytest

from knapsack_rl.learner import FakeLearner
from knapsack_rl.train import train

from .conftest import build_fake_parts


def test_multiply_adds_of_a_learned_belief_are_journalled(bench):
    """16 prompts of 64 features and a constant: once to predict, twice in each of 4 passes, at every step."""
    job = bench.job(arm="sees_learned", steps=3)
    train(job)
    steps = pq.read_table(job.paths.folder / "steps.parquet").to_pydict()
    assert steps["num_belief_multiply_adds"] == [16 * 65 * (1 + 2 * 4)] * 3


def test_a_resumed_run_charges_the_same(bench):
    """What was charged before an interruption is not charged again."""
    whole, halves = bench.job(arm="sees_learned", steps=8), bench.job(arm="sees_learned", steps=4)
    train(halves)
    train(whole)
    steps = pq.read_table(whole.paths.folder / "steps.parquet").to_pydict()
    assert len(set(steps["num_belief_multiply_adds"])) == 1


def test_counting_beliefs_cost_nothing(bench):
    """No model, no multiplications."""
    job = bench.job(arm="knapsack", steps=2)
    train(job)
    steps = pq.read_table(job.paths.folder / "steps.parquet").to_pydict()
    assert steps["num_belief_multiply_adds"] == [0, 0]


class _Recording(FakeLearner):
    """Keeps the advantages it was given, rounded."""

    def __init__(self):
        super().__init__()
        self.advantages = set()

    def update(self, mini_batches):
        self.advantages |= {round(row.advantage, 4) for rows in mini_batches for row in rows}
        return super().update(mini_batches)


@pytest.mark.parametrize(("advantage", "expected"), [("std", -2.4749), ("none", -0.875), ("sqrt_mean", -0.9354)])
def test_the_advantage_is_chosen(bench, advantage, expected):
    """A lone failure of 8: -7/8, over the std sqrt(1/8), over nothing, over the root of the mean 7/8."""
    learner = _Recording()

    def build(config, **files):
        parts = build_fake_parts(config, **files)
        parts.learner = learner
        return parts

    train(bench.job(arm="uniform", steps=4, build=build, loss={"advantage": advantage}))
    assert min(learner.advantages) == expected
