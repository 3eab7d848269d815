"""Uniform, random-matched, posterior, and the front door."""

import numpy as np
import pytest

from knapsack_rl.allocation import AllocationRequest, Outcome, Strategy, allocate, build_strategy, run_strategy
from knapsack_rl.base.belief import Beta, Point, Unknown
from knapsack_rl.base.errors import AllocationError
from knapsack_rl.beliefs import BeliefArrays

OF_EIGHT = [Point(successes=s, draws=8) for s in (0, 0, 1, 2, 4, 6, 7, 8)]


def test_uniform_deals_its_remainder_at_random():
    """700 rollouts over 64 prompts are 10 each and 60 prompts with one more, by seed."""
    draws = [tuple(allocate("uniform", [0.5] * 64, total=700, bounds=(2, 128), seed=seed)) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]
    assert sorted(draws[0]) == [10] * 4 + [11] * 60


def test_uniform_splits_evenly():
    """Without a remainder everybody gets the same, whatever is believed."""
    np.testing.assert_array_equal(allocate("uniform", [0.1, None, 1.0], total=24, bounds=(2, 128)), [8, 8, 8])


def test_uniform_remainder_is_random_but_seeded():
    """26 rollouts for 8 prompts: two prompts get one more, which ones depends on the seed only."""
    draws = {tuple(allocate("uniform", [0.5] * 8, total=26, bounds=(2, 128), seed=seed)) for seed in range(20)}
    assert all(sorted(counts) == [3] * 6 + [4] * 2 for counts in draws)
    assert len(draws) > 5
    again = [allocate("uniform", [0.5] * 8, total=26, bounds=(2, 128), seed=7) for _ in range(2)]
    np.testing.assert_array_equal(*again)


def test_random_matched_keeps_the_counts_and_breaks_the_targeting():
    """Same multiset as the strategy it controls for under the same seed, no relation to the rates."""
    p_P = np.repeat(np.arange(17) / 16, 15)
    knapsack_P = allocate("knapsack", p_P, total=2040, bounds=(2, 128))
    control_P = allocate("random_matched", p_P, total=2040, bounds=(2, 128), options={"of": "knapsack"})
    np.testing.assert_array_equal(np.sort(control_P), np.sort(knapsack_P))
    assert abs(np.corrcoef(control_P, knapsack_P)[0, 1]) < 0.3


def test_random_matched_follows_the_options_of_its_strategy():
    """The inner options reach the inner strategy, and its random ties are those of the same seed."""
    rates = [0.0] * 4 + [0.5] * 4
    control_P = allocate("random_matched", rates, total=64, bounds=(2, 32), options={"options": {"fallback": False}})
    plain_P = allocate("knapsack", rates, total=64, bounds=(2, 32), options={"fallback": False})
    np.testing.assert_array_equal(np.sort(control_P), np.sort(plain_P))
    matched_P = allocate(
        "random_matched", OF_EIGHT, total=61, bounds=(2, 32), options={"of": "knapsack_posterior"}, seed=3
    )
    np.testing.assert_array_equal(
        np.sort(matched_P), np.sort(allocate("knapsack_posterior", OF_EIGHT, total=61, bounds=(2, 32), seed=3))
    )


def test_posterior_golden_counts():
    """Successes of 8 = 0,0,1,2,4,6,7,8 under a Beta(1, 1) prior, 64 rollouts."""
    counts_P = allocate("knapsack_posterior", OF_EIGHT, total=64, bounds=(2, 32))
    np.testing.assert_array_equal(counts_P, [10, 10, 11, 10, 7, 7, 6, 3])


def test_posterior_reads_points_as_counts_on_a_flat_prior():
    """Point(2 of 8) is Beta(3, 7), and Unknown is Beta(1, 1)."""
    points_P = allocate("knapsack_posterior", [Point(successes=2, draws=8), Unknown()], total=40, bounds=(2, 32))
    betas_P = allocate("knapsack_posterior", [Beta(a=3, b=7), Beta(a=1, b=1)], total=40, bounds=(2, 32))
    np.testing.assert_array_equal(points_P, betas_P)


def test_posterior_with_much_evidence_becomes_the_plug_in_rule():
    """With 10^7 draws per prompt, expected and plug-in value lead to the same counts."""
    p_P = np.array([0.05, 0.1, 0.3, 0.5, 0.7, 0.9])
    sharp = BeliefArrays.from_rates(p_P, draws=1e7)
    np.testing.assert_array_equal(
        allocate("knapsack_posterior", sharp, total=60, bounds=(2, 32)),
        allocate("knapsack_greedy", p_P, total=60, bounds=(2, 32)),
    )


