"""How good the beliefs of a simulated run were in its last epoch, by a probe that had no part in forming them."""

import numpy as np

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.beliefs import BeliefArrays
from knapsack_rl.beliefs.calibration import Calibration, calibrate
from knapsack_rl.simulation.run import Simulation

PROBE_DRAWS = 64
"""Draws of the probe at each visit."""


def judge_beliefs(run: Simulation) -> Calibration:
    """Beliefs of the last epoch against fresh draws at the true rate of each visit."""
    visits = run.last_epoch
    rng = np.random.default_rng(derive_seed(run.spec.seed, "simulation", "judge"))
    successes_P = rng.binomial(PROBE_DRAWS, visits.p_true_P)
    beliefs = BeliefArrays.from_rates(visits.p_belief_P)
    return calibrate(beliefs, successes_P=successes_P, draws_P=np.full(len(successes_P), PROBE_DRAWS))


def calibration_rows(judged: Calibration) -> list[dict[str, float]]:
    """The calibration curve, one row per class of predictions that occurs.

    Columns: ``predicted`` and ``observed`` mean rate, the ``standard_error`` of the latter, ``num_visits``.
    """
    curve = judged.curve
    columns = (curve.predicted_K, curve.observed_K, curve.standard_error_K, curve.num_prompts_K)
    names = ("predicted", "observed", "standard_error", "num_visits")
    return [dict(zip(names, row, strict=True)) for row in zip(*(c.tolist() for c in columns), strict=True)]
