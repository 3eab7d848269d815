"""Where a training step's time goes, and how fast sampling and update are.

    python benchmarks/throughput.py            # everything at small size, on whatever device there is
    python benchmarks/throughput.py update sampling logprobs --model qwen-1.5b --dtype bfloat16 --checkpointing \
        --prompts 64 --prompt-tokens 512 --response-tokens 1024 --tokens 16384

``step``      step time split into phases, and the share outside sampling and update: a real run on the arithmetic task
``update``    tokens/s, model FLOP utilisation and peak memory of the update
``sampling``  tokens/s of the samplers against bare ``generate_batch`` and bare vLLM, same requests (``sampling.py``)
``logprobs``  peak memory of log-probabilities over a large vocabulary, whole and in chunks

Prints Markdown tables. Parts run in processes of their own, so that each has its own peak of memory. Every measurement
is repeated and the best is kept; on a machine with other work only ratios mean anything.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from machine import GIB, SHAPES, UNTIED, device_name, memory_cells, peak_flops, random_model, seconds, table

from knapsack_rl.base.layout import ProblemPaths, RunPaths
from knapsack_rl.config import LearnerConfig, RunConfig, TrainConfig, parse_study
from knapsack_rl.learner.logprobs import chunked_logprobs
from knapsack_rl.learner.policy import PolicyLearner
from knapsack_rl.learner.protocol import TrainingRow
from knapsack_rl.models import pick_device
from knapsack_rl.prepare import prepare
from knapsack_rl.pretrain import pretrain
from knapsack_rl.records import Journal
from knapsack_rl.study import expand
from knapsack_rl.train.build import build_parts
from knapsack_rl.train.state import save_state
from knapsack_rl.train.step import run_step
from knapsack_rl.train.stopwatch import Stopwatch

PHASES = ("sample", "score", "pack", "update", "sync", "allocate", "record")
PER_PROMPT = 8
"""Rollouts of a prompt."""


def step_run(arguments: argparse.Namespace) -> RunConfig:
    """A run of the arithmetic task with a model that is pre-trained just enough for mixed groups."""
    pretraining = {"steps": arguments.pretrain_steps, "batch_size": 64, "demonstrations": 10_000, "warmup_steps": 10}
    study = {
        "name": "throughput",
        "task": {"name": "arithmetic", "options": {"num_train": 256, "num_per_benchmark": 2}},
        "models": {"m": {"build": {"hidden_size": arguments.hidden, "num_layers": 3, "pretrain": pretraining}}},
        "arms": {"knapsack": {"strategy": "knapsack", "belief": "newest16", "options": {"fallback": True}}},
        "grid": {"models": ["m"], "arms": ["knapsack"], "budgets": [PER_PROMPT], "seeds": [0]},
        "train": {"steps": arguments.steps, "prompts_per_step": arguments.step_prompts, "save_every": 10},
        "learner": {"device": arguments.device},
    }
    (config,) = expand(parse_study(study, source="throughput")).values()
    return config


def step_times(arguments: argparse.Namespace) -> str:
    """Train and add up what every phase took, from the second step on: the first one warms up."""
    config = step_run(arguments)
    spent: dict[str, float] = dict.fromkeys(PHASES, 0.0)
    updated, total, watch = 0, 0.0, Stopwatch()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        problems = ProblemPaths(folder)
        prepare(config.task, problems)
        pretrain(config.task, config.model.build, output=folder / "model")  # type: ignore[arg-type] - it is built
        parts = build_parts(config, prompts_file=problems.train, model_folder=folder / "model")
        state = RunPaths(folder, "run").state
        with Journal(state / "journal.jsonl") as journal:
            for step in range(1, arguments.steps + 1):
                facts = run_step(parts, step)
                if step == 1:
                    journal.append(facts.record())
                    continue
                total += facts.step_s
                updated += facts.num_updated_rollouts
                for phase in PHASES[:-1]:
                    spent[phase] += getattr(facts, f"{phase}_s")
                with watch("step"):
                    journal.append(facts.record())
                    if step % config.train.save_every == 0:
                        save_state(state, parts, step=step)
    spent["record"] = watch.seconds["step"]
    total += spent["record"]
    return step_table(spent, total=total, steps=arguments.steps - 1, updated=updated / config.rollouts_per_step)


def step_table(spent: dict[str, float], *, total: float, steps: int, updated: float) -> str:
    """Phases, what no phase covers, and the share of all that is neither sampling nor update."""
    parts = spent | {"other": total - sum(spent.values())}
    rows = [(phase, f"{1000 * took / steps:.1f}", f"{took / total:.1%}") for phase, took in parts.items()]
    overhead = 1 - (spent["sample"] + spent["update"]) / total
    rows.append(("whole step", f"{1000 * total / steps:.1f}", "100.0%"))
    rows.append(("outside sample and update", "", f"{overhead:.1%}"))
    note = f"{updated / steps:.0%} of the rollouts had an advantage other than 0 and were updated."
    return f"{table([('phase', 'ms per step', 'share'), *rows])}\n\n{note}"


def update_speed(arguments: argparse.Namespace) -> str:
    """One mini-batch of random rows through the learner."""
    device = pick_device(arguments.device)
    compute = LearnerConfig(
        dtype=arguments.dtype,
        weights_dtype=arguments.weights_dtype,
        moments_dtype=arguments.moments_dtype,
        packing=arguments.packing,
        gradient_checkpointing=arguments.checkpointing,
    )
    model = random_model(arguments.model, dtype=getattr(torch, compute.weights_dtype), device=device)
    rows = list(random_rows(arguments, vocabulary=SHAPES[arguments.model][-1]))
    learner = PolicyLearner(
        model,
        None,  # type: ignore[arg-type] - nothing is exported
        train=TrainConfig(steps=1, optimizer={"learning_rate": 1e-6}, micro_batch_tokens=arguments.micro_batch_tokens),
        compute=compute,
    )
    learner.update([rows])  # warm up
    took = min(seconds(lambda: learner.update([rows])) for _ in range(arguments.repeats))
    tokens = sum(len(row.prompt_tokens) + len(row.response_tokens) for row in rows)
    flops = model_flops(arguments.model, rows, num_parameters=sum(each.numel() for each in model.parameters()))
    name = device_name(device)
    peak = peak_flops(name, given=arguments.peak_tflops)
    used = f"{flops / took / peak:.1%} of {peak / 1e12:,.0f}" if peak else "peak not known"
    heading = ("model", "device", "tokens/s", "TFLOP/s", "of the peak", "GPU peak (GiB)", "host peak (GiB)")
    speeds = (f"{tokens / took:,.0f}", f"{flops / took / 1e12:.3g}", used)
    return table([heading, (arguments.model, name, *speeds, *memory_cells(device))])


def model_flops(model: str, rows: list[TrainingRow], *, num_parameters: int) -> float:
    """Operations of forward and backward: 6 per weight and token, attention's causal half, the head for responses.

    What gradient checkpointing computes again is not counted, nor are embeddings looked up.
    """
    hidden, blocks, vocabulary = SHAPES[model][0], SHAPES[model][2], SHAPES[model][-1]
    inside = num_parameters - vocabulary * hidden * (2 if model in UNTIED else 1)
    lengths = [len(row.prompt_tokens) + len(row.response_tokens) for row in rows]
    head = 6.0 * vocabulary * hidden * sum(len(row.response_tokens) for row in rows)
    return 6.0 * inside * sum(lengths) + head + 6.0 * blocks * hidden * sum(length**2 for length in lengths)


def random_rows(arguments: argparse.Namespace, *, vocabulary: int) -> Iterator[TrainingRow]:
    """Rollouts of random tokens; response lengths are uneven, as in training."""
    rng = np.random.default_rng(0)
    rollouts = arguments.prompts * PER_PROMPT
    for _ in range(rollouts):
        length = int(rng.integers(arguments.response_tokens // 2, arguments.response_tokens + 1))
        yield TrainingRow(
            prompt_tokens=tuple(rng.integers(0, vocabulary, arguments.prompt_tokens).tolist()),
            response_tokens=tuple(rng.integers(0, vocabulary, length).tolist()),
            old_logprobs=(-float(np.log(vocabulary)),) * length,
            advantage=float(rng.standard_normal()),
            weight=1.0 / (rollouts * length),
        )


def sampling_speed(arguments: argparse.Namespace) -> str:
    """``sampling.py`` on requests of the same size."""
    here = Path(__file__).with_name("sampling.py")
    command = [sys.executable, str(here), "--shape", arguments.model, "--dtype", arguments.dtype]
    for key in ("prompts", "prompt_tokens", "response_tokens", "repeats", "device"):
        command += [f"--{key.replace('_', '-')}", str(getattr(arguments, key))]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def logprob_memory(arguments: argparse.Namespace) -> str:
    """Peak memory of forward and backward in one chunk or several, each in a process of its own."""
    rows = [("logits at once", "peak memory above the start (GiB)")]
    for limit in (2**40, 2**27, 2**25):
        command = [sys.executable, __file__, "one-logprob", "--device", arguments.device, "--limit", str(limit)]
        command += ["--tokens", str(arguments.tokens), "--vocabulary", str(arguments.vocabulary)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        rows.append(("all" if limit == 2**40 else f"{limit:,}", done.stdout.strip()))
    whole = arguments.tokens * arguments.vocabulary * 4 / GIB
    size = f"{arguments.tokens} tokens x {arguments.vocabulary} vocabulary, 256 hidden, float32; logits {whole:.2f} GiB"
    return f"{size}\n\n{table(rows)}"


def one_logprob(arguments: argparse.Namespace) -> str:
    """The peak of one way, in GiB above what was there before."""
    device = pick_device(arguments.device)
    hidden = torch.randn(arguments.tokens, 256, device=device, requires_grad=True)
    head = torch.randn(arguments.vocabulary, 256, device=device, requires_grad=True)
    targets = torch.randint(0, arguments.vocabulary, (arguments.tokens,), device=device)
    which = 0 if device.type == "cuda" else 1
    before = float(memory_cells(device)[which])
    logprobs, _ = chunked_logprobs(
        hidden, head, targets_N=targets, temperature=1.0, max_logits=arguments.limit, entropy_gradient=False
    )
    logprobs.sum().backward()
    return f"{float(memory_cells(device)[which]) - before:.2f}"


PARTS = {
    "step": step_times,
    "update": update_speed,
    "sampling": sampling_speed,
    "logprobs": logprob_memory,
    "one-logprob": one_logprob,
}
ALL = [part for part in PARTS if part != "one-logprob"]


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(ALL)}; all if none")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--model", default="nano", choices=SHAPES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--prompts", type=int, default=8, help=f"of {PER_PROMPT} rollouts each")
    parser.add_argument("--prompt-tokens", type=int, default=64)
    parser.add_argument("--response-tokens", type=int, default=64)
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    update = parser.add_argument_group("update")
    update.add_argument("--peak-tflops", type=float, help="of a device that is not in the table")
    update.add_argument("--micro-batch-tokens", type=int, default=16_384)
    update.add_argument("--weights-dtype", default="float32", choices=("float32", "bfloat16"))
    update.add_argument("--moments-dtype", choices=("float32", "bfloat16"))
    update.add_argument("--packing", default="packed", choices=("padded", "packed", "shared"))
    update.add_argument("--checkpointing", action="store_true")
    step = parser.add_argument_group("step")
    step.add_argument("--steps", type=int, default=21)
    step.add_argument("--hidden", type=int, default=96)
    step.add_argument("--pretrain-steps", type=int, default=200)
    step.add_argument("--step-prompts", type=int, default=64)
    logprobs = parser.add_argument_group("logprobs")
    logprobs.add_argument("--tokens", type=int, default=2048)
    logprobs.add_argument("--vocabulary", type=int, default=151_936)
    logprobs.add_argument("--limit", type=int, default=2**27, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if unknown := [part for part in arguments.parts if part not in PARTS]:
        parser.error(f"{unknown[0]}: no such part; give some of {', '.join(ALL)}")
    return arguments


def main() -> None:
    """Run one part here, several each in a process of its own."""
    arguments = parse()
    parts = arguments.parts or ALL
    if len(parts) == 1:
        print(PARTS[parts[0]](arguments))
        return
    options = [word for word in sys.argv[1:] if word not in PARTS]
    for part in parts:
        print(f"## {part}\n", flush=True)
        subprocess.run([sys.executable, __file__, part, *options], check=True)
        print(flush=True)


if __name__ == "__main__":
    main()
