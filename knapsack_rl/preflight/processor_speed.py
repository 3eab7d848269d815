"""How fast this machine trains a study's models, measured in seconds with the trainer's own sampler and learner.

As many processes measure at once as the study would run, since cores that share caches and memory slow each other down.
They count processor seconds, which other work on the machine lengthens less than the clock's.
"""

import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from time import process_time

from knapsack_rl.base.types import SamplingOptions
from knapsack_rl.config import LearnerConfig, RunConfig
from knapsack_rl.preflight.processor_work import (
    best_s,
    lengths_of,
    model_folder,
    pretrain_step_s,
    request_of,
    rows_of,
)
from knapsack_rl.study.processor_time import Lengths, ProcessorSpeed

NO_TOKEN = -1
"""A stop token that no model writes, so that responses have the length that is asked for."""
FEWER = 8
"""Batches of two sizes tell what a decoding step takes from what each of its rows takes."""
MOST_WORK = 2e11
"""Multiplications and additions of one measurement: batches are cut to it, so that large models take seconds too."""


def measure_speeds(runs: Mapping[str, RunConfig], *, cores: int, assumed: Lengths) -> dict[str, ProcessorSpeed]:
    """Speed of every model of a study while ``cores`` processes are at work.

    Args:
        runs: by name of the model, the run of it whose batches are largest.
        cores: processes.
        assumed: lengths of texts where the task has no demonstrations.

    Raises:
        InputError: a model is not there.
    """
    with ProcessPoolExecutor(max_workers=cores, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(_measure_all, dict(runs), assumed) for _ in range(cores)]
        found = [job.result() for job in jobs]
    return {name: _mean([speeds[name] for speeds in found]) for name in runs}


def _mean(speeds: list[ProcessorSpeed]) -> ProcessorSpeed:
    names = [name for name in ProcessorSpeed.__slots__ if name != "lengths"]
    return replace(speeds[0], **{name: mean(getattr(speed, name) for speed in speeds) for name in names})


def _measure_all(runs: Mapping[str, RunConfig], assumed: Lengths) -> dict[str, ProcessorSpeed]:
    """In a process of its own, which starts as a job of the study does."""
    import torch

    import knapsack_rl.learner.policy
    import knapsack_rl.sampler.hf_engine  # noqa: F401 - what a job imports before its first step

    torch.set_num_threads(1)
    start_s = process_time()
    with tempfile.TemporaryDirectory() as folder:
        return {name: measure(run, Path(folder) / name, assumed=assumed, start_s=start_s) for name, run in runs.items()}


def measure(run: RunConfig, scratch: Path, *, assumed: Lengths, start_s: float) -> ProcessorSpeed:
    """Speed of one model in this process; one that the study builds has random weights here."""
    folder, lengths = model_folder(run, scratch), lengths_of(run, assumed=assumed)
    decode_step_s, decode_row_s = _decoding(run, folder, lengths=lengths)
    return ProcessorSpeed(
        start_s=start_s,
        decode_step_s=decode_step_s,
        decode_row_s=decode_row_s,
        update_token_s=_updating(run, folder, lengths=lengths),
        pretrain_step_s=pretrain_step_s(run, folder),
        lengths=lengths,
    )


def _batch(run: RunConfig, parameters: int, *, lengths: Lengths) -> int:
    """Rollouts of a step, or as many as are measured in seconds."""
    affordable = MOST_WORK / (2 * parameters * (lengths.prompt + lengths.response))
    return max(2 * FEWER, int(min(run.rollouts_per_step, run.sampler.max_rows, affordable)))


def _decoding(run: RunConfig, folder: Path, *, lengths: Lengths) -> tuple[float, float]:
    """Seconds of a decoding step, and of each of its rows, from a batch of a step and one of an eighth of it."""
    from knapsack_rl.models.memory import model_size
    from knapsack_rl.sampler import build_sampler

    size, steps = model_size(folder), max(2, round(lengths.response))
    options = SamplingOptions(temperature=1.0, max_response_tokens=steps, stop_tokens=(NO_TOKEN,))
    on_cpu = run.sampler.model_copy(update={"kind": "transformers", "device": "cpu"})
    sampler = build_sampler(folder, config=on_cpu, prompt=run.model.prompt, options=options)
    many = _batch(run, size.num_parameters, lengths=lengths)
    few = many // FEWER

    def decode_s(rows: int) -> float:
        asked = request_of(rows, per_prompt=run.budget, lengths=lengths, vocabulary=size.vocabulary)
        request = replace(asked, options=options)
        return best_s(lambda: sampler.generate(request)) / steps

    many_s, few_s = decode_s(many), decode_s(few)
    row_s = max(0.0, (many_s - few_s) / (many - few))
    return max(0.0, few_s - few * row_s), row_s


def _updating(run: RunConfig, folder: Path, *, lengths: Lengths) -> float:
    """Seconds per token of an update, in the run's micro-batches."""
    import torch

    from knapsack_rl.learner.policy import PolicyLearner
    from knapsack_rl.models import load_model, load_tokenizer
    from knapsack_rl.models.memory import model_size

    train, size = run.train, model_size(folder)
    learner = PolicyLearner(
        load_model(folder, dtype=torch.float32, device=torch.device("cpu")),
        load_tokenizer(folder),
        train=train.model_copy(update={"loss": train.loss.model_copy(update={"kl_coef": 0.0, "entropy_coef": 0.0})}),
        compute=LearnerConfig(),
    )
    rows = max(1, _batch(run, size.num_parameters, lengths=lengths) // (2 * train.mini_batches))
    batch = rows_of(rows, lengths=lengths, vocabulary=size.vocabulary)
    tokens = sum(len(row.prompt_tokens) + len(row.response_tokens) for row in batch)
    return best_s(lambda: learner.update([batch])) / tokens
