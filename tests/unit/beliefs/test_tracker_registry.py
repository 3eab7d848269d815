"""Names and options of trackers: every mistake gets one line with its remedy."""

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs import build_tracker, check_tracker, tracker_names


def test_names():
    """The trackers a configuration may name."""
    assert tracker_names() == (
        *("beta", "cumulative", "discounted_beta", "ema", "kernel_beta"),
        *("last_visit", "learned", "newest16", "oracle", "sliding"),
    )


@pytest.mark.parametrize("name", tracker_names())
def test_every_tracker_builds_with_defaults_and_says_where_it_comes_from(name):
    """Registered name and class agree, and a source is given."""
    tracker = build_tracker(name)
    assert tracker.name == name
    assert tracker.source


def test_trackers_do_not_share_state():
    """Two trackers of one kind are independent."""
    first, second = build_tracker("cumulative"), build_tracker("cumulative")
    first.observe(step=0, prompt_ids=["x"], rewards=[[1]])
    assert second.state_dict()["prompts"] == {}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("newest-16", {}, "unknown belief 'newest-16'; did you mean 'newest16'? known: beta, cumulative,"),
        (
            "newest16",
            {"bufer": 8},
            "belief 'newest16' has no option 'bufer' (= 8); did you mean 'buffer'? known: buffer,",
        ),
        ("newest16", {"buffer": 8.5}, "belief 'newest16': option buffer = 8.5 must be a whole number"),
        ("newest16", {"buffer": True}, "option buffer = True must be a whole number"),
        ("newest16", {"robust": 1}, "option robust = 1 must be true or false"),
        ("newest16", {"minimum": 0}, "option minimum = 0 must be at least 1"),
        ("newest16", {"_history": {}}, "has no option '_history'"),
        ("cumulative", {"decay": 0.5}, "belief 'cumulative' has no option 'decay' (= 0.5); it takes none"),
        ("last_visit", {"visits": 0}, "option visits = 0 must be at least 1"),
        ("sliding", {"buffer": 0}, "option buffer = 0 must be at least 1"),
        ("sliding", {"buffer": 4, "minimum": 5}, "option minimum = 5 must be between 1 and the buffer, 4"),
        ("ema", {"rate": 0}, "option rate = 0 must be above 0"),
        ("ema", {"pseudo_draws": -1}, "option pseudo_draws = -1 must be at least 0"),
        ("discounted_beta", {"discount": 0}, "option discount = 0 must be above 0"),
        ("discounted_beta", {"clock": "steps"}, "option clock = 'steps' must be 'step' or 'visit'"),
        ("discounted_beta", {"floor": 0}, "option floor = 0 must be above 0"),
        ("kernel_beta", {"width": 0}, "option width = 0 must be above 0"),
        ("kernel_beta", {"cap": -1}, "option cap = -1 must be at least 0"),
        ("kernel_beta", {"decay": 2}, "option decay = 2 must be above 0 and at most 1"),
        ("learned", {"passes": 0}, "option passes = 0 must be at least 1"),
        ("learned", {"strength": 0}, "option strength = 0 must be above 0"),
        ("beta", {"decay": "half"}, "option decay = 'half' must be a finite number"),
        ("beta", {"decay": 1.5}, "option decay = 1.5 must be between 0"),
        ("beta", {"prior_a": 0}, "option prior_a = 0 must be finite and above 0"),
        ("beta", {"prior_b": float("inf")}, "option prior_b = inf must be a finite number"),
    ],
)
def test_mistakes_are_named_in_one_line(name, options, *, message):
    """check_tracker raises with the name, the value and what would do."""
    with pytest.raises(ConfigError) as caught:
        check_tracker(name, options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
