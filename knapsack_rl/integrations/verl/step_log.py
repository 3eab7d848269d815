"""The facts of a step as the plug-in keeps them for a study: a journal line with the step's groups."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from knapsack_rl.integrations.verl.groups import DealtGroup
from knapsack_rl.records import GroupFacts


def step_line(
    groups: Sequence[DealtGroup],
    visits: Sequence[int],
    *,
    step: int,
    epoch: int,
    threshold: float,
    response_limit: int,
) -> dict[str, Any]:
    """What of `StepFacts` is known once rewards are; groups that did not come back are left out.

    Args:
        groups: of the step.
        visits: number of the visit, of each.
        step: 1-based.
        epoch: 0-based.
        threshold: rewards from it on are successes.
        response_limit: a response with so many tokens counts as cut off, unless its reward function says otherwise;
            verl keeps no reason for the end.
    """
    rows = [
        _group_facts(group, visit, threshold=threshold, response_limit=response_limit)
        for group, visit in zip(groups, visits, strict=True)
        if group.rewards
    ]
    summed = ("num_rollouts", "num_kept", "num_successes", "num_truncated", "num_response_tokens")
    reasons = Counter(reason for group in groups for reason in group.reasons)
    told = reasons[None] == 0 and bool(rows)
    totals = {name: sum(getattr(row, name) for row in rows) for name in summed}
    return {
        "step": step,
        "epoch": epoch,
        "num_prompts": len(rows),
        "num_prompt_tokens": sum(sum(group.num_prompt_tokens) for group in groups),
        **totals,
        "num_rounds": 1,
        "num_cut_off": reasons["truncated"] if told else None,
        "num_no_answer": reasons["no_answer"] if told else None,
        "num_evicted_groups": sum(not group.rewards for group in groups),
        "groups": [row.record() for row in rows],
        "rounds": [_round(totals, groups)],
    }


def _round(totals: Mapping[str, int], groups: Sequence[DealtGroup]) -> dict[str, int]:
    """The ledger's only round: verl samples all groups of a step at once."""
    prompts = [group.num_prompt_tokens for group in groups if group.num_prompt_tokens]
    return {
        "round": 1,
        "num_rollouts": totals["num_rollouts"],
        "num_prompt_tokens": sum(map(sum, prompts)),
        "num_prefilled_tokens": sum(tokens[0] for tokens in prompts),
        "num_response_tokens": totals["num_response_tokens"],
    }


def _num_truncated(group: DealtGroup, response_limit: int) -> int:
    told = zip(group.truncated, group.num_tokens, strict=True)
    return sum(tokens >= response_limit if cut is None else cut for cut, tokens in told)


def _group_facts(group: DealtGroup, visit: int, *, threshold: float, response_limit: int) -> GroupFacts:
    """Facts of a group; its kind is known where the log is read back."""
    partial_credit = not set(group.rewards) <= {0.0, 1.0}
    return GroupFacts(
        prompt_id=group.planned.prompt_id,
        kind="",
        visit=visit,
        p_belief=None if np.isnan(group.planned.rate) else float(group.planned.rate),
        num_rollouts=len(group.rewards),
        num_rounds=1,
        num_kept=len(group.rewards),
        num_successes=sum(group.successes(threshold)),
        num_truncated=_num_truncated(group, response_limit),
        num_response_tokens=sum(group.num_tokens),
        num_distinct_rewards=len(set(group.rewards)) if partial_credit else None,
    )
