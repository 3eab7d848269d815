"""Groups of a log, one per prompt and step: rows brought together, repetitions put away.

Shapes: ``_R`` rollouts, ``_G`` groups.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from knapsack_rl.audit.reading import Rollouts
from knapsack_rl.audit.repeats import current_parts, without_reused_steps
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import InputError
from knapsack_rl.grpo import mixed

Repeated = Literal["auto", "last", "join"]
FILTERED_FROM = 30
"""So many groups without a single uniform one are no chance: a filter has thrown those away."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Groups in the order of their steps."""

    step_G: IntArray
    prompt_G: IntArray
    num_rollouts_G: IntArray
    num_successes_G: IntArray
    visit_G: IntArray
    """How often the prompt was met before, from 0.  [G]"""
    length_G: FloatArray
    """Sum of the lengths of a group's responses; NaN where one is not known.  [G]"""
    spread_G: npt.NDArray[np.bool_]
    """Whether rewards as logged differ within the group.  [G]"""
    success_R: npt.NDArray[np.int8]
    """Outcomes, one group after the other, each in the order of the log.  [R]"""
    unit: str
    notes: tuple[str, ...]

    @property
    def start_G(self) -> IntArray:
        """Where each group's outcomes start; [G]."""
        return np.asarray(np.cumsum(self.num_rollouts_G) - self.num_rollouts_G)

    @property
    def filtered(self) -> bool:
        """Whether groups without a gradient were thrown away before logging, as dynamic sampling does."""
        mixed_G = mixed(self.num_successes_G, self.num_rollouts_G)
        return bool(mixed_G.all() and len(mixed_G) >= FILTERED_FROM)


def group_rollouts(rollouts: Rollouts, *, repeated: Repeated = "auto") -> Groups:
    """Bring the rollouts of a prompt in a step together, wherever in the log they stand.

    Args:
        rollouts: Rows of the log.
        repeated: What a step means that occurs again in a later part of the log. ``last``: a run was resumed, the
            later rows replace the earlier ones; ``join``: several processes wrote one step, all rows count; ``auto``:
            the former where the parts share a prompt, else the latter.

    Raises:
        InputError: Every group has one rollout.
    """
    kept_R, notes = current_parts(rollouts, repeated=repeated)
    rollouts = _only(rollouts, kept_R)
    fresh_R, reused = without_reused_steps(rollouts)
    groups = _grouped(_only(rollouts, fresh_R))
    return replace(groups, notes=(*rollouts.notes, *notes, *reused, *_remarks(groups)))


def _only(rollouts: Rollouts, kept_R: npt.NDArray[np.bool_]) -> Rollouts:
    if kept_R.all():
        return rollouts
    names = ("step_R", "prompt_R", "group_R", "part_R", "reward_R", "success_R", "length_R")
    return replace(rollouts, **{name: getattr(rollouts, name)[kept_R] for name in names})


def _grouped(rollouts: Rollouts) -> Groups:
    order_R, start_G = _order(rollouts.step_R, rollouts.prompt_R, group_R=rollouts.group_R)
    without_R, without_G = _order(rollouts.step_R, rollouts.prompt_R, group_R=np.zeros_like(rollouts.group_R))
    if len(start_G) == len(order_R) > len(without_G):  # ids of rollouts, not of groups
        order_R, start_G = without_R, without_G
    if len(start_G) == len(order_R):
        raise InputError(
            "every prompt has one rollout per step, so no group has a gradient; name the prompt by --prompt"
        )
    size_G = np.diff(np.append(start_G, len(order_R)))
    success_R = rollouts.success_R[order_R].astype(np.int8)
    reward_R, length_R = rollouts.reward_R[order_R], rollouts.length_R[order_R].astype(np.float64)
    length_R[length_R < 0] = np.nan
    step_G, prompt_G = rollouts.step_R[order_R][start_G], rollouts.prompt_R[order_R][start_G]
    return Groups(
        step_G=step_G,
        prompt_G=prompt_G,
        num_rollouts_G=size_G,
        num_successes_G=np.add.reduceat(success_R, start_G, dtype=np.int64),
        visit_G=_visits(step_G, prompt_G),
        length_G=np.add.reduceat(length_R, start_G),
        spread_G=np.maximum.reduceat(reward_R, start_G) > np.minimum.reduceat(reward_R, start_G),
        success_R=success_R,
        unit=rollouts.unit,
        notes=(),
    )


def _order(step_R: IntArray, prompt_R: IntArray, *, group_R: IntArray) -> tuple[IntArray, IntArray]:
    """Positions of the rollouts by step, prompt and group, and where each group starts among them."""
    order_R = np.lexsort((group_R, prompt_R, step_R))  # stable: within a group the order of the log
    new_R = np.ones(len(order_R), dtype=np.bool_)
    columns = [column[order_R] for column in (step_R, prompt_R, group_R)]
    new_R[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return order_R, np.flatnonzero(new_R)


def _visits(step_G: IntArray, prompt_G: IntArray) -> IntArray:
    """Earlier steps in which each group's prompt occurs; twice in a step is one visit."""
    pair_G = np.lexsort((step_G, prompt_G))
    step_V, prompt_V = step_G[pair_G], prompt_G[pair_G]
    first_V = np.append(True, prompt_V[1:] != prompt_V[:-1])
    later_V = np.append(False, step_V[1:] != step_V[:-1]) & ~first_V
    running_V = np.cumsum(later_V)
    before_V = running_V[first_V][np.cumsum(first_V) - 1]
    visit_G = np.empty_like(step_G)
    visit_G[pair_G] = running_V - before_V
    return visit_G


def _remarks(groups: Groups) -> list[str]:
    """What is odd about the groups themselves."""
    sizes, times = np.unique(groups.num_rollouts_G, return_counts=True)
    usual = int(sizes[times.argmax()])
    twice = int(((groups.num_rollouts_G > usual) & (groups.num_rollouts_G % usual == 0)).sum()) if usual > 1 else 0
    notes = []
    if len(sizes) > 1:
        notes.append(f"Groups have {sizes[0]} to {sizes[-1]} rollouts, most often {usual}.")
    if twice and twice == int((groups.num_rollouts_G != usual).sum()):
        notes.append(
            f"{twice} prompts seem to occur twice in a step; without a group's id (uid) they count as one group."
        )
    return notes
