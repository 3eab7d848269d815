"""Where a training step's time goes, and how fast sampling and update are: ``python benchmarks/throughput.py step``.

``step``     step time split into phases, with the share outside sampling and update (a real run on the arithmetic task)
``update``   tokens/s, model FLOP utilisation and peak memory of the update
``sampling`` tokens/s of the sampler against transformers' continuous batching (``generate_batch``), same requests
``logprobs`` peak memory of log-probabilities over a large vocabulary, whole and in chunks

``sampling`` tokens/s of the sampler, against transformers' continuous batching (``generate_batch``) on a GPU
Every measurement is repeated and the best is kept; on a machine with other work the numbers are lower bounds.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from knapsack_rl.base.layout import RunPaths
from knapsack_rl.base.types import GenerationRequest, Prompt, SamplingOptions
from knapsack_rl.config import BuildConfig, LearnerConfig, parse_study
from knapsack_rl.learner.logprobs import chunked_logprobs
from knapsack_rl.learner.loss import LossOptions
from knapsack_rl.learner.policy import OptimizerOptions, PolicyLearner
from knapsack_rl.learner.protocol import TrainingRow
from knapsack_rl.models import build_model, build_tokenizer, pick_device, save_model
from knapsack_rl.prepare import prepare
from knapsack_rl.records import Journal
from knapsack_rl.sampler.hf_engine import HFSampler
from knapsack_rl.study import expand
from knapsack_rl.tasks import build_task
from knapsack_rl.train.build import build_parts
from knapsack_rl.train.state import save_state
from knapsack_rl.train.step import run_step

SHAPES = {  # hidden, MLP, blocks, heads, key-value heads, vocabulary: Qwen2.5's published configurations
    "nano": (64, 192, 2, 4, 2, 512),
    "qwen-0.5b": (896, 4864, 24, 14, 2, 151_936),
    "qwen-1.5b": (1536, 8960, 28, 12, 2, 151_936),
    "qwen-7b": (3584, 18944, 28, 28, 4, 152_064),
}
PEAK_FLOPS = {"H200": 989e12, "H100": 989e12, "A100": 312e12}
"""Dense bfloat16 products per second, as the vendor states them."""
PHASES = ("probe", "allocate", "sample", "score", "pack", "update", "sync")


def random_model(name: str, *, dtype: torch.dtype, device: torch.device) -> Qwen2ForCausalLM:
    """A randomly initialised Qwen2 of a published shape."""
    hidden, mlp, blocks, heads, kv_heads, vocabulary = SHAPES[name]
    config = Qwen2Config(
        hidden_size=hidden,
        intermediate_size=mlp,
        num_hidden_layers=blocks,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        vocab_size=vocabulary,
        tie_word_embeddings=name != "qwen-7b",
        max_position_embeddings=4096,
        eos_token_id=vocabulary - 1,
    )
    torch.manual_seed(0)
    with torch.device(device):
        return Qwen2ForCausalLM(config).to(dtype).eval()


def best(measure: Callable[[], float], *, repeats: int) -> float:
    """The shortest of several times."""
    return min(measure() for _ in range(repeats))


def seconds(work: Callable[[], Any], device: torch.device) -> float:
    """Wall-clock time of ``work``, the GPU's queue included."""
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def peak_gib(device: torch.device) -> float:
    """Highest memory so far: allocated on a GPU, resident set of the process on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def table(rows: list[tuple[str, ...]]) -> None:
    """Print rows as Markdown; the first is the heading."""
    rows.insert(1, tuple("---" for _ in rows[0]))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def step_times(arguments: argparse.Namespace) -> None:
    """Train a small model on the arithmetic task and add up what every phase took."""
    study = {
        "name": "throughput",
        "task": {"name": "arithmetic", "options": {"num_train": 256, "num_per_benchmark": 2}},
        "models": {"m": {"build": {"hidden_size": arguments.hidden, "num_layers": 3}}},
        "arms": {"knapsack": {"strategy": "knapsack", "options": {"fallback": True}}},
        "grid": {"models": ["m"], "arms": ["knapsack"], "budgets": [8], "seeds": [0]},
        "train": {"steps": arguments.steps, "prompts_per_step": 64, "save_every": 10},
        "learner": {"device": arguments.device},
    }
    (config,) = expand(parse_study(study, source="throughput")).values()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(config.task, train_prompts=folder / "train.parquet", benchmarks=folder / "benchmarks.parquet")
        tokenizer = build_tokenizer(build_task("arithmetic", {}, seed=0).vocabulary())
        build = BuildConfig(hidden_size=arguments.hidden, num_layers=3)
        save_model(folder / "model", build_model(build, tokenizer), tokenizer=tokenizer)
        parts = build_parts(config, prompts_file=folder / "train.parquet", model_folder=folder / "model")
        state = RunPaths(folder, "run").state
        spent: dict[str, float] = dict.fromkeys((*PHASES, "record"), 0.0)
        start = time.perf_counter()
        with Journal(state / "journal.jsonl") as journal:
            for step in range(1, arguments.steps + 1):
                facts = run_step(parts, step)
                for phase in PHASES:
                    spent[phase] += facts[f"{phase}_s"]
                begin = time.perf_counter()
                journal.append(facts)
                if step % config.train.save_every == 0:
                    save_state(state, parts, step=step)
                spent["record"] += time.perf_counter() - begin
        total = time.perf_counter() - start
    spent["other"] = total - sum(spent.values())
    rows = [(phase, f"{1000 * took / arguments.steps:.1f}", f"{took / total:.1%}") for phase, took in spent.items()]
    overhead = 1 - (spent["sample"] + spent["update"]) / total
    rows += [
        ("whole step", f"{1000 * total / arguments.steps:.1f}", "100.0%"),
        ("outside sample and update", "", f"{overhead:.1%}"),
    ]
    table([("phase", "ms per step", "share"), *rows])


def update_speed(arguments: argparse.Namespace) -> None:
    """One mini-batch of random rows through the learner."""
    device = pick_device(arguments.device)
    compute = LearnerConfig(
        dtype=arguments.dtype,
        weights_dtype=arguments.weights_dtype,
        packing=arguments.packing,
        logprobs=arguments.logprobs,
        gradient_checkpointing=arguments.checkpointing,
    )
    model = random_model(arguments.model, dtype=getattr(torch, compute.weights_dtype), device=device)
    rows = list(random_rows(arguments, vocabulary=SHAPES[arguments.model][-1]))
    learner = PolicyLearner(
        model,
        None,  # type: ignore[arg-type] - nothing is exported
        loss=LossOptions(clip_low=0.2, clip_high=0.28, dual_clip=10.0, kl_coef=0.0, entropy_coef=0.0),
        optimizer=OptimizerOptions(
            learning_rate=1e-6,
            weight_decay=0.0,
            max_grad_norm=1.0,
            micro_batch_tokens=arguments.micro_batch_tokens,
            temperature=1.0,
            compute=compute,
        ),
    )
    learner.update([rows])  # warm up
    took = best(lambda: seconds(lambda: learner.update([rows]), device), repeats=arguments.repeats)
    tokens = sum(len(row.prompt_tokens) + len(row.response_tokens) for row in rows)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    flops = 6 * parameters * tokens + sum(attention_flops(arguments.model, row) for row in rows)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    peak = next((value for key, value in PEAK_FLOPS.items() if key in name), None)
    used = f"{flops / took / peak:.1%}" if peak else "unknown peak"
    heading = ("model", "device", "tokens/s", "FLOP utilisation", "peak memory (GiB)")
    table([heading, (arguments.model, name, f"{tokens / took:,.0f}", used, f"{peak_gib(device):.2f}")])


def attention_flops(model: str, row: TrainingRow) -> float:
    """Of the causal half of the attention matrices, forward and backward."""
    hidden, blocks = SHAPES[model][0], SHAPES[model][2]
    return 6.0 * blocks * hidden * (len(row.prompt_tokens) + len(row.response_tokens)) ** 2


def random_rows(arguments: argparse.Namespace, *, vocabulary: int) -> Iterator[TrainingRow]:
    """Rollouts of random tokens; response lengths are uneven, as in training."""
    rng = np.random.default_rng(0)
    for _ in range(arguments.rollouts):
        length = int(rng.integers(arguments.response_tokens // 2, arguments.response_tokens + 1))
        yield TrainingRow(
            prompt_tokens=tuple(rng.integers(0, vocabulary, arguments.prompt_tokens).tolist()),
            response_tokens=tuple(rng.integers(0, vocabulary, length).tolist()),
            old_logprobs=(-float(np.log(vocabulary)),) * length,
            advantage=float(rng.standard_normal()),
            weight=1.0 / (arguments.rollouts * length),
        )


class NumberTokenizer:
    """Prompts are token ids already."""

    eos_token_id: int
    pad_token_id = 0

    def decode(self, tokens: list[int], **_: object) -> str:
        """Nothing is judged."""
        return str(len(tokens))


def sampling_speed(arguments: argparse.Namespace) -> None:
    """The same prompts and lengths through our sampler and through ``generate_batch``."""
    device = pick_device(arguments.device)
    model = random_model(arguments.model, dtype=getattr(torch, arguments.dtype), device=device)
    rng = np.random.default_rng(0)
    num_prompts = max(1, arguments.rollouts // 8)
    prompts = rng.integers(0, SHAPES[arguments.model][-1] - 1, (num_prompts, arguments.prompt_tokens)).tolist()
    tokenizer = NumberTokenizer()
    tokenizer.eos_token_id = SHAPES[arguments.model][-1] - 1
    ours = HFSampler(
        model,
        tokenizer,  # type: ignore[arg-type]
        options=SamplingOptions(temperature=1.0, max_response_tokens=arguments.response_tokens),
        encode=lambda text: prompts[int(text)],
    )
    request = GenerationRequest(
        prompts=tuple(Prompt(id=str(i), text=str(i), answer="", kind="") for i in range(num_prompts)),
        counts=(8,) * num_prompts,
        seeds=tuple(tuple(range(8 * i, 8 * i + 8)) for i in range(num_prompts)),
    )
    rows = [("engine", "tokens/s")]
    counted: list[int] = []

    def generate() -> None:
        groups = ours.generate(request)
        counted.append(sum(len(rollout.tokens) for group in groups for rollout in group.rollouts))

    took = best(lambda: seconds(generate, device), repeats=arguments.repeats)
    rows.append(("our sampler", f"{counted[-1] / took:,.0f}"))
    if device.type == "cuda":
        rows.append(("generate_batch", f"{bare_speed(model, prompts, arguments=arguments, device=device):,.0f}"))
    else:
        rows.append(("generate_batch", "needs a GPU"))
    table(rows)


def bare_speed(model: Any, prompts: list[list[int]], *, arguments: argparse.Namespace, device: torch.device) -> float:  # noqa: ANN401
    """Tokens/s of transformers' continuous batching on every prompt, eight times."""
    from transformers import GenerationConfig

    config = GenerationConfig(max_new_tokens=arguments.response_tokens, do_sample=True, eos_token_id=-1, pad_token_id=0)
    counted: list[int] = []

    def generate() -> None:
        outputs = model.generate_batch(
            inputs=[prompt for prompt in prompts for _ in range(8)], generation_config=config
        )
        counted.append(sum(len(output.generated_tokens) for output in outputs.values()))

    took = best(lambda: seconds(generate, device), repeats=arguments.repeats)
    return counted[-1] / took


