"""VIP's process: a latent success rate per prompt, moved by the outcomes of similar prompts.

Shapes: ``_Q`` all prompts with features, ``_B`` prompts of an observed step, ``_F`` features.
"""

from collections.abc import Mapping

import numpy as np
from scipy.linalg import solve
from scipy.spatial.distance import cdist

from knapsack_rl.base.arrays import FloatArray

_JITTER = 1e-4  # on the diagonal of the kernel, as in the released code
MOST = 2048
"""Observed prompts that move the others at one step: the regression takes the cube of their number."""
_BLOCK = 4096  # prompts updated at a time


def updated_latents(
    latents: Mapping[str, float], observed: Mapping[str, float], *, features: Mapping[str, FloatArray], prior: float
) -> dict[str, float]:
    """Latents of all prompts after a step: a Gaussian process regression from the prompts just observed.

    ``m_u <- m_u + K_ub K_bb^-1 (z_b - m_b)`` for every other prompt u, and ``m_b <- z_b``, with z the logit of the
    observed rate and K a Gaussian kernel whose bandwidth is the median distance between the observed prompts. Where
    more than `MOST` were observed, every second, third, ... of them moves the others; all keep their own z.

    Source: arXiv 2602.01601 (VIP).

    Args:
        latents: Current latents by prompt id; missing ones are ``prior``.
        observed: Logits of the observed rates; ids without features only set their own latent.
        features: Feature vector of every prompt that takes part, [F] each.
        prior: Latent of a prompt that nothing is known of.
    """
    ids = list(features)
    near = sorted(key for key in observed if key in features)  # a saved state does not keep the order of its keys
    near = near[:: -(-len(near) // MOST)] if near else near
    after = {**dict.fromkeys(ids, prior), **latents}
    if near:
        features_BF = np.array([features[key] for key in near])
        bandwidth = _median_distance(features_BF)
        surprise_B = np.array([observed[key] - after[key] for key in near])
        kernel_BB = _kernel(features_BF, features_BF, bandwidth=bandwidth) + _JITTER * np.eye(len(near))
        weight_B = solve(kernel_BB, surprise_B, assume_a="pos")
        for start in range(0, len(ids), _BLOCK):
            block = ids[start : start + _BLOCK]
            features_QF = np.array([features[key] for key in block])
            shift_Q = _kernel(features_QF, features_BF, bandwidth=bandwidth) @ weight_B
            after.update({key: after[key] + float(shift) for key, shift in zip(block, shift_Q, strict=True)})
    return {**after, **observed}


def _kernel(left_QF: FloatArray, right_BF: FloatArray, *, bandwidth: float) -> FloatArray:
    return np.asarray(np.exp(-0.5 * (cdist(left_QF, right_BF) / bandwidth) ** 2))


def _median_distance(features_BF: FloatArray) -> float:
    """Median distance between different prompts; 1 if there is none."""
    distance_BB = cdist(features_BF, features_BF)
    apart = distance_BB[distance_BB > 0.0]
    return float(np.median(apart)) if apart.size else 1.0
