"""The answer in one sentence, never stronger than the intervals it rests on."""

import math
from collections.abc import Sequence

from knapsack_rl.audit.gain import FEWEST_BLOCKS, FEWEST_GROUPS, Estimate
from knapsack_rl.audit.result import Replayed


def verdict_of(replayed: Sequence[Replayed], *, filtered: bool) -> str:
    """One sentence on what uneven budgets would have done."""
    if filtered:
        return (
            "No verdict: every group of this log has both outcomes, so groups without a gradient were thrown away "
            "before it was written, and what is left is no fair sample of the success rates."
        )
    judged = [each for each in replayed if each.gain is not None]
    if not judged:
        uneven = any(each.strategy != "uniform" for each in replayed)
        return (
            "No verdict: in no step most prompts had been met before, so nothing was known to hand out rollouts by."
            if uneven
            else "No verdict: no strategy with uneven counts was asked for."
        )
    if all(math.isnan(each.gain.value.low) and math.isnan(each.gain.prompts.low) for each in judged if each.gain):
        return (
            f"No verdict: in fewer than {FEWEST_BLOCKS} steps, or for fewer than {FEWEST_GROUPS} groups, most prompts "
            "had been met before, or none of them has a signal, so there is no interval."
        )
    return f"At these rates and visits, uneven budgets {'; '.join(_clause(each) for each in judged)}."


def _clause(each: Replayed) -> str:
    assert each.gain is not None  # noqa: S101 - chosen so
    value, prompts = each.gain.value, each.gain.prompts
    return (
        f"by {each.strategy} would have {_done(value)} the value {_by(value, as_points=False)} "
        f"and {_done(prompts)} the share of prompts with a gradient {_by(prompts, as_points=True)}"
    )


def _done(estimate: Estimate) -> str:
    return {1: "raised", -1: "lowered", 0: "made no clear difference to"}[estimate.sign]


def _by(estimate: Estimate, *, as_points: bool) -> str:
    if math.isnan(estimate.value):
        return "(which is 0)"
    return f"({in_points(estimate) if as_points else in_percent(estimate)})"


def in_percent(estimate: Estimate) -> str:
    """``+5.4 % [+3.9, +6.9]``."""
    return _with_ends(estimate, unit=" %")


def in_points(estimate: Estimate) -> str:
    """``+1.4 points [+0.7, +2.0]``."""
    return _with_ends(estimate, unit=" points")


def _with_ends(estimate: Estimate, *, unit: str) -> str:
    if math.isnan(estimate.value):
        return "n/a"
    shown = f"{100 * estimate.value:+.1f}{unit}"
    if math.isnan(estimate.low):
        return f"{shown} (no interval)"
    return f"{shown} [{100 * estimate.low:+.1f}, {100 * estimate.high:+.1f}]"
