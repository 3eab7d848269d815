"""How the rollouts of a step are judged: rewards for the advantages, successes for the beliefs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from knapsack_rl.base.ranks import Ranks
from knapsack_rl.base.types import Group
from knapsack_rl.tasks import Response, Task

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Verdicts of a step, by group."""

    rewards_P_G: list[list[float]]
    """What advantages are made of.  [P][G]"""
    successes_P_G: list[list[int]]
    """1 where the reward reaches the task's threshold of success, else 0.  [P][G]"""
    reasons_P_G: list[list[str]]
    """Why each was judged so: ``Verdict.reason``.  [P][G]"""


def agreed_verdicts(task: Task[Any], groups: Sequence[Group], *, ranks: Ranks) -> Judged:
    """Rank 0 judges and tells the others: a grader with a time limit might judge otherwise on another rank."""
    mine = _judge(task, groups) if ranks.rank == 0 else None
    judged: Judged = ranks.gather(mine)[0]
    return judged


def _judge(task: Task[Any], groups: Sequence[Group]) -> Judged:
    """The task is given all responses at once, which is cheaper where it uses other processes."""
    responses = [Response(prompt=group.prompt, text=r.text, stop=r.stop) for group in groups for r in group.rollouts]
    verdicts = task.score_many(responses)
    return Judged(
        rewards_P_G=_by_group((verdict.reward for verdict in verdicts), groups),
        successes_P_G=_by_group((int(task.succeeded(verdict)) for verdict in verdicts), groups),
        reasons_P_G=_by_group((verdict.reason for verdict in verdicts), groups),
    )


def _by_group(values: Iterator[Value], groups: Sequence[Group]) -> list[list[Value]]:
    return [list(islice(values, len(group.rollouts))) for group in groups]
