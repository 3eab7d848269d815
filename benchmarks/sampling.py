"""Tokens per second of the samplers, against bare vLLM and bare ``generate_batch`` on the same requests.

    python benchmarks/sampling.py                                  # a small random model, on whatever device there is
    python benchmarks/sampling.py --shape qwen-1.5b --dtype bfloat16 --prompts 64 --prompt-tokens 512 \
        --response-tokens 1024                                     # on a GPU; random weights, no download

Prints a Markdown table. vLLM is left out where it is not installed.
Each way is warmed up once, then all are timed in turns, ``--repeats`` times; the best counts, because other work on the
machine only ever slows one down. On a CPU the seconds are those of the processor. ``--output FILE`` also writes it.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from machine import SHAPES, device_name, memory_cells, save_random_model, synchronize
from transformers import GenerationConfig, PreTrainedModel
from transformers.generation.configuration_utils import ContinuousBatchingConfig

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import GenerationRequest, Prompt, SamplingOptions
from knapsack_rl.config import BuildConfig, PromptConfig, SamplerConfig
from knapsack_rl.models import build_model, build_tokenizer, load_model, load_tokenizer, pick_device, save_model
from knapsack_rl.sampler import Sampler, build_sampler
from knapsack_rl.sampler.continuous import ContinuousSampler
from knapsack_rl.sampler.vllm_setup import installed_version
from knapsack_rl.sampler.vocabulary import Vocabulary
from knapsack_rl.tasks import build_task

STOP = 1
"""The end token of a random model: seldom drawn, so that responses have their full length."""


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


def make_model(folder: Path, arguments: argparse.Namespace) -> Path:
    """A random model of the shape that is asked for."""
    if arguments.shape is None:
        return small_model(folder)
    dtype, device = getattr(torch, arguments.dtype), pick_device(arguments.device)
    return save_random_model(folder, arguments.shape, dtype=dtype, device=device)


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


def bare_batch(model: PreTrainedModel, request: GenerationRequest, *, new_tokens: int, batching: dict[str, int]) -> int:
    """Transformers' own ``generate_batch``, without log-probabilities, text and groups."""
    asked = [list(ids) for ids, count in zip(request.prompt_tokens, request.counts, strict=True) for _ in range(count)]
    outputs = model.generate_batch(
        asked,
        generation_config=GenerationConfig(
            do_sample=True, top_k=0, top_p=1.0, max_new_tokens=new_tokens, eos_token_id=[STOP], pad_token_id=0
        ),
        continuous_batching_config=ContinuousBatchingConfig(**batching),
        progress_bar=False,
    )
    return sum(len(output.generated_tokens) for output in outputs.values())


def vllm_ways(arguments: argparse.Namespace, folder: Path, *, request: GenerationRequest) -> list[Way]:
    """The two seeded ways produce the same tokens."""
    engine = build_sampler(
        folder,
        config=SamplerConfig(kind="vllm", memory_fraction=arguments.memory_fraction, device=arguments.device),
        prompt=PromptConfig(),
        options=SamplingOptions(temperature=1.0, max_response_tokens=arguments.response_tokens, stop_tokens=(STOP,)),
    )

    def with_seeds(kind: str) -> int:
        engine._config = engine._config.model_copy(update={"seeds": kind})  # noqa: SLF001
        return through(engine, request)

    return [
        Way(name="vllm, bare, a seed per rollout", run=lambda: bare(engine, request, per_rollout=True)),
        Way(name="vllm, `seeds: rollout`", run=lambda: with_seeds("rollout")),
        Way(name="vllm, bare, n per request", run=lambda: bare(engine, request, per_rollout=False)),
        Way(name="vllm, `seeds: call`", run=lambda: with_seeds("call")),
    ]


def transformers_ways(arguments: argparse.Namespace, folder: Path, *, request: GenerationRequest) -> list[Way]:
    """Continuous batching, bare and as the trainer does it on a GPU; on a CPU also what it does there."""
    device = pick_device(arguments.device)
    model = load_model(folder, dtype=getattr(torch, arguments.dtype), device=device)
    options = SamplingOptions(temperature=1.0, max_response_tokens=arguments.response_tokens, stop_tokens=(STOP,))
    tokenizer = load_tokenizer(folder)
    batching = {} if device.type == "cuda" else blocks(arguments)
    continuous = ContinuousSampler(
        model,
        vocabulary=Vocabulary(tokenizer=tokenizer, encode=tokenizer.encode, stop_tokens=(STOP,)),
        options=options,
        memory_fraction=arguments.memory_fraction,
        batching=batching,
    )
    given = {"max_memory_percent": arguments.memory_fraction} | batching
    size = arguments.response_tokens
    found = [
        Way(name="generate_batch, bare", run=lambda: bare_batch(model, request, new_tokens=size, batching=given)),
        Way(name="generate_batch, transformers on a GPU", run=lambda: through(continuous, request)),
    ]
    if device.type == "cpu":
        config = SamplerConfig(device="cpu")
        plain = build_sampler(folder, config=config, prompt=PromptConfig(), options=options, dtype=arguments.dtype)
        found.append(Way(name="transformers on a CPU", run=lambda: through(plain, request)))
    return found


def blocks(arguments: argparse.Namespace) -> dict[str, int]:
    """On a CPU the cache has no share of free memory to take: room for every rollout."""
    tokens = arguments.prompt_tokens + arguments.response_tokens
    per_rollout = -(-tokens // ContinuousBatchingConfig().page_size) + 1
    return {"num_blocks": per_rollout * arguments.prompts * arguments.rollouts, "max_batch_tokens": 512}


def table(measured: dict[str, list[tuple[int, float]]]) -> str:
    """Best of the repeats; each bare way is the reference of the one below it."""
    lines = ["| way | response tokens | seconds | tokens/s | of bare |", "|---|---|---|---|---|"]
    reference = 0.0
    for name, runs in measured.items():
        tokens, seconds = max(runs, key=lambda run: run[0] / run[1])
        speed = tokens / seconds
        reference = speed if "bare" in name else reference
        share = f"{speed / reference:.1%}" if reference and "CPU" not in name else ""
        lines.append(f"| {name} | {tokens:,} | {seconds:.2f} | {speed:,.0f} | {share} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="folder of a model; random weights of --shape if left out")
    parser.add_argument("--shape", choices=SHAPES, help="a published shape; a small model if left out")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
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
        folder = arguments.model or make_model(Path(scratch) / "model", arguments)
        request = make_request(arguments, len(load_tokenizer(folder)))
        compared = []
        if "vllm" not in arguments.skip and installed_version() is not None:
            compared += vllm_ways(arguments, folder, request=request)
        if "transformers" not in arguments.skip:
            compared += transformers_ways(arguments, folder, request=request)
        measured: dict[str, list[tuple[int, float]]] = {way.name: [] for way in compared}
        for way in compared:
            way.run()
        for _ in range(arguments.repeats):
            for way in compared:
                synchronize()
                start = clock()
                tokens = way.run()
                synchronize()
                measured[way.name].append((tokens, clock() - start))
    device = pick_device(arguments.device)
    gpu, host = memory_cells(device)
    size = f"{arguments.prompts} prompts x {arguments.rollouts} rollouts, {arguments.prompt_tokens} prompt tokens"
    text = f"{size}, at most {arguments.response_tokens} response tokens; {device_name(device)}\n\n{table(measured)}"
    text += f"\n\nPeak memory of all ways together: GPU {gpu} GiB (torch's), host {host} GiB."
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
