"""Where a run ends: after `train.steps`, or after the first step at which it has generated the budget `train.stop`.

What has been generated is read off the records of the steps, or off the history that a save carries, which agree: a run
that resumes ends at the same step as one that was never interrupted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from knapsack_rl.config import RunConfig, StopConfig, TrainConfig


def budget_reached(stop: StopConfig | None, spent: Mapping[str, int]) -> bool:
    """Whether a run that has generated ``spent``, by the axes of a budget, ends at its budget."""
    return stop is not None and spent[stop.axis] >= stop.limit


def end_of_run(train: TrainConfig, records: Sequence[Mapping[str, Any]]) -> int | None:
    """The step after which a run ends; None if that lies beyond its records.

    Args:
        train: says where a run ends.
        records: facts of its steps from the first on, with the columns of ``STEPS``.
    """
    spent = 0
    for record in records[: train.steps]:
        if train.stop is not None:
            spent += record[train.stop.axis]
            if budget_reached(train.stop, {train.stop.axis: spent}):
                return int(record["step"])
    return train.steps if len(records) >= train.steps else None


def stop_facts(train: TrainConfig, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the manifest says of a budget, under `stop`; nothing for a run without one."""
    if train.stop is None:
        return {}
    spent = sum(record[train.stop.axis] for record in records)
    reached = budget_reached(train.stop, {train.stop.axis: spent})
    return {"stop": {"axis": train.stop.axis, "limit": train.stop.limit, "spent": spent, "reached": reached}}


def not_reached(config: RunConfig, spent: Mapping[str, int]) -> str | None:
    """What to say of a run that took all of its steps before its budget; None if there is nothing to say."""
    stop = config.train.stop
    if stop is None or budget_reached(stop, spent):
        return None
    return (
        f"{config.run_id}: budget not reached: train.stop.{stop.axis} is {stop.limit}, and {config.train.steps} steps"
        f" generated {spent[stop.axis]}; raise train.steps, which continues the run"
    )
