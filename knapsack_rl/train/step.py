"""One training step, as a straight line. Uniform and knapsack run the same lines; only the strategy differs."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knapsack_rl.allocation import AllocationRequest, Outcome, run_strategy
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import GenerationRequest, Group, Prompt, StopReason
from knapsack_rl.beliefs import BeliefArrays
from knapsack_rl.config import TrainConfig
from knapsack_rl.grpo import cut_mini_batches, group_advantages, token_weights
from knapsack_rl.learner import TrainingRow
from knapsack_rl.train.build import Parts


class Stopwatch:
    """Seconds by phase; ``with watch("sample"): ...``."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(("allocate", "sample", "score", "update", "sync", "step"), 0.0)

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Add the seconds spent inside to ``phase``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[phase] += time.perf_counter() - start


def run_step(parts: Parts, step: int) -> dict[str, Any]:
    """Train on one batch of prompts; returns the facts of the step (columns of ``STEPS``, and ``groups``).

    Args:
        parts: the run; its stream, tracker, strategy state and learner move on.
        step: 1-based.
    """
    config, watch = parts.config, Stopwatch()
    with watch("step"):
        epoch = parts.stream.epoch
        prompts = parts.stream.next()
        with watch("allocate"):
            beliefs = parts.tracker.predict([prompt.id for prompt in prompts])
            counts = _allocate(parts, prompts, beliefs=beliefs, step=step, epoch=epoch)
        with watch("sample"):
            groups = parts.sampler.generate(_request(config.seed, step, prompts=prompts, counts=counts))
        with watch("score"):
            rewards = [[parts.task.score(g.prompt, r.text, stop=r.stop).reward for r in g.rollouts] for g in groups]
        with watch("update"):
            seed = derive_seed(config.seed, "step", step)
            update = parts.learner.update(mini_batch_rows(groups, rewards, config=config.train, seed=seed))
        with watch("sync"):
            parts.sampler.load(parts.learner.weights())
        parts.tracker.observe(step=step, prompt_ids=[prompt.id for prompt in prompts], rewards=rewards)
        group_rows = _group_rows(parts, groups, rewards_P_G=rewards, beliefs=beliefs)
        parts.strategy_state = parts.strategy.observe(
            _outcome(group_rows, step=step, epoch=epoch), state=parts.strategy_state
        )
    return {
        "step": step,
        "epoch": epoch,
        **_totals(groups, group_rows),
        **asdict(update),
        **{f"{phase}_s": seconds for phase, seconds in watch.seconds.items()},
        "groups": group_rows,
    }


def _allocate(
    parts: Parts, prompts: Sequence[Prompt], *, beliefs: BeliefArrays, step: int, epoch: int
) -> NDArray[np.int64]:
    config = parts.config
    request = AllocationRequest(
        total=config.rollouts_per_step,
        low=config.train.low,
        high=config.train.high,
        step=step,
        epoch=epoch,
        prompt_ids=tuple(prompt.id for prompt in prompts),
    )
    rng = np.random.default_rng(derive_seed(config.seed, "allocate", step))
    counts, parts.strategy_state = run_strategy(
        parts.strategy, beliefs, request=request, state=parts.strategy_state, rng=rng
    )
    return counts


def _request(run_seed: int, step: int, *, prompts: Sequence[Prompt], counts: NDArray[np.int64]) -> GenerationRequest:
    """Seeds derive from (run seed, step, prompt id, rollout index): the arms of one seed share their noise."""
    return GenerationRequest(
        prompts=tuple(prompts),
        counts=tuple(int(count) for count in counts),
        seeds=tuple(
            tuple(derive_seed(run_seed, "rollout", step, prompt.id, index) for index in range(count))
            for prompt, count in zip(prompts, counts, strict=True)
        ),
    )


def mini_batch_rows(
    groups: Sequence[Group], rewards_P_G: Sequence[Sequence[float]], *, config: TrainConfig, seed: int
) -> list[list[TrainingRow]]:
    """Rows of each mini-batch: cut first, weighted by all of its tokens, then zero-advantage rollouts dropped.

    Dropping changes no gradient, because such a rollout's policy term is zero. It is off when a KL penalty or an
    entropy bonus gives those rollouts a gradient.
    """
    advantages = group_advantages(rewards_P_G, clip=config.advantage_clip, normalize=config.normalize_advantages)
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


def _group_rows(
    parts: Parts, groups: Sequence[Group], *, rewards_P_G: Sequence[Sequence[int]], beliefs: BeliefArrays
) -> list[dict[str, Any]]:
    rows = []
    for group, rewards, rate in zip(groups, rewards_P_G, beliefs.rate_P, strict=True):
        identity = group.prompt.id
        parts.visits[identity] = parts.visits.get(identity, 0) + 1
        rows.append(
            {
                "prompt_id": identity,
                "kind": group.prompt.kind,
                "visit": parts.visits[identity],
                "p_belief": None if np.isnan(rate) else float(rate),
                "num_rollouts": len(rewards),
                "num_successes": int(sum(rewards)),
                "num_truncated": sum(rollout.stop is StopReason.LENGTH for rollout in group.rollouts),
                "num_response_tokens": sum(len(rollout.tokens) for rollout in group.rollouts),
            }
        )
    return rows


def _outcome(rows: Sequence[dict[str, Any]], *, step: int, epoch: int) -> Outcome:
    return Outcome(
        step=step,
        epoch=epoch,
        prompt_ids=tuple(row["prompt_id"] for row in rows),
        successes_P=np.array([row["num_successes"] for row in rows], dtype=np.int64),
        draws_P=np.array([row["num_rollouts"] for row in rows], dtype=np.int64),
    )


def _totals(groups: Sequence[Group], rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    summed = ("num_rollouts", "num_successes", "num_truncated", "num_response_tokens")
    return {
        "num_prompts": len(rows),
        "num_prompt_tokens": sum(len(group.prompt_tokens) * len(group.rollouts) for group in groups),
        **{key: sum(row[key] for row in rows) for key in summed},
    }
