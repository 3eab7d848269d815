"""The spread of true success rates behind groups of outcomes, from moments that are unbiased whatever the group sizes.

Shapes: ``_G`` groups, ``_K`` classes of groups.
"""

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import FloatArray, IntArray

LEAST_VARIANCE = 1e-9


def class_moments(
    class_G: IntArray, *, num_rollouts_G: npt.ArrayLike, num_successes_G: npt.ArrayLike, num_classes: int
) -> tuple[FloatArray, FloatArray]:
    """First and second moment of the success rates in each class: ``sum k / sum n``, ``sum k (k-1) / sum n (n-1)``.

    Both are unbiased for rates weighted by ``n`` and by ``n (n-1)``, if the class was chosen before the outcomes.

    Args:
        class_G: Class of each group, 0 .. K-1.  [G]
        num_rollouts_G: Rollouts n.  [G]
        num_successes_G: Successes k.  [G]
        num_classes: Number of classes K.

    Returns:
        Means and second moments; a class without a group of two rollouts has the square of its mean.  [K], [K]
    """
    drawn_G, won_G = (np.asarray(column, dtype=np.float64) for column in (num_rollouts_G, num_successes_G))
    drawn, won, pairs, both = (
        np.bincount(class_G, weights=weight_G, minlength=num_classes)
        for weight_G in (drawn_G, won_G, drawn_G * (drawn_G - 1), won_G * (won_G - 1))
    )
    mean_K = won / np.maximum(drawn, 1)
    return mean_K, np.where(pairs > 0, both / np.maximum(pairs, 1), mean_K**2)


def beta_of_moments(mean_K: FloatArray, second_K: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Beta distributions with these first and second moments: ``a, b``; a spread below what is possible becomes small.

    A mean of 0 or 1 gives a distribution concentrated there.
    """
    spare_K = mean_K * (1 - mean_K)
    variance_K = np.clip(np.nan_to_num(second_K - mean_K**2), LEAST_VARIANCE, spare_K * 0.999)
    strength_K = np.where(spare_K > LEAST_VARIANCE, spare_K / np.maximum(variance_K, LEAST_VARIANCE) - 1, 1.0)
    strength_K = np.maximum(strength_K, LEAST_VARIANCE)
    tiny = np.finfo(np.float64).tiny ** 0.25
    return np.maximum(mean_K * strength_K, tiny), np.maximum((1 - mean_K) * strength_K, tiny)