def logprob_memory(arguments: argparse.Namespace) -> None:
    """Peak memory of forward and backward in one chunk or several, each in a process of its own."""
    import subprocess
    import sys

    rows = [("logits at once", "peak memory above the start (GiB)")]
    for limit in (2**40, 2**27, 2**25):
        command = [sys.executable, __file__, "one-logprob", "--device", arguments.device, "--limit", str(limit)]
        command += ["--tokens", str(arguments.tokens), "--vocabulary", str(arguments.vocabulary)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        name = "all" if limit == 2**40 else f"{limit:,}"
        rows.append((name, done.stdout.strip()))
    print(f"{arguments.tokens} tokens x {arguments.vocabulary} vocabulary, 256 hidden, float32")
    table(rows)


def one_logprob(arguments: argparse.Namespace) -> None:
    """Print the peak of one way."""
    device = pick_device(arguments.device)
    hidden = torch.randn(arguments.tokens, 256, device=device, requires_grad=True)
    head = torch.randn(arguments.vocabulary, 256, device=device, requires_grad=True)
    targets = torch.randint(0, arguments.vocabulary, (arguments.tokens,), device=device)
    before = peak_gib(device)
    logprobs, _ = chunked_logprobs(
        hidden, head, targets_N=targets, temperature=1.0, max_logits=arguments.limit, entropy_gradient=False
    )
    logprobs.sum().backward()
    print(f"{peak_gib(device) - before:.2f}")


COMMANDS = {
    "step": step_times,
    "update": update_speed,
    "sampling": sampling_speed,
    "logprobs": logprob_memory,
    "one-logprob": one_logprob,
}


def main() -> None:
    """Read the command line and run one measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=COMMANDS)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--model", default="nano", choices=SHAPES)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--hidden", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rollouts", type=int, default=64)
    parser.add_argument("--prompt-tokens", type=int, default=64)
    parser.add_argument("--response-tokens", type=int, default=64)
    parser.add_argument("--micro-batch-tokens", type=int, default=16_384)
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--weights-dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--packing", default="packed", choices=("padded", "packed"))
    parser.add_argument("--logprobs", default="chunked", choices=("chunked", "torch", "liger"))
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--vocabulary", type=int, default=151_936)
    parser.add_argument("--limit", type=int, default=2**27)
    arguments = parser.parse_args()
    COMMANDS[arguments.what](arguments)


if __name__ == "__main__":
    main()
