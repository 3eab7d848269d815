"""The facts of a step, as the journal keeps them."""

import math
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from knapsack_rl.allocation import Kept, Ledger
from knapsack_rl.base.errors import DivergedError
from knapsack_rl.base.types import Group, StopReason
from knapsack_rl.records import GroupFacts, RoundFacts
from knapsack_rl.train.history import PromptHistory
from knapsack_rl.train.rollouts import StepRollouts


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


def group_facts(drawn: StepRollouts, *, history: PromptHistory, partial_credit: bool = False) -> tuple[GroupFacts, ...]:
    """Facts of each prompt. Call before the history learns the step.

    How many distinct rewards a group has is told only where a task gives partial credit; successes tell it elsewhere.
    """
    kept = drawn.update.kept
    return tuple(
        GroupFacts(
            prompt_id=group.prompt.id,
            kind=group.prompt.kind,
            visit=history.visits(group.prompt.id) + 1,
            p_belief=None if np.isnan(rate) else float(rate),
            num_rollouts=len(rewards),
            num_rounds=num_rounds,
            num_kept=len(rewards) if kept is None else num_kept(kept.get(group.prompt.id), len(rewards)),
            num_successes=sum(successes),
            num_truncated=sum(rollout.stop is StopReason.LENGTH for rollout in group.rollouts),
            num_response_tokens=sum(len(rollout.tokens) for rollout in group.rollouts),
            num_distinct_rewards=len(set(rewards)) if partial_credit else None,
        )
        for group, rewards, successes, num_rounds, rate in zip(
            drawn.groups, drawn.rewards_P_G, drawn.successes_P_G, drawn.num_rounds_P, drawn.p_belief_P, strict=True
        )
    )


def num_kept(kept: Kept | None, num_drawn: int) -> int:
    """How many of a prompt's rollouts are trained on."""
    if kept is None:
        return 0
    return num_drawn if kept.rollouts is None else len(kept.rollouts)


def round_facts(ledger: Ledger) -> tuple[RoundFacts, ...]:
    """What each round cost."""
    return tuple(RoundFacts(round=number, **asdict(spent)) for number, spent in enumerate(ledger.rounds, start=1))


def totals(groups: Sequence[Group], facts_P: Sequence[GroupFacts]) -> dict[str, int]:
    """Sums over the step's prompts, for `StepFacts`."""
    summed = ("num_rollouts", "num_kept", "num_successes", "num_truncated", "num_response_tokens")
    return {
        "num_prompts": len(facts_P),
        "num_prompt_tokens": sum(len(group.prompt_tokens) * len(group.rollouts) for group in groups),
        **{name: sum(getattr(facts, name) for facts in facts_P) for name in summed},
    }
