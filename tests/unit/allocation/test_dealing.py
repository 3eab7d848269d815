"""Dealing whole units in rounds."""

import numpy as np
import pytest

from knapsack_rl.allocation.dealing import deal


def test_last_round_goes_to_the_lowest_positions():
    """Seven units over four prompts are two rounds, the second one short."""
    np.testing.assert_array_equal(deal(np.array([9, 9, 9, 9]), 7), [2, 2, 2, 1])


def test_full_prompts_are_passed_over():
    """Room is never exceeded; the others take the difference."""
    np.testing.assert_array_equal(deal(np.array([1, 0, 5, 5]), 8), [1, 0, 4, 3])


def test_all_room_can_be_used():
    """Exactly as many units as room."""
    np.testing.assert_array_equal(deal(np.array([3, 0, 2]), 5), [3, 0, 2])


def test_nothing_to_deal_and_nobody_to_deal_to():
    """Zero units, and zero prompts."""
    np.testing.assert_array_equal(deal(np.array([3, 2]), 0), [0, 0])
    assert len(deal(np.zeros(0, dtype=np.int64), 0)) == 0


def test_too_many_units_are_a_bug():
    """The caller must check the room first."""
    with pytest.raises(AssertionError, match="6 units do not fit"):
        deal(np.array([3, 2]), 6)


def test_random_last_round_is_seeded_and_fair():
    """Same seed, same shares; over many seeds every prompt is chosen about equally often."""
    room_P = np.full(10, 5)
    np.testing.assert_array_equal(
        deal(room_P, 13, rng=np.random.default_rng(1)), deal(room_P, 13, rng=np.random.default_rng(1))
    )
    total_P = sum(deal(room_P, 13, rng=np.random.default_rng(seed)) for seed in range(1000))
    np.testing.assert_allclose(total_P / 1000, 1.3, atol=0.06)
