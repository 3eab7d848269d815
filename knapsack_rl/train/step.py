"""One training step, as a straight line. Uniform and knapsack run the same lines; only the strategy differs."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knapsack_rl.allocation import AllocationRequest, run_strategy
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import GenerationRequest, Group, Prompt
from knapsack_rl.beliefs import BeliefArrays, HasCost
from knapsack_rl.beliefs.oracle import NeedsProbe
from knapsack_rl.tasks import Response
from knapsack_rl.train.build import Parts
from knapsack_rl.train.facts import group_facts, outcome_of, sampled_entropy, totals
from knapsack_rl.train.rows import mini_batch_rows

PHASES = ("probe", "allocate", "sample", "score", "pack", "update", "sync", "step")


class Stopwatch:
    """Seconds by phase; ``with watch("sample"): ...``."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PHASES, 0.0)

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
        parts: the run; its stream, tracker, strategy state, history and learner move on.
        step: 1-based.
    """
    config, watch = parts.config, Stopwatch()
    with watch("step"):
        epoch, spent_before = parts.stream.epoch, _multiply_adds(parts)
        prompts = parts.stream.next()
        with watch("probe"):
            num_probed = _probe(parts, prompts, step=step)
        with watch("allocate"):
            beliefs = parts.tracker.predict([prompt.id for prompt in prompts])
            counts = _allocate(parts, prompts, beliefs=beliefs, step=step, epoch=epoch)
        with watch("sample"):
            groups = parts.sampler.generate(_request(parts, step, purpose="rollout", prompts=prompts, counts=counts))
            entropy = sampled_entropy(groups)
        with watch("score"):
            rewards, reasons = _agreed_verdicts(parts, groups)
        with watch("pack"):
            seed = derive_seed(config.seed, "step", step)
            batches = mini_batch_rows(groups, rewards, config=config.train, seed=seed, advantage=config.advantage)
        with watch("update"):
            update = parts.learner.update(batches)
        with watch("sync"):
            parts.sampler.load(parts.learner.weights())
        rows = group_facts(groups, rewards, beliefs=beliefs, history=parts.history)
        with watch("allocate"):
            _observe(parts, groups, rewards_P_G=rewards, rows=rows, step=step, epoch=epoch)
    return {
        "step": step,
        "epoch": epoch,
        "num_probe_rollouts": num_probed,
        **totals(groups, rows),
        "num_cut_off": reasons["truncated"],
        "num_no_answer": reasons["no_answer"],
        "sampled_entropy": entropy,
        **asdict(update),
        "num_belief_multiply_adds": _multiply_adds(parts) - spent_before,
        **{f"{phase}_s": seconds for phase, seconds in watch.seconds.items()},
        "groups": rows,
    }


def _multiply_adds(parts: Parts) -> int:
    """What the belief's own model has cost so far; 0 for beliefs without one."""
    return parts.tracker.cost().num_multiply_adds if isinstance(parts.tracker, HasCost) else 0


def _probe(parts: Parts, prompts: Sequence[Prompt], *, step: int) -> int:
    """Show a tracker that asks for it an independent sample of the policy; returns its size.

    These rollouts are trained on by nobody and charged to no budget; the journal counts them apart.
    """
    if not isinstance(parts.tracker, NeedsProbe):
        return 0
    size = parts.config.train.probe_rollouts
    counts = np.full(len(prompts), size, dtype=np.int64)
    groups = parts.sampler.generate(_request(parts, step, purpose="probe", prompts=prompts, counts=counts))
    successes = [float(sum(rewards)) for rewards in _agreed_verdicts(parts, groups)[0]]
    parts.tracker.set_probe([prompt.id for prompt in prompts], successes=successes, draws=[float(size)] * len(prompts))
    return int(counts.sum())


def _allocate(
    parts: Parts, prompts: Sequence[Prompt], *, beliefs: BeliefArrays, step: int, epoch: int
) -> NDArray[np.int64]:
    config = parts.config
    prompt_ids = tuple(prompt.id for prompt in prompts)
    request = AllocationRequest(
        total=parts.totals[step - 1],
        low=config.train.low,
        high=config.train.high,
        step=step,
        epoch=epoch,
        prompt_ids=prompt_ids,
        cost_P=parts.history.cost(prompt_ids),
        features=parts.features,
    )
    rng = np.random.default_rng(derive_seed(config.seed, "allocate", step))
    counts, parts.strategy_state = run_strategy(
        parts.strategy, beliefs, request=request, state=parts.strategy_state, rng=rng
    )
    return counts


def _request(
    parts: Parts, step: int, *, purpose: str, prompts: Sequence[Prompt], counts: NDArray[np.int64]
) -> GenerationRequest:
    """Seeds derive from (run seed, step, prompt id, rollout index): the arms of one seed share their noise."""
    cost_P = parts.history.cost([prompt.id for prompt in prompts])
    return GenerationRequest(
        prompts=tuple(prompts),
        counts=tuple(int(count) for count in counts),
        seeds=tuple(
            tuple(derive_seed(parts.config.seed, purpose, step, prompt.id, index) for index in range(count))
            for prompt, count in zip(prompts, counts, strict=True)
        ),
        expected_tokens=None if cost_P is None else tuple(float(cost) for cost in cost_P),
    )


def _agreed_verdicts(parts: Parts, groups: Sequence[Group]) -> tuple[list[list[int]], Counter[str]]:
    """Rank 0 judges and tells the others: a grader with a time limit might judge otherwise on another rank.

    Returns:
        Rewards by group, and how many verdicts had which reason.
    """
    mine = _score(parts, groups) if parts.ranks.rank == 0 else None
    verdicts: tuple[list[list[int]], Counter[str]] = parts.ranks.gather(mine)[0]
    return verdicts


def _score(parts: Parts, groups: Sequence[Group]) -> tuple[list[list[int]], Counter[str]]:
    """The task is given all responses at once, which is cheaper where it uses other processes."""
    responses = [Response(prompt=group.prompt, text=r.text, stop=r.stop) for group in groups for r in group.rollouts]
    verdicts = parts.task.score_many(responses)
    rewards = iter([verdict.reward for verdict in verdicts])
    return [list(islice(rewards, len(group.rollouts))) for group in groups], Counter(v.reason for v in verdicts)


def _observe(
    parts: Parts,
    groups: Sequence[Group],
    *,
    rewards_P_G: Sequence[Sequence[int]],
    rows: Sequence[dict[str, Any]],
    step: int,
    epoch: int,
) -> None:
    """Tracker, strategy and history learn after the update: a step never sees its own outcome."""
    prompt_ids = [group.prompt.id for group in groups]
    parts.tracker.observe(step=step, prompt_ids=prompt_ids, rewards=rewards_P_G)
    outcome = outcome_of(rows, step=step, epoch=epoch)
    parts.strategy_state = parts.strategy.observe(outcome, state=parts.strategy_state)
    parts.history.record(groups)
