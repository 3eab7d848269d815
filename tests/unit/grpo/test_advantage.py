"""Group-relative advantages."""

from typing import get_args

import numpy as np
import pytest

from knapsack_rl.config import LossConfig
from knapsack_rl.grpo import ADVANTAGES, Advantage, group_advantages


@pytest.mark.parametrize(("size", "expected"), [(8, 2.475), (26, 4.903), (27, 5.004), (64, 7.875)])
def test_lone_success_has_the_known_size(size, expected):
    """One success among N has advantage (N-1)/sqrt(N), so a clip at 5 first binds at N = 27."""
    (advantages,) = group_advantages([[1] + [0] * (size - 1)])
    assert advantages[0] == pytest.approx((size - 1) / np.sqrt(size), abs=1e-4)
    assert advantages[0] == pytest.approx(expected, abs=1e-3)


def test_general_formula_of_binary_groups():
    """K successes of N: each success has advantage sqrt((N-k)(N-1)/(kN))."""
    (advantages,) = group_advantages([[1, 1, 1, 0, 0, 0, 0, 0]])
    assert advantages[0] == pytest.approx(np.sqrt(5 * 7 / (3 * 8)), abs=1e-4)
    assert advantages.sum() == pytest.approx(0, abs=1e-9)


def test_clip_applies_to_both_signs():
    """Advantages beyond the clip are cut, of a lone success and of a lone failure."""
    success, failure = group_advantages([[1] + [0] * 63, [0] + [1] * 63], clip=5.0)
    assert (success.max(), failure.min()) == (5.0, -5.0)


def test_without_normalisation_only_the_mean_is_subtracted():
    """Dr. GRPO's variant."""
    (advantages,) = group_advantages([[1, 0, 0, 0]], advantage="none")
    assert list(advantages) == [0.75, -0.25, -0.25, -0.25]


def test_reinforce_ada_divides_by_the_root_of_the_mean():
    """(r - m) / sqrt(m) over all rollouts of the prompt: with 1 of 4, 0.75 / 0.5 and -0.25 / 0.5."""
    (advantages,) = group_advantages([[1, 0, 0, 0]], advantage="sqrt_mean")
    assert list(advantages) == pytest.approx([1.5, -0.5, -0.5, -0.5], abs=1e-5)


@pytest.mark.parametrize(
    ("advantage", "expected"),
    [
        ("rloo", [1.0, -1 / 3, -1 / 3, -1 / 3]),
        ("max_rl", [3.0, -1.0, -1.0, -1.0]),
        ("posterior", [2 / 3, -1 / 3, -1 / 3, -1 / 3]),
    ],
)
def test_other_credit_by_hand(advantage, expected):
    """One success of four: minus the others' mean; over the mean of 1/4; minus (1 + 1) / (4 + 2)."""
    (advantages,) = group_advantages([[1, 0, 0, 0]], advantage=advantage)
    assert list(advantages) == pytest.approx(expected, abs=1e-4)


def test_a_posterior_baseline_moves_settled_groups():
    """All right up by 1 - 5/6, all wrong down by 1/6; a lone rollout has nobody to be compared with."""
    right, wrong, lone = group_advantages([[1] * 4, [0] * 4, [1]], advantage="posterior")
    assert list(right) == pytest.approx([1 / 6] * 4)
    assert list(wrong) == pytest.approx([-1 / 6] * 4)
    assert list(lone) == [0.0]


def test_settled_groups_pull_a_little_where_they_are_given_a_sign():
    """Mixed groups as under `std`; all right up, all wrong down, half credit for all and a lone rollout not at all."""
    rewards = [[1, 0, 0, 0], [1] * 4, [0] * 3, [0.5, 0.5], [1]]
    mixed, right, wrong, half, lone = group_advantages(rewards, advantage="zero_variance")
    assert list(mixed) == list(group_advantages([rewards[0]])[0])
    assert list(right) == pytest.approx([0.1] * 4)
    assert list(wrong) == pytest.approx([-0.1] * 3)
    assert list(half) == [0.0, 0.0]
    assert list(lone) == [0.0]


@pytest.mark.parametrize("advantage", sorted({*ADVANTAGES} - {"posterior", "zero_variance"}))
def test_uniform_single_and_empty_groups_are_exactly_zero(advantage):
    """No float dust: the trainer drops rollouts whose advantage is exactly zero."""
    for advantages in group_advantages([[1, 1, 1], [0, 0], [1], []], advantage=advantage):
        assert not advantages.any()


def test_configuration_knows_every_advantage():
    """A run can ask for each of them, and for nothing else."""
    assert set(get_args(Advantage)) == set(ADVANTAGES)
    for name in ADVANTAGES:
        assert LossConfig(advantage=name).advantage == name
    with pytest.raises(ValueError, match="sqrt_mean"):
        LossConfig(advantage="sqrt")
