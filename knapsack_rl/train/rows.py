"""From a step's groups and rewards to the rows of each mini-batch."""

from collections.abc import Sequence

from knapsack_rl.base.types import Group
from knapsack_rl.config import TrainConfig
from knapsack_rl.grpo import Advantage, cut_mini_batches, group_advantages, token_weights
from knapsack_rl.learner import TrainingRow


def mini_batch_rows(
    groups: Sequence[Group],
    rewards_P_G: Sequence[Sequence[float]],
    *,
    config: TrainConfig,
    seed: int,
    advantage: Advantage = "std",
) -> list[list[TrainingRow]]:
    """Rows of each mini-batch: cut first, weighted by all of its tokens, then zero-advantage rollouts dropped.

    Dropping changes no gradient, because such a rollout's policy term is zero. It is off when a KL penalty or an
    entropy bonus gives those rollouts a gradient.
    """
    advantages = group_advantages(rewards_P_G, clip=config.advantage_clip, advantage=advantage)
    flat = [
        (index, group.prompt_tokens, rollout, float(advantage))
        for index, (group, advantages_G) in enumerate(zip(groups, advantages, strict=True))
        for rollout, advantage in zip(group.rollouts, advantages_G, strict=True)
    ]
    keep_all = config.kl_coef > 0 or config.entropy_coef > 0
    batches = []
    for part in cut_mini_batches(len(flat), config.mini_batches, seed=seed):
        chosen = [flat[int(index)] for index in part]
        weights = token_weights(
            [len(rollout.tokens) for _, _, rollout, _ in chosen],
            [row[0] for row in chosen],
            aggregation=config.loss_aggregation,
        )
        batches.append(
            [
                TrainingRow(
                    prompt_tokens=prompt_tokens,
                    response_tokens=rollout.tokens,
                    old_logprobs=rollout.logprobs,
                    advantage=advantage,
                    weight=float(weight),
                )
                for (_, prompt_tokens, rollout, advantage), weight in zip(chosen, weights, strict=True)
                if keep_all or advantage != 0.0
            ]
        )
    return batches
