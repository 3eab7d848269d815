"""Generate and judge samples of one benchmark with whatever sampler is loaded. Knows no checkpoint and no file."""

from collections.abc import Iterator, Sequence
from typing import Any

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import GenerationRequest, Prompt, StopReason
from knapsack_rl.sampler import Sampler
from knapsack_rl.tasks import Task


def score_benchmark(
    sampler: Sampler, task: Task, *, problems: Sequence[Prompt], samples: int, seed: int
) -> Iterator[dict[str, Any]]:
    """One row (columns of ``EVALS`` but run, step and benchmark) per problem and sample.

    Seeds derive from (evaluation seed, problem, sample): every checkpoint of every run is asked with the same noise,
    which makes differences between runs less noisy than the runs themselves.
    """
    request = GenerationRequest(
        prompts=tuple(problems),
        counts=(samples,) * len(problems),
        seeds=tuple(
            tuple(derive_seed(seed, "evaluate", problem.id, index) for index in range(samples)) for problem in problems
        ),
    )
    for group in sampler.generate(request):
        for index, rollout in enumerate(group.rollouts):
            verdict = task.score(group.prompt, rollout.text, stop=rollout.stop)
            yield {
                "problem_id": group.prompt.id,
                "kind": group.prompt.kind,
                "sample": index,
                "reward": verdict.reward,
                "reason": verdict.reason,
                "num_response_tokens": len(rollout.tokens),
                "truncated": rollout.stop is StopReason.LENGTH,
            }
