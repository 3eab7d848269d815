"""CoBA-RL as its released code computes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.coba import Coba, coba_increment, density_parameters, saturation
from knapsack_rl.allocation.dealing import deal
from knapsack_rl.allocation.solver import solve
from knapsack_rl.allocation.strategy import AllocationRequest
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.beliefs.arrays import BeliefArrays

VERY_HARD, VERY_EASY = 0.05, 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class CobaReleased(Coba):
    """The rule of `CobaPaper` on the prompts worth exploring, with a share of the rollouts; the rest by classes.

    1. Everybody gets the lower bound. Unseen prompts count as rate 1/2; if all are unseen, the split is even.
    2. Of what is left, 0.8 goes to prompts with .05 <= p <= .99 by the moving value, or ``0.6 + 0.4 f`` of it if these
       are a fraction f <= 1/2 of the batch.
    3. The rest goes to prompts below .05, then to those explored, then to those above .99, in proportion to 1 - p, by a
       loop that divides a shrinking remainder by the full weight, so earlier prompts get more.

    Ties go to the lowest position, as released. Source: arXiv 2602.03048; github Within-yao/CoBA-RL at aa6b834.
    """

    name: ClassVar[str] = "coba_released"
    source: ClassVar[str] = "released code of arXiv 2602.03048"
    default_belief: ClassVar[str] = "last_visit"

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        del rng  # ties go to the lowest position
        room_P = np.full(len(beliefs), request.high - request.low)
        rest = request.total - request.low * len(beliefs)
        if np.isnan(beliefs.rate_P).all():
            return request.low + deal(room_P, rest), state
        p_P = np.where(np.isnan(beliefs.rate_P), 0.5, beliefs.rate_P)
        hard_P, easy_P = p_P < VERY_HARD, p_P > VERY_EASY
        explored_P = ~hard_P & ~easy_P
        extra_P = np.zeros(len(p_P), dtype=np.int64)
        extra_P[explored_P] = self._explore(
            p_P[explored_P], request, units=int(rest * _explored_share(explored_P.mean())), state=state
        )
        for class_P in (hard_P, explored_P, easy_P):
            where = np.flatnonzero(class_P & (extra_P < room_P))
            units = rest - int(extra_P.sum())
            extra_P[where] += _in_proportion(1.0 - p_P[where], room_P[where] - extra_P[where], units=units)
        # DEVIATION: what a capped class could not take is dealt evenly; the release loses it.
        return request.low + extra_P + deal(room_P - extra_P, rest - int(extra_P.sum())), state

    def _explore(
        self, p_P: FloatArray, request: AllocationRequest, *, units: int, state: Mapping[str, Any]
    ) -> IntArray:
        """Extra rollouts of the prompts worth exploring, by the moving value.  [P]."""
        alpha, beta = density_parameters(state.get("failures", []), kappa=self.kappa)
        smooth_P, tau = np.clip(p_P, 0.01, 0.99), saturation(p_P)
        return (
            solve(
                lambda kind_M, n_M: coba_increment(n_M, smooth_P[kind_M], alpha=alpha, beta=beta, tau=tau),
                low_P=np.full(len(p_P), request.low),
                high_P=request.high,
                total=request.low * len(p_P) + min(units, len(p_P) * (request.high - request.low)),
            )
            - request.low
        )


def _explored_share(fraction: float) -> float:
    """Share of the free rollouts for exploration, by the fraction of the batch that is worth it."""
    return 0.8 if fraction > 0.5 else 0.6 + 0.2 * (2.0 * fraction)  # noqa: PLR2004 - half of the batch


def _in_proportion(weight_P: FloatArray, room_P: IntArray, *, units: int) -> IntArray:
    """Units in proportion to the weights as the release computes it, then one pass of even shares; may leave some.

    Args:
        weight_P: Weights >= 0; clipped to at least 1e-6.  [P]
        room_P: What each can still take, > 0.  [P]
        units: Units to hand out, >= 0.
    """
    share_P = np.zeros(len(room_P), dtype=np.int64)
    clipped_P = np.clip(weight_P, 1e-6, 1.0 - 1e-6)
    whole = float(clipped_P.sum())
    for i, weight in enumerate(clipped_P):
        share_P[i] = min(int((units - int(share_P.sum())) * weight / whole), room_P[i])
    open_P = np.flatnonzero(share_P < room_P)
    if len(open_P):
        each, more = divmod(units - int(share_P.sum()), len(open_P))
        wanted_P = each + (np.arange(len(open_P)) < more)
        share_P[open_P] += np.minimum(wanted_P, room_P[open_P] - share_P[open_P])
    return share_P
