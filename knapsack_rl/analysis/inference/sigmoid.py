"""A sigmoid of accuracy over the logarithm of compute: where it would end, and when it is half-way there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from knapsack_rl.base.arrays import FloatArray

MIN_POINTS = 4
"""Distinct amounts of compute above zero: three parameters leave one to judge the fit by."""

STEEPNESS = (0.2, 8.0)
"""Range of the exponent; outside of it a curve is a line or a step on every axis that was spanned."""

REACH = 30.0
"""An end more than this many times the compute spanned away is no finding but an extrapolation."""


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """``accuracy(C) = start + (end - start) / (1 + (middle / C)^steepness)``, the form of arXiv 2510.13786."""

    end: float
    """Accuracy at endless compute."""
    middle: float
    """Compute at which half of the rise is done."""
    steepness: float
    """Exponent; the larger, the sooner it is over."""
    settled: bool
    """Whether the optimum lies within the bounds; else the curve does not say where it ends."""

    def at(self, compute: ArrayLike, *, start: float) -> FloatArray:
        """Accuracy at some compute, above zero."""
        ratio = (self.middle / np.asarray(compute, dtype=np.float64)) ** self.steepness
        return start + (self.end - start) / (1.0 + ratio)


def fit_sigmoid(compute_C: ArrayLike, accuracy_C: ArrayLike, *, start: float) -> Sigmoid | None:
    """Least squares over the points above zero compute; ``start`` is the accuracy before training, taken as known.

    Args:
        compute_C: compute spent, in any unit.  [C]
        accuracy_C: accuracy there, in 0..1.  [C]
        start: accuracy at zero compute.

    Returns:
        None for fewer than ``MIN_POINTS`` amounts of compute.
    """
    compute, accuracy = np.asarray(compute_C, dtype=np.float64), np.asarray(accuracy_C, dtype=np.float64)
    compute, accuracy = compute[compute > 0], accuracy[compute > 0]
    if np.unique(compute).size < MIN_POINTS:
        return None
    low = np.array([0.0, np.log(compute.min() / REACH), np.log(STEEPNESS[0])])
    high = np.array([1.0, np.log(compute.max() * REACH), np.log(STEEPNESS[1])])

    def residuals(parameters: FloatArray) -> FloatArray:
        return _sigmoid(parameters).at(compute, start=start) - accuracy

    first = [(float(np.clip(accuracy.max(), 0.01, 0.99)), np.log(np.median(compute)), b) for b in (-0.5, 0.5)]
    found = min((least_squares(residuals, x0, bounds=(low, high)) for x0 in first), key=lambda fit: float(fit.cost))
    inside = bool(np.all((found.x > low + 1e-3) & (found.x < high - 1e-3)))
    return _sigmoid(found.x, settled=inside)


def _sigmoid(parameters: FloatArray, *, settled: bool = False) -> Sigmoid:
    end, middle, steepness = parameters
    return Sigmoid(float(end), float(np.exp(middle)), float(np.exp(steepness)), settled)
