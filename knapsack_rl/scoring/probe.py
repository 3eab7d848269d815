"""A fixed sample of training problems, answered many times: how hard each was before training and is after it.

A training group says how hard a prompt is from as many rollouts as the arm gave it, so a class read off it depends on
the allocation; with a probe every arm is measured with the same ruler.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import Prompt
from knapsack_rl.config import RunConfig
from knapsack_rl.sampler import Sampler
from knapsack_rl.scoring.benchmark import score_benchmark
from knapsack_rl.tasks import Task


def probed_steps(config: RunConfig, *, last: int) -> tuple[int, ...]:
    """Checkpoints at which the probe is taken: the base model and the ``last`` step; none without a probe."""
    return (0, last) if config.evaluation.probe.prompts else ()


def probed_prompts(prompts: Sequence[Prompt], *, config: RunConfig) -> list[Prompt]:
    """The same random subset of the training problems for every run with this evaluation seed, in file order.

    A probe that asks for more problems than there are takes all of them.
    """
    num = min(config.evaluation.probe.prompts, len(prompts))
    rng = np.random.default_rng(derive_seed(config.evaluation.seed, "probe"))
    return [prompts[index] for index in sorted(rng.choice(len(prompts), size=num, replace=False))]


def probe_rows(
    sampler: Sampler, task: Task, *, prompts: Sequence[Prompt], config: RunConfig, step: int
) -> Iterator[dict[str, Any]]:
    """One row (columns of ``PROBES``) per problem and sample.

    Args:
        sampler: holds the checkpoint, and makes prompts as training does.
        task: judges the answers.
        prompts: from ``probed_prompts``.
        config: the run; temperature and length limit are those of training, so that rates are those training meets.
        step: the checkpoint.
    """
    as_in_training = {
        "samples": config.evaluation.probe.samples,
        "temperature": config.train.temperature,
        "max_response_tokens": config.train.max_response_tokens,
    }
    settings = config.evaluation.model_copy(update=as_in_training)
    for row in score_benchmark(sampler, task, problems=prompts, settings=settings):
        yield {"run_id": config.run_id, "step": step, "prompt_id": row.pop("problem_id"), **row}
