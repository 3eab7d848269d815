"""Which groups carry a gradient."""

import numpy as np

from knapsack_rl.grpo import all_correct, all_wrong, effective_ratios, mixed


def test_masks_partition_groups():
    """Every group with a rollout is exactly one of all-correct, all-wrong and mixed."""
    successes, rollouts = np.array([0, 8, 3, 1, 0]), np.array([8, 8, 8, 1, 0])
    masks = [function(successes, rollouts) for function in (all_wrong, all_correct, mixed)]
    assert [list(mask) for mask in masks] == [
        [True, False, False, False, False],
        [False, True, False, True, False],
        [False, False, True, False, False],
    ]


def test_ratio_by_rollouts_weights_groups_by_size():
    """Moving rollouts to a mixed group raises the ratio by rollouts and leaves the one by prompts."""
    uniform = effective_ratios([0, 4], [8, 8])
    moved = effective_ratios([0, 7], [2, 14])
    assert uniform == (0.5, 0.5)
    assert moved == (14 / 16, 0.5)


def test_no_rollouts_is_not_a_number():
    """A step without rollouts has no ratio, rather than 0."""
    assert all(np.isnan(value) for value in effective_ratios([], []))
