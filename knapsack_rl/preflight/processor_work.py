"""Work of a known size, shaped as a run's: random tokens, as long as the task's texts."""

from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.types import GenerationRequest, Prompt
from knapsack_rl.config import PretrainConfig, RunConfig
from knapsack_rl.learner import TrainingRow
from knapsack_rl.study.processor_time import Lengths
from knapsack_rl.tasks import build_task

DEMONSTRATIONS = 2000
"""Texts that lengths are read off, and that pre-training is timed on."""
REPEATS = 2
PRETRAIN_STEPS = 1


def best_s(work: Callable[[], object]) -> float:
    """Fewest processor seconds of some repeats, after one that warms up."""
    found = []
    for _ in range(1 + REPEATS):
        start = process_time()
        work()
        found.append(process_time() - start)
    return min(found[1:])


def lengths_of(run: RunConfig, *, assumed: Lengths) -> Lengths:
    """Mean tokens of demonstrations, which models that are built come to write; as assumed where there are none."""
    sequences = demonstrations(run)
    if not sequences or run.model.build is None:
        return assumed
    limit = run.train.max_response_tokens
    prompt = float(np.mean([len(prompt) for prompt, _ in sequences]))
    return Lengths(prompt=prompt, response=float(np.mean([min(limit, len(response)) for _, response in sequences])))


def demonstrations(run: RunConfig) -> list[tuple[list[int], list[int]]]:
    """Some of the task's demonstrations as tokens of its own vocabulary; none if it has none."""
    from knapsack_rl.models import build_tokenizer

    task = build_task(run.task.name, run.task.options, seed=run.task.seed)
    if not task.vocabulary():
        return []
    tokenizer = build_tokenizer(task.vocabulary())
    known = task.demonstrations(DEMONSTRATIONS)
    return [(tokenizer(each.prompt)["input_ids"], tokenizer(each.response)["input_ids"]) for each in known]


def model_folder(run: RunConfig, scratch: Path) -> Path:
    """Folder of the run's model; one that the study builds is made in ``scratch``, with random weights.

    Raises:
        InputError: a model of the hub, which is not there yet.
    """
    from knapsack_rl.models import build_model, build_tokenizer, save_model

    if run.model.path:
        return Path(run.model.path)
    if run.model.build is None:
        raise InputError(
            f"models.{run.model_name}: {run.model.hub or run.model.gguf} is not on this machine as a model folder,"
            " so its speed cannot be measured; give another --hardware, or download it and give `path`"
        )
    tokenizer = build_tokenizer(build_task(run.task.name, run.task.options, seed=run.task.seed).vocabulary())
    save_model(scratch, build_model(run.model.build, tokenizer), tokenizer=tokenizer)
    return scratch


def request_of(rows: int, *, per_prompt: int, lengths: Lengths, vocabulary: int) -> GenerationRequest:
    """Prompts of random tokens whose rollouts are ``rows`` in all."""
    counts = [per_prompt] * (rows // per_prompt) + [rows % per_prompt] * (rows % per_prompt > 0)
    ids = np.random.default_rng(0).integers(1, vocabulary - 1, (len(counts), round(lengths.prompt)))
    return GenerationRequest(
        prompts=tuple(Prompt(id=str(place), text="", answer="", kind="") for place in range(len(counts))),
        counts=tuple(counts),
        seeds=tuple(tuple(range(count)) for count in counts),
        prompt_tokens=tuple(tuple(row) for row in ids.tolist()),
    )


def rows_of(rows: int, *, lengths: Lengths, vocabulary: int) -> list[TrainingRow]:
    """Rows of a mini-batch, half of them with a negative advantage."""
    size, response = (round(lengths.prompt), round(lengths.response))
    ids = np.random.default_rng(0).integers(1, vocabulary - 1, (rows, size + response)).tolist()
    return [
        TrainingRow(
            prompt_tokens=tuple(row[:size]),
            response_tokens=tuple(row[size:]),
            old_logprobs=(-1.0,) * response,
            advantage=1.0 if place % 2 else -1.0,
            weight=1 / (rows * response),
        )
        for place, row in enumerate(ids)
    ]


def pretrain_step_s(run: RunConfig, folder: Path) -> float:
    """Processor seconds of an optimiser step of pre-training; 0 for a model that is not built here."""
    import torch

    from knapsack_rl.learner.imitation import imitate
    from knapsack_rl.models import load_model

    build = run.model.build
    if build is None:
        return 0.0
    model, sequences = load_model(folder, dtype=torch.float32, device=torch.device("cpu")), demonstrations(run)
    few = PretrainConfig(**build.pretrain.model_dump() | {"steps": PRETRAIN_STEPS})
    return best_s(lambda: imitate(model, sequences, config=few, seed=0, on_step=lambda *_: None)) / PRETRAIN_STEPS
