"""The oracle belief says what its probe said, and nothing without one."""

import numpy as np
import pytest

from knapsack_rl.base.errors import InputError
from knapsack_rl.beliefs import build_tracker


def test_probe_is_the_belief():
    """Counts are kept; training rewards change nothing."""
    tracker = build_tracker("oracle")
    tracker.set_probe(["x", "y"], successes=[16, 0], draws=[64, 64])
    tracker.observe(step=0, prompt_ids=["x"], rewards=[[1] * 8])
    beliefs = tracker.predict(["y", "x"])
    np.testing.assert_equal(beliefs.rate_P, [0.0, 0.25])
    np.testing.assert_equal(beliefs.draws_P, [64, 64])


def test_without_a_probe_it_refuses():
    """The message says what to call."""
    with pytest.raises(InputError, match="no probe of prompt 'x': call set_probe before each step"):
        build_tracker("oracle").predict(["x"])


def test_a_probe_replaces_the_one_before():
    """A stale rate is never passed off as the current one."""
    tracker = build_tracker("oracle")
    tracker.set_probe(["x"], successes=[1], draws=[2])
    tracker.set_probe(["y"], successes=[1], draws=[2])
    with pytest.raises(InputError, match="no probe of prompt 'x'"):
        tracker.predict(["x"])


@pytest.mark.parametrize(("successes", "draws"), [([3], [2]), ([0], [0]), ([-1], [2]), ([float("nan")], [2])])
def test_impossible_probes_are_refused(successes, draws):
    """The message names the prompt."""
    with pytest.raises(InputError, match="probe of prompt 'x'"):
        build_tracker("oracle").set_probe(["x"], successes=successes, draws=draws)


def test_probe_lengths_must_agree():
    """One count per prompt."""
    with pytest.raises(InputError, match="probe of 2 prompts came with 1 successes"):
        build_tracker("oracle").set_probe(["x", "y"], successes=[1], draws=[2, 2])
