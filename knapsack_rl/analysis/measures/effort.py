"""What a whole run generated, trained on and took, and in which of that the runs of a cell are equal."""

import json
from collections.abc import Mapping

import pandas as pd

from knapsack_rl.analysis.frames.schemas import ARM_KEYS, CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames

AXES: Mapping[str, str] = {
    "total_steps": "training steps",
    "total_rollouts": "generated rollouts",
    "total_response_tokens": "generated response tokens",
}
"""Amounts in which runs may be equal, and their names."""

EQUAL_WITHIN = 0.1
"""Runs count as equal if the largest amount is at most this share above the smallest: a step may overshoot a budget."""

EFFORT = ("wasted", "rounds_per_step", *AXES, "seconds")


def run_effort(frames: StudyFrames) -> pd.DataFrame:
    """One row per run: ``ARM_KEYS, seed, run_id`` and ``EFFORT``.

    ``wasted``: share of the generated rollouts that no update was made of, because the method dropped them or because
    their advantage was zero (``num_updated_rollouts``). NaN where that does not say it: with a KL penalty or an entropy
    bonus every rollout has a gradient, and the other trainers push all through the model. ``rounds_per_step``: calls of
    generation one after the other. ``seconds``: wall-clock, of training steps.
    """
    by_run = frames.steps.groupby([*ARM_KEYS, "seed", "run_id"], sort=False, observed=True)
    sums = by_run[["num_rollouts", "num_updated_rollouts", "num_response_tokens", "num_rounds", "step_s"]].sum()
    told = sums.index.get_level_values("run_id").isin(_says_what_was_updated(frames.runs))
    effort = pd.DataFrame(
        {
            "wasted": (1 - sums["num_updated_rollouts"] / sums["num_rollouts"]).where(told),
            "rounds_per_step": sums["num_rounds"] / by_run.size(),
            "total_steps": by_run.size(),
            "total_rollouts": sums["num_rollouts"],
            "total_response_tokens": sums["num_response_tokens"],
            "seconds": sums["step_s"],
        }
    )
    return effort.reset_index()


def _says_what_was_updated(runs: pd.DataFrame) -> list[str]:
    known = runs.dropna(subset=["config"])
    configs = [json.loads(config) for config in known["config"]]
    losses = [config.get("train", {}).get("loss", {}) for config in configs]
    plain = [
        config.get("engine", "ours") == "ours" and not loss.get("kl_coef") and not loss.get("entropy_coef")
        for config, loss in zip(configs, losses, strict=True)
    ]
    return [str(run_id) for run_id in known.loc[plain, "run_id"]]


def equal_axes(effort: pd.DataFrame) -> pd.DataFrame:
    """In what the runs of each cell are equal, by their records.

    Returns:
        ``model, budget, equal_on``: names of ``AXES`` in which the largest amount of a run is at most ``EQUAL_WITHIN``
        above the smallest, each with that share; ``nothing`` where there is none.
    """
    rows = [
        (*cell, ", ".join(filter(None, (_equal(runs[axis], name) for axis, name in AXES.items()))) or "nothing")
        for cell, runs in effort.groupby(list(CELL_KEYS), sort=False)
    ]
    return pd.DataFrame(rows, columns=[*CELL_KEYS, "equal_on"])


def _equal(amount: "pd.Series[float]", name: str) -> str:
    above = amount.max() / amount.min() - 1
    return f"{name} (within {above:.1%})" if above <= EQUAL_WITHIN else ""
