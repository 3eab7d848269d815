"""From a step's groups and rewards to the rows of each mini-batch."""

from collections.abc import Iterator, Mapping, Sequence

from knapsack_rl.allocation import Kept
from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.base.types import Group, Rollout
from knapsack_rl.config import LossConfig, TrainConfig
from knapsack_rl.grpo import cut_mini_batches, group_advantages, token_weights
from knapsack_rl.learner import TrainingRow


def mini_batch_rows(
    groups: Sequence[Group],
    rewards_P_G: Sequence[Sequence[float]],
    *,
    config: TrainConfig,
    seed: int,
    kept: Mapping[str, Kept] | None = None,
) -> list[list[TrainingRow]]:
    """Rows of each mini-batch: cut first, weighted by all of its tokens, then zero-advantage rollouts dropped.

    Dropping changes no gradient, because such a rollout's policy term is zero. It is off when a KL penalty or an
    entropy bonus gives those rollouts a gradient. ``kept`` are the rollouts that the method trains on; None = all.
    """
    loss = config.loss
    chosen_P = _chosen(groups, rewards_P_G, kept=kept, loss=loss)
    flat = [
        (index, group.prompt_tokens, rollout, float(advantage_g))
        for index, (group, rollouts, advantages_G) in enumerate(chosen_P)
        for rollout, advantage_g in zip(rollouts, advantages_G, strict=True)
    ]
    batches = []
    for part in cut_mini_batches(len(flat), config.mini_batches, seed=seed):
        chosen = [flat[int(index)] for index in part]
        weights = token_weights(
            [len(rollout.tokens) for _, _, rollout, _ in chosen],
            [row[0] for row in chosen],
            aggregation=loss.aggregation,
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
                if loss.needs_every_rollout or advantage != 0.0
            ]
        )
    return batches


def _chosen(
    groups: Sequence[Group],
    rewards_P_G: Sequence[Sequence[float]],
    *,
    kept: Mapping[str, Kept] | None,
    loss: LossConfig,
) -> Iterator[tuple[Group, Sequence[Rollout], FloatArray]]:
    """Groups that are trained on, with the rollouts and advantages that count."""
    for group, rewards in zip(groups, rewards_P_G, strict=True):
        mine = Kept() if kept is None else kept.get(group.prompt.id)
        if mine is None:
            continue
        chosen = range(len(rewards)) if mine.rollouts is None else mine.rollouts
        advantages_G = mine.advantages_G
        if advantages_G is None:
            (advantages_G,) = group_advantages(
                [[rewards[index] for index in chosen]], clip=loss.advantage_clip, advantage=loss.advantage
            )
        yield group, [group.rollouts[index] for index in chosen], advantages_G
