"""Generate and judge samples of benchmarks with whatever sampler is loaded. Knows no checkpoint and no file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import GenerationRequest, Prompt, SamplingOptions, StopReason
from knapsack_rl.config import EvaluationConfig, PromptConfig
from knapsack_rl.sampler import Sampler
from knapsack_rl.tasks import Response, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkPrompts:
    """How benchmark problems become prompts, for a sampler that was set up for training prompts."""

    encode: Callable[[str], Sequence[int]]
    """Token ids of the prompt that is made of a problem's text."""
    stop_tokens: tuple[int, ...]
    """Ids that end a response."""


def benchmark_prompts(folder: Path, *, prompt: PromptConfig) -> BenchmarkPrompts:
    """Prompts as ``prompt`` says, for the model in ``folder``."""
    from knapsack_rl.models import load_tokenizer, prompt_encoder, stop_tokens

    tokenizer = load_tokenizer(folder)
    return BenchmarkPrompts(
        encode=prompt_encoder(tokenizer, prompt), stop_tokens=stop_tokens(tokenizer, folder, prompt=prompt)
    )


def score_benchmarks(
    sampler: Sampler,
    task: Task[Any],
    *,
    benchmarks: Mapping[str, Sequence[Prompt]],
    settings: EvaluationConfig,
    prompts: BenchmarkPrompts | None = None,
    on_benchmark: Callable[[str, float], None] = lambda *_: None,
) -> list[dict[str, Any]]:
    """Rows of all benchmarks (columns of ``EVALS`` but run and step); one evaluation, wherever it is asked for.

    ``on_benchmark`` is told the name and the accuracy of each benchmark as it is done.
    """
    rows: list[dict[str, Any]] = []
    for name, problems in benchmarks.items():
        new = [
            {"benchmark": name, **row}
            for row in score_benchmark(sampler, task, problems=problems, settings=settings, prompts=prompts)
        ]
        rows += new
        on_benchmark(name, sum(row["reward"] for row in new) / max(1, len(new)))
    return rows


def score_benchmark(
    sampler: Sampler,
    task: Task[Any],
    *,
    problems: Sequence[Prompt],
    settings: EvaluationConfig,
    prompts: BenchmarkPrompts | None = None,
) -> Iterator[dict[str, Any]]:
    """One row (columns of ``EVALS`` but run, step and benchmark) per problem and sample.

    Seeds derive from (evaluation seed, problem, sample): every checkpoint of every run is asked with the same noise,
    which makes differences between runs less noisy than the runs themselves.
    """
    request = _request(problems, settings, prompts=prompts)
    sampled = [
        (group.prompt, index, r) for group in sampler.generate(request) for index, r in enumerate(group.rollouts)
    ]
    verdicts = task.score_many([Response(prompt=prompt, text=r.text, stop=r.stop) for prompt, _, r in sampled])
    for (prompt, index, rollout), verdict in zip(sampled, verdicts, strict=True):
        yield {
            "problem_id": prompt.id,
            "kind": prompt.kind,
            "sample": index,
            "reward": int(task.succeeded(verdict)),
            "reason": verdict.reason,
            "extracted": verdict.extracted,
            "score": verdict.reward if task.partial_credit and verdict.score is None else verdict.score,
            "num_response_tokens": len(rollout.tokens),
            "truncated": rollout.stop is StopReason.LENGTH,
        }


def _request(
    problems: Sequence[Prompt], settings: EvaluationConfig, *, prompts: BenchmarkPrompts | None
) -> GenerationRequest:
    return GenerationRequest(
        prompts=tuple(problems),
        counts=(settings.samples,) * len(problems),
        seeds=tuple(
            tuple(derive_seed(settings.seed, "evaluate", problem.id, index) for index in range(settings.samples))
            for problem in problems
        ),
        options=SamplingOptions(
            temperature=settings.temperature,
            max_response_tokens=settings.max_response_tokens,
            stop_tokens=prompts.stop_tokens if prompts else None,
        ),
        prompt_tokens=tuple(tuple(prompts.encode(problem.text)) for problem in problems) if prompts else None,
    )
