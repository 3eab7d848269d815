"""CoBA-RL, as its paper and as its code have it, and the failure rate it learns."""

import numpy as np
import pytest
from scipy.stats import beta as beta_distribution

from knapsack_rl.allocation import AllocationRequest, Outcome, allocate, build_strategy, run_strategy
from knapsack_rl.allocation.coba import coba_increment, density_parameters, saturation
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs import BeliefArrays

RATES = np.array([0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97])


def counts_at(strategy, failure, *, rates=RATES, n=8, high=32):
    """Counts after steps with this mean failure rate."""
    request = AllocationRequest(
        total=len(rates) * n, low=2, high=high, prompt_ids=tuple(str(index) for index in range(len(rates)))
    )
    state = {"failures": [failure]}
    rng = np.random.default_rng(0)
    counts_P, _ = run_strategy(build_strategy(strategy), BeliefArrays.of(rates), request=request, state=state, rng=rng)
    return counts_P.tolist()


@pytest.mark.parametrize(
    ("failure", "alpha", "beta"), [(0.9, 9.1, 1.9), (0.5, 5.5, 5.5), (0.1, 1.1619, 9.8381), (1.0, 10.0, 1.0)]
)
def test_density_follows_the_failure_rate(failure, alpha, *, beta):
    """Above one half as it is, below it through a steep sigmoid; kappa is 11."""
    assert density_parameters([failure], kappa=11.0) == pytest.approx((alpha, beta), abs=5e-5)


def test_density_before_the_first_outcome():
    """Alpha is kappa - 2."""
    assert density_parameters([], kappa=11.0) == (9.0, 2.0)


def test_the_window_is_averaged():
    """Two steps of .8 and 1 are one of .9."""
    assert density_parameters([0.8, 1.0], kappa=11.0) == pytest.approx(density_parameters([0.9], kappa=11.0))


def test_saturation_grows_with_the_spread_of_the_rates():
    """Published numbers for all rates and for those above .05; 3 without spread, 12 at most."""
    assert saturation(RATES) == pytest.approx(9.9332, abs=5e-5)
    assert saturation(RATES[1:]) == pytest.approx(9.3502, abs=5e-5)
    assert saturation(np.full(4, 0.5)) == 3.0
    assert saturation(np.array([0.0, 1.0])) == 12.0


@pytest.mark.parametrize("n", [0, 1, 9])
def test_increment_is_the_difference_of_values(n):
    """(1 - exp(-N pq / tau)) times the density."""

    def value(n):
        return (1.0 - np.exp(-n * RATES * (1.0 - RATES) / 9.0)) * beta_distribution.pdf(RATES, 5.5, 5.5)

    gain_P = coba_increment(np.full(8, n), RATES, alpha=5.5, beta=5.5, tau=9.0)
    np.testing.assert_allclose(gain_P, value(n + 1) - value(n), rtol=1e-9)


@pytest.mark.parametrize(
    ("failure", "paper", "code"),
    [
        (0.9, [2, 2, 2, 2, 2, 20, 32, 2], [12, 2, 2, 2, 2, 10, 32, 2]),
        (0.5, [2, 2, 2, 11, 32, 11, 2, 2], [12, 2, 2, 6, 32, 6, 2, 2]),
        (0.1, [2, 20, 32, 2, 2, 2, 2, 2], [12, 10, 32, 2, 2, 2, 2, 2]),
    ],
)
def test_survey_batch(failure, paper, *, code):
    """A failing model is sent to easy prompts, a strong one to hard ones."""
    assert counts_at("coba_paper", failure) == paper
    assert counts_at("coba_released", failure) == code


def test_released_shares_depend_on_the_order():
    """Four failing prompts alike, and the first two get more."""
    assert counts_at("coba_released", 0.5, rates=[0, 0, 0, 0, 0.5]) == [5, 5, 4, 4, 22]


def test_released_treats_unseen_prompts_as_one_half():
    """Unless all are unseen, where the split is even."""
    mixed = counts_at("coba_released", 0.5, rates=[np.nan, 0.1, 0.1, 0.1])
    assert mixed == counts_at("coba_released", 0.5, rates=[0.5, 0.1, 0.1, 0.1])
    assert counts_at("coba_released", 0.5, rates=[np.nan] * 4) == [8] * 4


def test_released_uses_the_whole_total_where_its_caps_bind():
    """Failing prompts fill up first, then the explored one, then the solved ones."""
    assert counts_at("coba_released", 0.5, rates=[0.0, 0.5, 1.0, 1.0], n=8, high=9) == [9, 9, 9, 5]


@pytest.mark.parametrize("strategy", ["coba_paper", "coba_released"])
def test_failure_rate_is_the_mean_over_prompts(strategy):
    """Unequal groups count alike, prompts without rollouts not at all, and the window forgets."""
    rule = build_strategy(strategy, {"window": 2})
    state = {}
    for successes in (0, 4, 2):
        outcome = Outcome(
            step=1,
            epoch=0,
            prompt_ids=("a", "b", "c"),
            successes_P=np.array([successes, 2, 0]),
            draws_P=np.array([4, 2, 0]),
        )
        state = rule.observe(outcome, state=state)
    assert state == {"failures": [0.0, 0.25]}
    none = Outcome(step=2, epoch=0, prompt_ids=("a",), successes_P=np.array([0]), draws_P=np.array([0]))
    assert rule.observe(none, state=state) == state


@pytest.mark.parametrize("strategy", ["coba_paper", "coba_released"])
def test_options_are_checked(strategy):
    """A density needs kappa above 2, an average at least one step."""
    with pytest.raises(ConfigError, match="option kappa = 2 must be above 2"):
        build_strategy(strategy, {"kappa": 2.0})
    with pytest.raises(ConfigError, match="option window = 0 must be above 0"):
        build_strategy(strategy, {"window": 0})


def test_oracle_is_another_strategy_with_better_beliefs():
    """Same counts from the same beliefs; it reads those of the oracle tracker."""
    oracle = build_strategy("oracle", {"of": "coba_paper"})
    assert oracle.default_belief == "oracle"
    np.testing.assert_array_equal(
        allocate("oracle", RATES, total=64, bounds=(2, 32)), allocate("knapsack", RATES, total=64, bounds=(2, 32))
    )
    with pytest.raises(ConfigError, match="option of = 'oracle' must name another strategy"):
        build_strategy("oracle", {"of": "oracle"})


def test_controls_pass_outcomes_on():
    """The wrapped strategy's state is what the control keeps."""
    outcome = Outcome(step=1, epoch=0, prompt_ids=("a",), successes_P=np.array([1]), draws_P=np.array([4]))
    control = build_strategy("random_matched", {"of": "coba_paper"})
    assert control.observe(outcome, state={}) == {"failures": [0.75]}
    assert not build_strategy("random_matched", {"of": "knapsack_released"}).keeps_bounds
