"""Names and options of strategies: every mistake gets one line with its remedy."""

import pytest

from knapsack_rl.allocation import build_strategy, check_strategy, default_belief, strategy_names
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs import tracker_names


@pytest.mark.parametrize("name", strategy_names())
def test_every_strategy_builds_with_defaults_and_says_where_it_comes_from(name):
    """Registered name and class agree; source and a known default belief are given."""
    strategy = build_strategy(name)
    assert strategy.name == name
    assert strategy.source
    assert default_belief(name) in tracker_names()


def test_a_control_uses_the_belief_of_what_it_controls():
    """random_matched of the posterior rule needs Beta beliefs, of the paper's rule the paper's estimator."""
    assert default_belief("random_matched", {"of": "knapsack_posterior"}) == "beta"
    assert default_belief("random_matched", {"of": "knapsack"}) == "newest16"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("knapsak", {}, "unknown strategy 'knapsak'; did you mean 'knapsack'? known: ada_est,"),
        ("zzz", {}, "unknown strategy 'zzz'; known: ada_est"),
        ("knapsack", {"alfa": 0.9}, "strategy 'knapsack' has no option 'alfa' (= 0.9); did you mean 'alpha'?"),
        ("knapsack", {"alpha": "0.9"}, "strategy 'knapsack': option alpha = '0.9' must be a finite number"),
        ("knapsack", {"alpha": 1}, "option alpha = 1 must lie strictly between 0 and 1"),
        ("knapsack", {"fallback": "no"}, "option fallback = 'no' must be true or false"),
        ("uniform", {"n": 8}, "strategy 'uniform' has no option 'n' (= 8); it takes none"),
        ("random_matched", {"of": "kanpsack"}, "unknown strategy 'kanpsack'; did you mean 'knapsack'?"),
        ("random_matched", {"of": "random_matched"}, "option of = 'random_matched' must name another strategy"),
        ("random_matched", {"options": 3}, "option options = 3 must be a mapping"),
        (
            "random_matched",
            {"options": {"alpha": 2.0}},
            "strategy 'knapsack': option alpha = 2 must lie strictly between",
        ),
    ],
)
def test_mistakes_are_named_in_one_line(name, options, *, message):
    """check_strategy raises with the name, the value and what would do."""
    with pytest.raises(ConfigError) as caught:
        check_strategy(name, options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
