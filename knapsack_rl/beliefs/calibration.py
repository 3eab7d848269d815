"""How good beliefs are, judged against rollouts that had no part in forming them.

Judging an estimate by the rewards it was made from flatters it, and a probe of few draws blames it for the probe's own
noise: a mean of m draws has variance p q / m. Shapes: ``_P`` prompts, ``_K`` classes of predictions.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import InputError
from knapsack_rl.beliefs.arrays import BeliefArrays

_FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalibrationCurve:
    """Mean prediction and mean outcome per class of predictions; classes without prompts are left out."""

    predicted_K: FloatArray
    """Mean predicted rate.  [K]"""
    observed_K: FloatArray
    """Successes / draws of the probe, over the class.  [K]"""
    standard_error_K: FloatArray
    """Binomial standard error of ``observed_K`` at its own draws.  [K]"""
    num_prompts_K: IntArray
    """Prompts in the class.  [K]"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """Predictions against a probe, over the prompts with a known belief."""

    num_known: int
    """Prompts with a belief and a probe."""
    num_unknown: int
    """Prompts without a belief; they count in nothing else here."""
    mean_absolute_error: float
    """Mean of |prediction - probe rate|, the probe's noise included; NaN without prompts."""
    root_mean_square_error: float
    """Root of the mean of (prediction - probe rate)^2 less its expected share of the probe's noise, at least 0.

    The variance of a probe mean is estimated without bias by ``r (1 - r) / (m - 1)``; a prompt with one draw has no
    such estimate and is left out. NaN if no prompt has two draws.
    """
    correlation: float
    """Pearson correlation of predictions and probe rates; NaN if either is constant or fewer than two are known."""
    curve: CalibrationCurve
    """Reliability of the predictions."""


def calibrate(
    beliefs: BeliefArrays, *, successes_P: npt.ArrayLike, draws_P: npt.ArrayLike, num_classes: int = 10
) -> Calibration:
    """Judge beliefs by an independent probe.

    Args:
        beliefs: Predictions.  [P]
        successes_P: Successes of the probe.  [P]
        draws_P: Draws of the probe; 0 = not probed, left out.  [P]
        num_classes: Equal classes of the unit interval for the curve.

    Raises:
        InputError: Lengths differ, or a probe has more successes than draws.
    """
    won_P, drawn_P = (np.asarray(column, dtype=np.float64) for column in (successes_P, draws_P))
    if not won_P.shape == drawn_P.shape == (len(beliefs),):
        raise InputError(f"a probe of shape {won_P.shape} and {drawn_P.shape} does not fit {len(beliefs)} beliefs")
    if not ((won_P >= 0) & (won_P <= drawn_P)).all():
        where = int((~((won_P >= 0) & (won_P <= drawn_P))).argmax())
        raise InputError(f"probe of prompt {where}: {won_P[where]:g} of {drawn_P[where]:g} is no success rate")
    probed_P = drawn_P > 0
    known_P = probed_P & ~np.isnan(beliefs.rate_P)
    p_hat_P, won_P, drawn_P = beliefs.rate_P[known_P], won_P[known_P], drawn_P[known_P]
    rate_P = won_P / drawn_P
    return Calibration(
        num_known=int(known_P.sum()),
        num_unknown=int(probed_P.sum() - known_P.sum()),
        mean_absolute_error=float(np.abs(p_hat_P - rate_P).mean()) if len(rate_P) else float("nan"),
        root_mean_square_error=_debiased_rmse(p_hat_P, rate_P, drawn_P=drawn_P),
        correlation=_correlation(p_hat_P, rate_P),
        curve=_curve(p_hat_P, won_P, drawn_P=drawn_P, num_classes=num_classes),
    )


def _debiased_rmse(p_hat_P: FloatArray, rate_P: FloatArray, *, drawn_P: FloatArray) -> float:
    enough_P = drawn_P >= _FEWEST
    if not enough_P.any():
        return float("nan")
    rate_P, drawn_P = rate_P[enough_P], drawn_P[enough_P]
    squared_P = (p_hat_P[enough_P] - rate_P) ** 2 - rate_P * (1.0 - rate_P) / (drawn_P - 1.0)
    return float(np.sqrt(max(squared_P.mean(), 0.0)))


def _correlation(p_hat_P: FloatArray, rate_P: FloatArray) -> float:
    if len(rate_P) < _FEWEST or np.ptp(p_hat_P) == 0.0 or np.ptp(rate_P) == 0.0:
        return float("nan")
    return float(np.corrcoef(p_hat_P, rate_P)[0, 1])


def _curve(p_hat_P: FloatArray, won_P: FloatArray, *, drawn_P: FloatArray, num_classes: int) -> CalibrationCurve:
    class_P = np.minimum((p_hat_P * num_classes).astype(np.int64), num_classes - 1)
    num_K = np.bincount(class_P, minlength=num_classes)
    filled_K = num_K > 0
    drawn_K = np.bincount(class_P, weights=drawn_P, minlength=num_classes)[filled_K]
    observed_K = np.bincount(class_P, weights=won_P, minlength=num_classes)[filled_K] / drawn_K
    return CalibrationCurve(
        predicted_K=np.bincount(class_P, weights=p_hat_P, minlength=num_classes)[filled_K] / num_K[filled_K],
        observed_K=observed_K,
        standard_error_K=np.sqrt(observed_K * (1.0 - observed_K) / drawn_K),
        num_prompts_K=num_K[filled_K],
    )
