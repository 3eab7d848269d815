"""Tokens per second of the samplers, against bare vLLM on the same requests, in the same engine.

    python benchmarks/sampling.py                                  # a small random model, on whatever device there is
    python benchmarks/sampling.py --model models/qwen2.5-1.5b --prompts 64 --rollouts 8 --prompt-tokens 512 \
        --response-tokens 1024 --skip transformers                 # on a GPU

Prints a Markdown table. Each way is warmed up once, then all are timed in turns, ``--repeats`` times; the best counts,
because other work on the machine only ever slows one down. On a CPU the
seconds are those of the processor. ``--output FILE`` also writes the table.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import GenerationRequest, Prompt, SamplingOptions
from knapsack_rl.config import BuildConfig, PromptConfig, SamplerConfig
from knapsack_rl.models import build_model, build_tokenizer, load_tokenizer, save_model
from knapsack_rl.sampler import Sampler, build_sampler
from knapsack_rl.tasks import build_task


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to sample; returns the number of response tokens."""

    name: str
    run: Callable[[], int]


def small_model(folder: Path) -> Path:
    """A random Qwen3 of 3.7 M parameters with 1,024 positions."""
    tokenizer = build_tokenizer(build_task("arithmetic", {}, seed=0).vocabulary())
    model = build_model(BuildConfig(hidden_size=256, num_layers=4, num_heads=4), tokenizer)
    model.config.max_position_embeddings = 1024
    save_model(folder, model, tokenizer=tokenizer)
    return folder


def make_request(arguments: argparse.Namespace, vocabulary: int) -> GenerationRequest:
    """Random prompts of one length."""
    ids = np.random.default_rng(0).integers(1, min(vocabulary, 1000) - 1, (arguments.prompts, arguments.prompt_tokens))
    return GenerationRequest(
        prompts=tuple(Prompt(id=str(i), text="", answer="", kind="") for i in range(arguments.prompts)),
        counts=(arguments.rollouts,) * arguments.prompts,
        seeds=tuple(tuple(derive_seed(i, j) for j in range(arguments.rollouts)) for i in range(arguments.prompts)),
        prompt_tokens=tuple(tuple(row) for row in ids.tolist()),
    )


def through(sampler: Sampler, request: GenerationRequest) -> int:
    """As the trainer does it: log-probabilities, text, groups."""
    return sum(len(rollout.tokens) for group in sampler.generate(request) for rollout in group.rollouts)


def bare(sampler: Sampler, request: GenerationRequest, *, per_rollout: bool) -> int:
    """The engine's own ``generate``, without log-probabilities, text and groups; with seeds, or ``n`` per request."""
    from vllm import SamplingParams

    options = sampler._vocabulary.options(request, sampler._options)  # noqa: SLF001
    common = {
        "temperature": options.temperature,
        "max_tokens": options.max_response_tokens,
        "stop_token_ids": list(options.stop_tokens),
        "ignore_eos": True,
        "detokenize": False,
    }
    if per_rollout:
        rows = [(ids, seed) for ids, seeds in zip(request.prompt_tokens, request.seeds, strict=True) for seed in seeds]
        prompts = [{"prompt_token_ids": list(ids)} for ids, _ in rows]
        parameters = [SamplingParams(seed=seed, **common) for _, seed in rows]
    else:
        prompts = [{"prompt_token_ids": list(ids)} for ids in request.prompt_tokens]
        parameters = [SamplingParams(n=count, **common) for count in request.counts]
    outputs = sampler._engine.generate(prompts, parameters, use_tqdm=False)  # noqa: SLF001
    return sum(len(one.token_ids) for output in outputs for one in output.outputs)


def ways(arguments: argparse.Namespace, folder: Path, *, request: GenerationRequest) -> list[Way]:
    """Everything that is compared; the two seeded ways of vLLM produce the same tokens."""

    def build(**keys: object) -> Sampler:
        return build_sampler(
            folder,
            config=SamplerConfig(**keys),
            prompt=PromptConfig(),
            options=SamplingOptions(temperature=1.0, max_response_tokens=arguments.response_tokens),
        )

    found = []
    if "vllm" not in arguments.skip:
        engine = build(kind="vllm", memory_fraction=arguments.memory_fraction)

        def with_seeds(kind: str) -> int:
            engine._config = engine._config.model_copy(update={"seeds": kind})  # noqa: SLF001
            return through(engine, request)

        found += [
            Way(name="vllm, bare, a seed per rollout", run=lambda: bare(engine, request, per_rollout=True)),
            Way(name="vllm, `seeds: rollout`", run=lambda: with_seeds("rollout")),
            Way(name="vllm, bare, n per request", run=lambda: bare(engine, request, per_rollout=False)),
            Way(name="vllm, `seeds: call`", run=lambda: with_seeds("call")),
        ]
    if "transformers" not in arguments.skip:
        other = build(kind="transformers")
        found.append(Way(name="transformers", run=lambda: through(other, request)))
    return found


def table(measured: dict[str, list[tuple[int, float]]]) -> str:
    """Best of the repeats; each bare way is the reference of the one below it."""
    lines = ["| way | response tokens | seconds | tokens/s | of bare |", "|---|---|---|---|---|"]
    reference = 0.0
    for name, runs in measured.items():
        tokens, seconds = max(runs, key=lambda run: run[0] / run[1])
        speed = tokens / seconds
        reference = speed if "bare" in name else reference
        share = f"{speed / reference:.1%}" if reference and "vllm" in name else ""
        lines.append(f"| {name} | {tokens:,} | {seconds:.2f} | {speed:,.0f} | {share} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="folder of a model; a small random one if left out")
    parser.add_argument("--prompts", type=int, default=16)
    parser.add_argument("--rollouts", type=int, default=8, help="per prompt")
    parser.add_argument("--prompt-tokens", type=int, default=256)
    parser.add_argument("--response-tokens", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory-fraction", type=float, default=0.45)
    parser.add_argument("--skip", nargs="*", default=[], choices=["vllm", "transformers"])
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.model or small_model(Path(scratch) / "model")
        request = make_request(arguments, len(load_tokenizer(folder)))
        compared = ways(arguments, folder, request=request)
        measured: dict[str, list[tuple[int, float]]] = {way.name: [] for way in compared}
        for way in compared:
            way.run()
        for _ in range(arguments.repeats):
            for way in compared:
                start = clock()
                tokens = way.run()
                measured[way.name].append((tokens, clock() - start))
    text = table(measured)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
