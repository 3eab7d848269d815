"""On which terms the arms of a study are compared: rollouts and prompts, as they were and not as they were meant."""

from collections.abc import Iterator, Mapping

import pandas as pd

from knapsack_rl.allocation import SequentialMethod, build_method
from knapsack_rl.config import ArmConfig, StopConfig, StudyConfig
from knapsack_rl.report.cost import EQUAL, stop_of, stops_of, times_spent

QUESTION = (
    "Does a model learn more if the rollouts of a training step are spread unevenly over its prompts, by how much can"
    " be learned from each, than if every prompt gets the same number N?"
)

BACKGROUND = (
    "GRPO learns from a prompt only if its rollouts disagree: where all are right or all are wrong, the gradient is"
    " zero. The effective-gradient ratio is the share that does have a gradient. By rollouts, as the paper counts, it"
    " rises already when rollouts are moved to prompts whose outcome is open; by prompts it rises only if more prompts"
    " teach. Accuracy on held-out problems says whether more was learned."
)


def terms(study: StudyConfig, *, differences: pd.DataFrame, compute: pd.DataFrame) -> Iterator[str]:
    """Sentences on how many rollouts the arms spent, and whether they saw the same prompts.

    Args:
        study: its arms name their strategies.
        differences: the table of that name; says which arms are compared.
        compute: the table of that name; says what they spent.
    """
    stops = stops_of(study)
    if not differences.empty:
        yield _rollouts(differences, compute, stops=stops)
    in_rounds = [name for name in study.grid_arms if _in_rounds(study.arms[name])]
    others = [name for name in study.grid_arms if name not in in_rounds]
    if len(others) > 1:
        named = "All arms" if not in_rounds else f"The arms {', '.join(others)}"
        yield f"{named} share seeds and see the same prompts in the same order."
    if in_rounds:
        yield (
            f"Drawing in rounds, with prompts of their own choice where the method says so: {', '.join(in_rounds)}."
            f" They are compared {_where(study, stops)}."
        )


def _where(study: StudyConfig, stops: Mapping[str, StopConfig]) -> str:
    ended = [name for name in study.grid_models if name in stops]
    if not ended:
        return "after equal steps"
    where = "where their runs end, at a budget"
    return where if len(ended) == len(study.grid_models) else f"{where} ({', '.join(ended)}), or after equal steps"


def _rollouts(differences: pd.DataFrame, compute: pd.DataFrame, *, stops: Mapping[str, StopConfig]) -> str:
    """Whether every arm had generated as many rollouts as its baseline where they are compared, in every cell."""
    pairs = differences[["model", "budget", "arm", "baseline"]].drop_duplicates()
    found = [
        times_spent(pair, compute, at_ends=stop_of(pair["model"], stops) is not None)
        for pair in pairs.to_dict("records")
    ]
    times = pd.Series(found, dtype=float)
    known = pairs.assign(times=times.to_numpy()).dropna(subset=["times"])
    unequal = known[(known["times"] - 1).abs() >= EQUAL]
    baseline = pairs["baseline"].iloc[0]
    if known.empty:
        return "How many rollouts the arms generated is not known."
    if unequal.empty:
        return f"Every arm generated as many rollouts as {baseline}."
    parts = [f"{arm} {_span(rows['times'])} times" for arm, rows in unequal.groupby("arm", sort=False)]
    return f"Not all arms generated as many rollouts as {baseline}: {', '.join(parts)}."


def _span(times: "pd.Series[float]") -> str:
    low, high = f"{times.min():.2f}", f"{times.max():.2f}"
    return low if low == high else f"{low} to {high}"


def _in_rounds(arm: ArmConfig) -> bool:
    return isinstance(build_method(arm.strategy, arm.options), SequentialMethod)
