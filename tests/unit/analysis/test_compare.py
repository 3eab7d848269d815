"""Any two arms can be compared, not only each with uniform."""

import pytest

from knapsack_rl.analysis.products.differences import compare_arms, differences
from knapsack_rl.base.errors import InputError


def test_against_uniform_it_is_the_differences_table(frames):
    """The same numbers as the table of all differences."""
    mine = compare_arms(frames, "knapsack", baseline="uniform")
    assert mine.equals(differences(frames))


def test_turned_around_the_signs_turn(frames):
    """Arm and baseline swap, and so do the sign and the ends of the interval."""
    there = compare_arms(frames, "knapsack", baseline="uniform").set_index(["budget", "metric"])
    back = compare_arms(frames, "uniform", baseline="knapsack").set_index(["budget", "metric"])
    assert set(back["baseline"]) == {"knapsack"}
    assert (back["difference"] + there["difference"]).abs().max() < 1e-12
    assert (back["ci_low"] + there["ci_high"]).abs().max() < 1e-12


@pytest.mark.parametrize(
    ("arm", "baseline", "words"), [("knapsak", "uniform", "knapsak"), ("uniform", "uniform", "itself")]
)
def test_arms_that_cannot_be_compared_are_named(frames, arm, baseline, words):
    """An unknown arm, and an arm against itself."""
    with pytest.raises(InputError, match=words):
        compare_arms(frames, arm, baseline=baseline)
