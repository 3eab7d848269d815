"""What is compared: models, prompts, rewards and sizes, the same for both trainers."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from knapsack_rl.base.layout import ProblemPaths
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.config import BuildConfig, PretrainConfig, RunConfig, TaskConfig, parse_study
from knapsack_rl.models import build_model, build_tokenizer, save_model
from knapsack_rl.prepare import prepare
from knapsack_rl.pretrain import pretrain
from knapsack_rl.study import expand
from knapsack_rl.tasks import OpenTokenizer, Preparation, Task, TaskOptions, Verdict, build_task, plain_preparation

WARM_UP = 2
"""Steps that are not timed. There are twice as many prompts as a step has, so that beliefs know all of them by then."""
WIDE_VOCABULARY = 32_000
CHARACTERS = (*range(0x4E00, 0x9FFF), *range(0xAC00, 0xD7A3))
"""Code points that fill a large vocabulary; the tokenizer has one token per character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Example: ``Case(name="small", build=BuildConfig(hidden_size=96, num_layers=3), prompts=64)``."""

    name: str
    build: BuildConfig
    prompts: int
    rollouts: int = 8
    """Per prompt."""
    response_tokens: int = 48
    steps: int = 6
    """Timed, after the warm-up."""
    micro_batch_tokens: int = 2048
    trl_rows: Sequence[int] = (16, 64)
    """Rows that TRL pushes through the model at once; the fastest is compared."""
    vocabulary: int | None = None
    """Tokens of the vocabulary of a model with random weights; the task's own, and pre-training, if left out."""
    coin: bool = False
    """Rewards of a coin, for a model that solves nothing; the task's own if not."""


def cases(size: str) -> list[Case]:
    """The cases of a size: ``smoke`` takes a minute, ``full`` is what is reported."""
    if size == "smoke":
        few = PretrainConfig(steps=40, batch_size=32, demonstrations=2000, warmup_steps=5)
        small = BuildConfig(hidden_size=32, num_layers=2, pretrain=few)
        wide = BuildConfig(hidden_size=56, num_layers=2, num_heads=14)
        shape: dict[str, Any] = {"steps": 2, "trl_rows": (16,), "coin": True}
        return [
            Case(name="small", build=small, prompts=8, **shape),
            Case(name="wide", build=wide, prompts=4, vocabulary=1000, response_tokens=12, **shape),
        ]
    small = BuildConfig(hidden_size=96, num_layers=3, pretrain=PretrainConfig(steps=600, learning_rate=3e-3))
    wide = BuildConfig(hidden_size=896, num_layers=2, num_heads=14)
    noise: dict[str, Any] = {"vocabulary": WIDE_VOCABULARY, "coin": True, "trl_rows": (8, 32)}
    return [
        Case(name="small", build=small, prompts=64, trl_rows=(16, 64, 256)),
        Case(name="wide", build=wide, prompts=8, response_tokens=24, steps=3, **noise),
    ]


@dataclass(frozen=True)
class CoinTask(Task[TaskOptions]):
    """Rewards for a model that writes noise: a coin whose weight depends on the prompt, a function of both texts.

    A quarter of the prompts are always right and a quarter always wrong: their groups teach nothing, as in a run.
    """

    options: TaskOptions = field(default_factory=lambda: TaskOptions(cut_off="graded"))
    seed: int = 0

    def preparation(self, open_tokenizer: OpenTokenizer) -> Preparation:
        """None: the prompts are another task's."""
        del open_tokenizer
        return plain_preparation([], {})

    def judge(self, prompt: Prompt, text: str) -> Verdict:
        """Toss the coin."""
        return Verdict(int(_share(prompt.text + text) < 2 * _share(prompt.text) - 0.5), "coin")


def _share(text: str) -> float:
    """A number in [0, 1) that looks random."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48


def run_of(case: Case, strategy: str) -> RunConfig:
    """Our run of a case. Both trainers weigh every rollout alike, as GRPO does (arXiv 2402.03300, Eq. 3)."""
    arm = {"strategy": strategy} | (
        {"belief": "newest16", "options": {"fallback": True}} if strategy != "uniform" else {}
    )
    study = {
        "name": "beside",
        "task": {"name": "arithmetic", "options": {"num_train": 2 * case.prompts, "num_per_benchmark": 2}},
        "models": {"m": {"build": case.build.model_dump()}},
        "arms": {strategy: arm},
        "grid": {"models": ["m"], "arms": [strategy], "budgets": [case.rollouts], "seeds": [0]},
        "train": {
            "steps": WARM_UP + case.steps,
            "prompts_per_step": case.prompts,
            "mini_batches": 2,
            "loss": {"aggregation": "sequence"},
            "max_response_tokens": case.response_tokens,
            "micro_batch_tokens": case.micro_batch_tokens,
        },
        "learner": {"device": "cpu"},
        "tracking": {"live": False},
    }
    (config,) = expand(parse_study(study, source="benchmark")).values()
    return config


def make_files(case: Case, folder: Path) -> tuple[Path, Path]:
    """Training prompts and base model of a case, made once; returns both paths."""
    task = TaskConfig(name="arithmetic", options=run_of(case, "uniform").task.options)
    digest = hashlib.sha256(f"{case.build!r}{case.vocabulary}{task!r}".encode()).hexdigest()[:12]
    place = folder / f"{case.name}-{digest}"
    problems, model = ProblemPaths(place), place / "model"
    if not problems.train.is_file():
        place.mkdir(parents=True, exist_ok=True)
        prepare(task, problems)
    if not (model / "config.json").is_file():
        if case.vocabulary is None:
            pretrain(task, case.build, output=model)
        else:
            _random_model(case, model, task=task)
    return problems.train, model


def _random_model(case: Case, output: Path, *, task: TaskConfig) -> None:
    known = build_task(task.name, task.options, seed=task.seed).vocabulary()
    more = [chr(point) for point in CHARACTERS[: case.vocabulary - len(known) - 1]]
    tokenizer = build_tokenizer([*known[:-1], *more, known[-1]])
    save_model(output, build_model(case.build, tokenizer), tokenizer=tokenizer)


def task_of(case: Case, run: RunConfig) -> Task[Any]:
    """Who rewards the case's responses."""
    return build_task(run.task.name, run.task.options, seed=run.task.seed) if not case.coin else CoinTask()


def stop_of(tokens: Sequence[int], eos: int) -> StopReason:
    """Why a response ended, from its tokens."""
    return StopReason.EOS if tokens and tokens[-1] == eos else StopReason.LENGTH
