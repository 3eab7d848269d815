"""The bias of a gradient, taken apart into its budget, baseline and fusion terms (`simulation.bias` defines them)."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.grpo.advantage import Advantage
from knapsack_rl.grpo.aggregation import Aggregation

TERMS = ("budget", "baseline", "fusion")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bias:
    """Expected gradient of a method under one advantage and one aggregation, by class of prompts."""

    advantage: Advantage
    aggregation: Aggregation
    true_C: FloatArray
    """Gradient of the mean success.  [C]"""
    parts_XBC: FloatArray
    """The same with prompts weighted as they are trained on; with the advantage, at independent outcomes; and as it is.

    [3, B, C]
    """

    @property
    def actual_C(self) -> FloatArray:
        """What the method trains on, in expectation."""
        return np.asarray(self.parts_XBC[2].mean(axis=0))

    def terms(self) -> dict[str, tuple[FloatArray, FloatArray]]:
        """The three terms by name, which add up to the bias, with their standard errors; both by class."""
        before_XBC = np.concatenate([np.broadcast_to(self.true_C, (1, *self.parts_XBC[0].shape)), self.parts_XBC[:2]])
        term_XBC = self.parts_XBC - before_XBC
        mean_XC, std_XC = term_XBC.mean(axis=1), term_XBC.std(axis=1, ddof=1)
        return {name: (mean_XC[at], std_XC[at] / np.sqrt(term_XBC.shape[1])) for at, name in enumerate(TERMS)}

    def strength(self) -> FloatArray:
        """The actual gradient over the true one, by class, divided by its mean weighted by the true one.

        1 everywhere: the gradient of the mean success, up to the size of the step.
        """
        return np.asarray(self.actual_C / self.true_C * (self.true_C.sum() / self.actual_C.sum()))

    def cosine(self) -> float:
        """Cosine of the angle between the actual gradient and the true one."""
        norms = np.linalg.norm(self.actual_C) * np.linalg.norm(self.true_C)
        return float(self.actual_C @ self.true_C / norms)

    def fusion_p_value(self) -> float:
        """Hotelling's test that the fusion term is zero at all classes together; 1 where it is, exactly."""
        fusion_BC = self.parts_XBC[2] - self.parts_XBC[1]
        num, classes = fusion_BC.shape
        if not np.any(fusion_BC):
            return 1.0
        mean_C, spread_CC = fusion_BC.mean(axis=0), np.cov(fusion_BC, rowvar=False)
        squared = num * float(mean_C @ np.linalg.pinv(spread_CC) @ mean_C)
        return float(stats.f.sf(squared * (num - classes) / (classes * (num - 1)), classes, num - classes))
