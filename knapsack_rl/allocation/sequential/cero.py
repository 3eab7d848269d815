"""CERO: prices of prompts and of the budget pace a fixed number of units over the whole run."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.posterior import posterior_of
from knapsack_rl.allocation.rounds import Draw, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import best
from knapsack_rl.allocation.sequential.selection import candidates_of
from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.beliefs.arrays import BeliefArrays


def wanted_units(price_P: FloatArray, *, slope_P: FloatArray, most: float) -> FloatArray:
    """Units z of a prompt that maximise ``1 - exp(-c z) - price z`` over the run, from 0 to ``most``.

    ``0`` where ``price >= c``, ``most`` where ``price <= c exp(-c most)``, else ``ln(c / price) / c``.

    Args:
        price_P: price of a unit.  [P]
        slope_P: c, the utility of a first unit.  [P]
        most: largest number of units.
    """
    with np.errstate(divide="ignore"):
        inside_P = np.log(slope_P / price_P) / slope_P
    return np.asarray(np.clip(inside_P, 0.0, most))


def reward_spread(beliefs: BeliefArrays) -> FloatArray:
    """``4 E[p (1 - p)]``, 0 to 1, under each belief's Beta posterior, which is flat for what was never seen.

    Args:
        beliefs: What is known.  [P]

    Returns:
        One number for each.  [P]
    """
    a_P, b_P = posterior_of(beliefs, strategy="cero")
    return np.asarray(4.0 * a_P * b_P / ((a_P + b_P) * (a_P + b_P + 1.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cero(SequentialMethod):
    """Every step the candidates with the largest ``theta - nu`` get ``most`` units of ``unit`` rollouts each.

    ``theta`` is a prompt's price and ``nu`` that of the budget; both move by a projected dual step of size 1/sqrt(K),
    so that over ``horizon`` steps a step draws ``request.total`` rollouts on average, some more and some fewer.

    Exact: utility, prices, their updates, start values and bounds, ``unit``, ``most`` and ``capacity`` (C / B of the
    paper), forgetting (``belief: beta`` with its ``decay``). Departures: candidates are ``pool`` batches of the stream
    and not all problems, so a prompt's price moves only when it is one, in ``1 / sqrt`` of how often that is expected;
    a step draws at least one prompt; nothing ends the run when its budget is gone (``train.stop`` does).

    Source: arXiv 2606.05606 (CERO).
    """

    name: ClassVar[str] = "cero"
    source: ClassVar[str] = "arXiv 2606.05606"
    default_belief: ClassVar[str] = "beta"

    pool: float = 4.0
    """Candidates per prompt of an ordinary step."""
    horizon: int = 500
    """K: steps over which the budget is paced; set it to those of the run."""
    problems: int = 0
    """Training problems; 0 = as if every one were a candidate at every step, as in the paper."""
    unit: int = 4
    """Rollouts of a unit."""
    most: int = 2
    """Most units of a prompt in one step."""
    capacity: float = 132 / 128
    """Most units of a step, as a multiple of those it has on average."""
    weight: float = 1.0
    """lambda: how fast the utility of a prompt saturates."""

    def __post_init__(self) -> None:
        """Check the options."""
        for option in ("pool", "horizon", "unit", "most", "weight"):
            check_above(option, getattr(self, option), least=0, strategy=self.name)
        check_above("capacity", self.capacity, least=1, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        candidates, beliefs = candidates_of(context, pool=self.pool)
        spread_P = reward_spread(beliefs)
        thetas, nu = dict(context.state.get("thetas", {})), float(context.state.get("nu", 0.5))
        theta_P = np.array([thetas.get(key, spread) for key, spread in zip(candidates, spread_P, strict=True)])
        per_step = context.request.total / self.unit
        room = max(1, int(self.capacity * per_step / self.most))
        margins = {key: margin for key, margin in zip(candidates, theta_P - nu, strict=True) if margin > 0}
        chosen = best(margins or {candidates[int(theta_P.argmax())]: 0.0}, room, rng=context.rng)
        counts = dict.fromkeys(chosen, self.most * self.unit)
        yield Draw(counts=counts)
        given_P = np.array([self.most * (key in counts) for key in candidates])
        offers = self._offers(len(candidates))
        moved_P = self._moved(theta_P, spread_P, given_P=given_P, offers=offers, per_offer=per_step / len(candidates))
        idle = (per_step - given_P.sum()) / max(per_step, (self.capacity - 1.0) * per_step)
        nu = float(np.clip(nu - idle / np.sqrt(self.horizon), 0.0, 1.0))
        return Update(state={"thetas": thetas | _named(candidates, moved_P), "nu": nu})

    def _offers(self, num_candidates: int) -> float:
        """How often a prompt is expected to be a candidate during the run."""
        share = num_candidates / self.problems if self.problems else 1.0
        return max(1.0, self.horizon * min(1.0, share))

    def _moved(
        self, theta_P: FloatArray, spread_P: FloatArray, *, given_P: FloatArray, offers: float, per_offer: float
    ) -> FloatArray:
        """Prices after the step: dearer where less was given than was wanted on average, [P]."""
        per_run = per_offer * offers  # R_bar: units of a prompt over the run
        wanted_P = wanted_units(
            self.weight * theta_P / per_run, slope_P=self.weight * spread_P / per_run, most=offers * self.most
        )
        step_P = (given_P - wanted_P / offers) / self.most
        return np.asarray(np.clip(theta_P - step_P / np.sqrt(offers), 0.0, 1.0))


def _named(prompt_ids: list[str], values_P: FloatArray) -> dict[str, float]:
    return dict(zip(prompt_ids, values_P.tolist(), strict=True))
