"""The facts of a step, as the journal keeps them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from knapsack_rl.allocation import Outcome
from knapsack_rl.base.errors import DivergedError
from knapsack_rl.base.types import Group, StopReason
from knapsack_rl.beliefs import BeliefArrays
from knapsack_rl.train.history import PromptHistory


def sampled_entropy(groups: Sequence[Group]) -> float:
    """Entropy of the policy per token, estimated without bias from what was sampled anyway.

    Minus the log-probability of a token, mean over all rollouts of a prompt and then over prompts. Unlike what the
    learner reports of the rollouts it updates on, it does not depend on which groups turned out mixed, nor on how many
    rollouts a prompt was given, so that arms can be compared.

    Returns:
        Nats.

    Raises:
        DivergedError: a log-probability of a sampled token is not finite. The policy has become too large to sample
            from: such rollouts would all be wrong, and no gradient.
    """
    means = []
    for group in groups:
        sums = [sum(rollout.logprobs) for rollout in group.rollouts]
        if not math.isfinite(total := sum(sums)):
            raise DivergedError(
                f"the sampler's log-probabilities are not finite ({total} in sum, prompt {group.prompt.id})"
            )
        means.append(-total / max(1, sum(len(rollout.tokens) for rollout in group.rollouts)))
    return float(np.mean(means)) if means else 0.0


def group_facts(
    groups: Sequence[Group],
    rewards_P_G: Sequence[Sequence[int]],
    *,
    beliefs: BeliefArrays,
    history: PromptHistory,
) -> list[dict[str, Any]]:
    """One row per prompt: the columns of ``GROUPS`` but ``step``. Call before ``history`` records the step."""
    return [
        {
            "prompt_id": group.prompt.id,
            "kind": group.prompt.kind,
            "visit": history.visits(group.prompt.id) + 1,
            "p_belief": None if np.isnan(rate) else float(rate),
            "num_rollouts": len(rewards),
            "num_successes": int(sum(rewards)),
            "num_truncated": sum(rollout.stop is StopReason.LENGTH for rollout in group.rollouts),
            "num_response_tokens": sum(len(rollout.tokens) for rollout in group.rollouts),
        }
        for group, rewards, rate in zip(groups, rewards_P_G, beliefs.rate_P, strict=True)
    ]


def totals(groups: Sequence[Group], rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Sums over the step's prompts, for ``STEPS``."""
    summed = ("num_rollouts", "num_successes", "num_truncated", "num_response_tokens")
    return {
        "num_prompts": len(rows),
        "num_prompt_tokens": sum(len(group.prompt_tokens) * len(group.rollouts) for group in groups),
        **{key: sum(row[key] for row in rows) for key in summed},
    }


def outcome_of(rows: Sequence[dict[str, Any]], *, step: int, epoch: int) -> Outcome:
    """What the strategy is told of the step."""
    return Outcome(
        step=step,
        epoch=epoch,
        prompt_ids=tuple(row["prompt_id"] for row in rows),
        successes_P=np.array([row["num_successes"] for row in rows], dtype=np.int64),
        draws_P=np.array([row["num_rollouts"] for row in rows], dtype=np.int64),
    )
