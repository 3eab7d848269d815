"""Runs made of the fakes that ship in the package: known success rates, a learner that counts."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from knapsack_rl.allocation import build_method
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.beliefs import hashed_features, tracker_names
from knapsack_rl.config import parse_study
from knapsack_rl.learner import FakeLearner
from knapsack_rl.prepare import prepare
from knapsack_rl.records import WALL_CLOCK_COLUMNS
from knapsack_rl.records.prompts import read_train_prompts
from knapsack_rl.sampler import FakeSampler
from knapsack_rl.study import expand
from knapsack_rl.tasks import build_task
from knapsack_rl.train import TrainJob
from knapsack_rl.train.build import Parts, build_belief
from knapsack_rl.train.stream import PromptStream

RATES = (0.0, 0.0, 0.02, 0.1, 0.3, 0.6, 0.9, 1.0)


def p_success(prompt):
    """Known success rate of a prompt: one of ``RATES``, by its id."""
    return RATES[derive_seed(prompt.id) % len(RATES)]


def build_fake_parts(config, *, prompts_file, model_folder):
    """Composition root with fakes; a stand-in for ``train.build.build_parts``."""
    del model_folder
    return Parts(
        config=config,
        task=build_task(config.task.name, config.task.options, seed=config.task.seed),
        stream=PromptStream(
            read_train_prompts(prompts_file), batch_size=config.train.prompts_per_step, seed=config.seed
        ),
        tracker=build_belief(config.arm.belief, config.arm.belief_options, prompts=read_train_prompts(prompts_file)),
        strategy=build_method(config.arm.strategy, config.arm.options),
        sampler=FakeSampler(p_success),
        learner=FakeLearner(),
        features=hashed_features({prompt.id: prompt.text for prompt in read_train_prompts(prompts_file)}),
    )


class Killed(BaseException):
    """Stands for a kill: nothing in the trainer catches it."""


def build_that_dies_in_call(number):
    """A composition root whose sampler is killed in its call of that number, the first being 1."""

    class DyingSampler(FakeSampler):
        def generate(self, request):
            self.calls = getattr(self, "calls", 0) + 1
            if self.calls == number:
                raise Killed
            return super().generate(request)

    def build(config, **files):
        parts = build_fake_parts(config, **files)
        parts.sampler = DyingSampler(p_success)
        return parts

    return build


def published(job):
    """Rows of the tables ``steps`` (but for seconds), ``groups`` and ``rounds`` of a finished run."""
    steps = pq.read_table(job.paths.steps).drop_columns(list(WALL_CLOCK_COLUMNS)).to_pylist()
    return steps, *(pq.read_table(path).to_pylist() for path in (job.paths.groups, job.paths.rounds))


@dataclass(frozen=True)
class Bench:
    """Makes training jobs on fakes below one folder."""

    root: Path

    def job(self, *, arm="knapsack", steps=12, budget=8, build=build_fake_parts, evaluation=None, **train):
        """A job of 64 prompts in batches of 16; ``train`` and ``evaluation`` override keys of their sections."""
        study = parse_study(
            {
                "name": "fake",
                "task": {"name": "arithmetic", "options": {"num_train": 64, "num_per_benchmark": 2}},
                "models": {"m": {"build": {"hidden_size": 16, "num_layers": 1}}},
                "arms": {name: {"strategy": name} for name in ("uniform", "knapsack", "oracle", arm)}
                | {f"sees_{name}": {"strategy": "uniform", "belief": name} for name in tracker_names()},
                "grid": {"models": ["m"], "arms": [arm], "budgets": [budget], "seeds": [0]},
                "train": {"steps": steps, "prompts_per_step": 16, "save_every": 4, **train},
                "evaluation": {"every": 4} | (evaluation or {}),
                "tracking": {"live": False},
            },
            source="test",
        )
        (config,) = expand(study).values()
        paths = StudyPaths.of("fake", self.root)
        problems = paths.problems(None)
        if not problems.train.exists():
            prepare(config.task, problems)
        return TrainJob(
            config=config,
            paths=paths.run(config.run_id),
            prompts_file=problems.train,
            benchmarks_file=problems.benchmarks,
            model_folder=self.root / "model",
            build=build,
        )


@pytest.fixture
def bench(tmp_path):
    """Training jobs on fakes below a temporary folder."""
    return Bench(tmp_path)
