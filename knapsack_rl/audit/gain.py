"""What a strategy's counts would have been worth beyond equal counts, at rates that had no part in choosing them.

A rule picks prompts for what it believes of them, so its own estimate of its gain is too high (the winner's curse).
Here the groups of a log are put into classes by belief and count, both of which were settled before the outcomes; the
outcomes of a class are then a fair sample of it. Their unbiased moments give a Beta distribution of the true rates, and
the value of a count is its mean over that. Intervals are jackknifed over blocks of successive steps.

Shapes: ``_G`` groups, ``_K`` classes, ``_M`` pairs of a class and a count, ``_B`` the whole log and then each block
left out.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from knapsack_rl.allocation.value import expected_knapsack_value, expected_p_nonzero_gradient, knapsack_value
from knapsack_rl.audit.groups import Groups
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.beliefs.moments import beta_of_moments, class_moments

CONFIDENCE = 0.95
BLOCKS = 30
"""Blocks of steps that are left out in turn; with fewer steps each is a block."""
FEWEST_BLOCKS = 6
"""Fewer steps give no interval."""
FEWEST_GROUPS = 600
"""Nor do fewer groups: with 400 the interval of the value held the truth in 90 % of simulated logs."""
RATE_CLASSES = 16
"""Classes of believed rates between 0 and 1; unknown, 0 and 1 are apart."""
PER_OCTAVE = 2
"""Classes of counts between N and 2 N."""
MODEL_ERROR = {"value": 0.004, "prompts": 0.002, "rollouts": 0.02}
"""Half-widths that are added, as a root of a sum of squares, for what no number of steps removes: the rates of a class
are not quite Beta distributed. As found in simulated logs so large that little else is left (docs/audit.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its 95 % interval; the ends are NaN where there is none."""

    value: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 or -1 if the interval lies on that side of 0, else 0."""
        return int(self.low > 0) - int(self.high < 0)


NO_VALUE = 1e-9
"""Summed value of equal counts up to which there is none to take a share of: no prompt had both outcomes."""
NONE = Estimate(value=np.nan, low=np.nan, high=np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What counts would have been worth over equal counts with the same total."""

    value: Estimate
    """Gain of the total value V(N, p), as a share of that of equal counts."""
    prompts: Estimate
    """Gain of the share of prompts with a gradient, in 0..1."""
    rollouts: Estimate
    """Gain of the share of rollouts with a gradient, which rises when rollouts merely move."""
    believed: float
    """Gain of the value that the rule itself expects: at its own estimates."""


def gain_of(groups: Groups, counts_G: IntArray, *, rate_G: FloatArray, equal_G: FloatArray) -> Gain:
    """The gain of ``counts_G`` over ``equal_G`` in the groups of a log.

    Args:
        groups: Outcomes, in the order of their steps.
        counts_G: Rollouts that were or would have been given, chosen before the outcomes.  [G]
        rate_G: What was believed then; NaN = unknown.  [G]
        equal_G: Equal counts with the same total in each step.  [G]
    """
    class_G, num_classes = _classes(counts_G, rate_G)
    a_BK, b_BK = _calibrated(groups, class_G, num_classes=num_classes)
    given, equal = (_Terms.of(class_G, np.asarray(each_G, dtype=np.float64)) for each_G in (counts_G, equal_G))
    num, total = len(class_G), float(counts_G.sum())
    equal_B = equal.value(a_BK, b_BK)
    value = given.value(a_BK, b_BK) / np.where(equal_B > NO_VALUE, equal_B, np.nan) - 1
    prompts = (given.chance(a_BK, b_BK) - equal.chance(a_BK, b_BK)) / num
    rollouts = (given.rollouts(a_BK, b_BK) - equal.rollouts(a_BK, b_BK)) / total
    known_G = ~np.isnan(rate_G)
    return Gain(
        value=_jackknifed(value, beside=MODEL_ERROR["value"]),
        prompts=_jackknifed(prompts, beside=MODEL_ERROR["prompts"]),
        rollouts=_jackknifed(rollouts, beside=MODEL_ERROR["rollouts"]),
        believed=_believed(counts_G[known_G], rate_G[known_G], equal_G=equal_G[known_G]),
    )


def _classes(counts_G: IntArray, rate_G: FloatArray) -> tuple[IntArray, int]:
    inside_G = np.floor(np.nan_to_num(rate_G) * RATE_CLASSES)
    rate_class_G = np.select([np.isnan(rate_G), rate_G <= 0, rate_G >= 1], [-2, -1, RATE_CLASSES], inside_G) + 2
    count_class_G = np.round(np.log2(np.maximum(counts_G, 1)) * PER_OCTAVE)
    _, class_G = np.unique(count_class_G * (RATE_CLASSES + 3) + rate_class_G, return_inverse=True)
    return class_G.astype(np.int64, copy=False), int(class_G.max(initial=-1)) + 1


def _calibrated(groups: Groups, class_G: IntArray, *, num_classes: int) -> tuple[FloatArray, FloatArray]:
    """Beta parameters of each class, of the whole log and with each block of steps left out; [B, K], [B, K]."""
    block_G, num_blocks = _blocks(groups.step_G)
    kept = [np.ones(len(block_G), dtype=np.bool_), *(block_G != block for block in range(num_blocks))]
    whole: tuple[FloatArray, FloatArray] | None = None
    rows = []
    for kept_G in kept:
        moments = class_moments(
            class_G[kept_G],
            num_rollouts_G=groups.num_rollouts_G[kept_G],
            num_successes_G=groups.num_successes_G[kept_G],
            num_classes=num_classes,
        )
        whole = whole or moments
        left_K = np.bincount(class_G[kept_G], minlength=num_classes) > 0
        rows.append([np.where(left_K, part_K, whole_K) for part_K, whole_K in zip(moments, whole, strict=True)])
    mean_BK, second_BK = (np.stack(each) for each in zip(*rows, strict=True))
    return beta_of_moments(mean_BK, second_BK)


def _blocks(step_G: IntArray) -> tuple[IntArray, int]:
    """Block of successive steps of each group; no blocks if there are too few steps or groups."""
    steps, position_G = np.unique(step_G, return_inverse=True)
    if len(steps) < FEWEST_BLOCKS or len(step_G) < FEWEST_GROUPS:
        return np.zeros(len(step_G), dtype=np.int64), 0
    num = min(BLOCKS, len(steps))
    return np.asarray(position_G * num // len(steps)), num


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Terms:
    """Distinct pairs of a class and a count, which are few, and how often each occurs."""

    class_M: IntArray
    count_M: FloatArray
    times_M: FloatArray

    @classmethod
    def of(cls, class_G: IntArray, count_G: FloatArray) -> "_Terms":
        """The pairs in two columns."""
        levels, level_G = np.unique(count_G, return_inverse=True)
        pairs, times = np.unique(class_G * len(levels) + level_G, return_counts=True)
        return cls(class_M=pairs // len(levels), count_M=levels[pairs % len(levels)], times_M=times.astype(np.float64))

    def value(self, a_BK: FloatArray, b_BK: FloatArray) -> FloatArray:
        """Total value; [B]."""
        value_BM = expected_knapsack_value(self.count_M, a=a_BK[:, self.class_M], b=b_BK[:, self.class_M])
        return np.asarray(np.nan_to_num(value_BM) @ self.times_M)

    def chance(self, a_BK: FloatArray, b_BK: FloatArray) -> FloatArray:
        """Expected number of groups with a gradient; [B]."""
        return self._chance(a_BK, b_BK) @ self.times_M

    def rollouts(self, a_BK: FloatArray, b_BK: FloatArray) -> FloatArray:
        """Expected number of rollouts in groups with a gradient; [B]."""
        return self._chance(a_BK, b_BK) @ (self.times_M * self.count_M)

    def _chance(self, a_BK: FloatArray, b_BK: FloatArray) -> FloatArray:
        a_BM, b_BM = a_BK[:, self.class_M], b_BK[:, self.class_M]
        return np.asarray(np.nan_to_num(expected_p_nonzero_gradient(self.count_M, a=a_BM, b=b_BM)))


def _jackknifed(estimate_B: FloatArray, *, beside: float) -> Estimate:
    """Bias-corrected jackknife: the first entry is of the whole log, the others leave out one block each.

    Args:
        estimate_B: Estimates.  [B]
        beside: Half-width of what blocks do not show.
    """
    whole, left_B = float(estimate_B[0]), estimate_B[1:]
    num = len(left_B)
    if not num:
        return Estimate(value=whole, low=np.nan, high=np.nan)
    centre = num * whole - (num - 1) * float(left_B.mean())
    error = float(np.sqrt((num - 1) / num * ((left_B - left_B.mean()) ** 2).sum()))
    half = float(np.hypot(stats.t.ppf((1 + CONFIDENCE) / 2, num - 1) * error, beside))
    return Estimate(value=centre, low=centre - half, high=centre + half)


def _believed(counts_G: IntArray, rate_G: FloatArray, *, equal_G: FloatArray) -> float:
    equal = float(knapsack_value(equal_G, rate_G).sum())
    return float(knapsack_value(counts_G, rate_G).sum()) / equal - 1 if equal > 0 else float("nan")