def test_posterior_breaks_ties_by_seed():
    """Unseen prompts are all alike: the remainder does not always go to the first ones."""
    draws = {
        tuple(allocate("knapsack_posterior", [Unknown()] * 8, total=36, bounds=(2, 9), seed=seed)) for seed in range(9)
    }
    assert all(sorted(counts) == [4] * 4 + [5] * 4 for counts in draws)
    assert len(draws) > 2


def test_posterior_needs_to_know_how_much_was_drawn():
    """A bare rate says nothing about its uncertainty."""
    with pytest.raises(AllocationError, match=r"belief 1 is the bare rate 0\.5; give successes and draws"):
        allocate("knapsack_posterior", [None, 0.5], total=8, bounds=(2, 8))


def test_beliefs_and_prompts_must_pair_up():
    """A belief too few is reported, not broadcast."""
    request = AllocationRequest(total=16, low=2, high=9, prompt_ids=("a", "b"))
    with pytest.raises(AllocationError, match="1 beliefs came with 2 prompts"):
        run_strategy(
            build_strategy("uniform"),
            BeliefArrays.from_rates([0.5]),
            request=request,
            state={},
            rng=np.random.default_rng(0),
        )


def test_a_request_nobody_can_meet_is_refused_when_it_is_made():
    """Three prompts of at most 4 cannot take 13."""
    with pytest.raises(AllocationError, match="total 13 is above the upper bounds of 3 prompts"):
        AllocationRequest(total=13, low=2, high=4, prompt_ids=("a", "b", "c"))


class Cheat(Strategy):
    """A strategy that gives everybody the lower bound, or what it is told to give."""

    def __init__(self, counts=None):
        self.counts = counts

    name = "cheat"
    source = "this test"
    default_belief = "newest16"

    def __call__(self, beliefs, request, *, state, rng):
        """Whatever the total."""
        del rng
        return np.full(len(beliefs), request.low) if self.counts is None else self.counts, state


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (None, "counts sum to 4, not to the 16 of the step"),
        ([8, 8, 0], r"counts of shape \(3,\) for 2 prompts"),
        ([8.0, 8.0], "counts are float64, not integers"),
        ([1, 15], "a count of 1 is below 2"),
        ([10, 6], "a count of 10 is above 9"),
    ],
)
def test_a_strategy_that_breaks_its_contract_is_named(counts, words):
    """A rule of one's own is held to shape, kind, sum and bounds, in one line."""
    request = AllocationRequest(total=16, low=2, high=9, prompt_ids=("a", "b"))
    beliefs = BeliefArrays.from_rates([0.5, 0.5])
    with pytest.raises(AllocationError, match=f"^strategy cheat broke its contract: {words}; mend its code$"):
        run_strategy(Cheat(counts), beliefs, request=request, state={}, rng=np.random.default_rng(0))


class Learner(Cheat):
    """Counts the prompts it has seen."""

    def observe(self, outcome, *, state):
        """Add this step's."""
        return {"seen": state.get("seen", 0) + len(outcome.prompt_ids)}


def test_a_strategy_may_learn_from_outcomes():
    """The hook returns new state; a strategy without it changes nothing."""
    ones_P = np.ones(2, dtype=np.int64)
    outcome = Outcome(step=1, epoch=0, prompt_ids=("a", "b"), successes_P=ones_P, draws_P=ones_P)
    assert Learner().observe(outcome, state=Learner().observe(outcome, state={})) == {"seen": 4}
    assert build_strategy("knapsack").observe(outcome, state={"kept": 1}) == {"kept": 1}


@pytest.mark.parametrize(
    ("cost_P", "message"),
    [([1.0], "costs came with 2 prompts"), ([1.0, 0.0], "cost 0 of prompt 1"), ([np.nan, 1.0], "cost nan of prompt 0")],
)
def test_costs_must_be_positive_and_one_per_prompt(cost_P, message):
    """One line with the number and the prompt."""
    with pytest.raises(AllocationError, match=message):
        AllocationRequest(total=16, low=2, high=9, prompt_ids=("a", "b"), cost_P=np.array(cost_P))


def test_token_budget_is_what_uniform_would_spend():
    """16 rollouts at a mean of 20 tokens; 1 token each when no cost is given."""
    request = AllocationRequest(total=16, low=2, high=9, prompt_ids=("a", "b"), cost_P=np.array([10.0, 30.0]))
    assert request.token_budget == 320.0
    assert AllocationRequest(total=16, low=2, high=9, prompt_ids=("a", "b")).token_budget == 16.0
