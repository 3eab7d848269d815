"""Steps that a log holds more than once: after a resume, from several processes, or because rollouts were used again.

Shape: ``_R`` rollouts.
"""

from itertools import pairwise

import numpy as np

from knapsack_rl.audit.reading import Rollouts
from knapsack_rl.base.arrays import BoolArray, IntArray


def current_parts(rollouts: Rollouts, *, repeated: str) -> tuple[BoolArray, list[str]]:
    """Which rollouts count where a step occurs in several parts of the log, and a line that says so; see `Groups`."""
    kept_R = np.ones(len(rollouts.step_R), dtype=np.bool_)
    if repeated == "join":
        return kept_R, []
    replaced: list[int] = []
    joined: list[int] = []
    for step, rows_of_part in _steps_in_parts(rollouts).items():
        held = rows_of_part[:1]
        for rows in rows_of_part[1:]:
            if repeated == "last" or _share_a_prompt(rollouts, rows, held=held):
                kept_R[np.concatenate(held)] = False
                held = []
            held.append(rows)
        (joined if len(held) == len(rows_of_part) else replaced).append(step)
    return kept_R, [*_told_replaced(replaced, num_rows=int((~kept_R).sum())), *_told_joined(joined)]


def _share_a_prompt(rollouts: Rollouts, rows: IntArray, *, held: list[IntArray]) -> bool:
    return bool(np.isin(rollouts.prompt_R[rows], rollouts.prompt_R[np.concatenate(held)]).any())


def _told_replaced(steps: list[int], *, num_rows: int) -> list[str]:
    if not steps:
        return []
    which = f"Step {steps[0]} occurs" if len(steps) == 1 else f"{len(steps)} steps from {min(steps)} on occur"
    return [f"{which} again later in the log, as after a resume; the last rows count, {num_rows} earlier do not."]


def _told_joined(steps: list[int]) -> list[str]:
    if not steps:
        return []
    told = (
        f"{len(steps)} steps were put together from parts of the log that share no prompt, as several processes "
        "write them; after a resume give --repeated last."
    )
    return [told]


def _steps_in_parts(rollouts: Rollouts) -> dict[int, list[IntArray]]:
    """Of steps that occur in more than one part, the rows of each part."""
    order_R = np.lexsort((rollouts.part_R, rollouts.step_R))
    step_R, part_R = rollouts.step_R[order_R], rollouts.part_R[order_R]
    new_R = np.append(True, (step_R[1:] != step_R[:-1]) | (part_R[1:] != part_R[:-1]))
    pieces = np.split(order_R, np.flatnonzero(new_R)[1:])
    firsts = step_R[new_R].tolist()
    found: dict[int, list[IntArray]] = {}
    for step, rows in zip(firsts, pieces, strict=True):
        found.setdefault(step, []).append(rows)
    return {step: rows for step, rows in found.items() if len(rows) > 1}


def without_reused_steps(rollouts: Rollouts) -> tuple[BoolArray, list[str]]:
    """Leave out steps that log the rollouts of the step before once more.

    A trainer that takes several optimiser steps on one batch of rollouts, as TRL does with ``steps_per_generation`` or
    ``num_iterations`` above 1, logs that batch at each of them. It is known by equal prompts, rewards and lengths in
    the same order.
    """
    order_R = np.argsort(rollouts.step_R, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(rollouts.step_R[order_R]) != 0))
    pieces = np.split(order_R, starts[1:])
    columns = (rollouts.prompt_R, rollouts.reward_R, rollouts.length_R)
    kept_R, reused = np.ones(len(order_R), dtype=np.bool_), 0
    for before, after in pairwise(pieces):
        if len(before) == len(after) and all(np.array_equal(column[before], column[after]) for column in columns):
            kept_R[after] = False
            reused += 1
    if not reused or not (rollouts.length_R >= 0).all():  # without lengths, small steps may be alike by chance
        return np.ones(len(order_R), dtype=np.bool_), []
    return kept_R, [f"{reused} steps log the rollouts of the step before once more; those are counted once."]
