"""Evaluation inside training: the same function and records as afterwards, and nothing is lost in a kill."""

import multiprocessing
import os
import signal

import pyarrow.parquet as pq
import pytest

from knapsack_rl.base.errors import ConfigError, InputError, StateError
from knapsack_rl.evaluate import evaluate
from knapsack_rl.sampler import FakeSampler
from knapsack_rl.train import train
from knapsack_rl.train.build import build_parts

from .conftest import Bench, build_fake_parts, p_success

INSIDE = {"every": 2, "samples": 3, "inside_training": True}


def _evaluated(job):
    """The table of the `evaluate` job, whose own engine would fail: the fakes have no weights."""
    evaluate(job.config, paths=job.paths, benchmarks_file=job.benchmarks_file, prompts_file=job.prompts_file)
    return pq.read_table(job.paths.evals)


def _build_killed_at(call):
    """A composition root whose sampler kills the process, for good, on its ``call``-th request."""

    class Killing(FakeSampler):
        calls = 0

        def generate(self, request):
            self.calls += 1
            if self.calls == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().generate(request)

    def build(config, **files):
        parts = build_fake_parts(config, **files)
        parts.sampler = Killing(p_success)
        return parts

    return build


def test_checkpoints_are_evaluated_and_few_weights_kept(bench):
    """Every second step is in the records, every sixth has weights."""
    job = bench.job(evaluation=INSIDE, keep_weights_every=6)
    train(job)
    evals = _evaluated(job)
    assert evals["step"].unique().to_pylist() == [0, 2, 4, 6, 8, 10, 12]
    assert evals.num_rows == 7 * 5 * 2 * 3
    assert sorted(path.name for path in (job.paths.folder / "weights").iterdir()) == [
        "step_00000",
        "step_00006",
        "step_00012",
    ]


@pytest.mark.parametrize("call", [1, 3, 12, 21, 30, 41])
def test_sigkill_loses_no_evaluation(tmp_path, call):
    """SIGKILL in the first evaluation, in a later one, in a step: training and evaluation end as if nothing was."""
    whole = Bench(tmp_path / "a").job(evaluation=INSIDE, keep_weights_every=6)
    train(whole)
    dying = Bench(tmp_path / "b").job(evaluation=INSIDE, keep_weights_every=6, build=_build_killed_at(call))
    process = multiprocessing.get_context("fork").Process(target=train, args=(dying,))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert not dying.paths.folder.exists()
    resumed = Bench(tmp_path / "b").job(evaluation=INSIDE, keep_weights_every=6)
    train(resumed)
    assert _evaluated(resumed) == _evaluated(whole)
    groups = [pq.read_table(job.paths.folder / "groups.parquet") for job in (resumed, whole)]
    assert groups[0] == groups[1]


def test_changed_evaluation_without_weights_is_one_line(bench):
    """A finished run cannot be evaluated anew at steps whose weights are gone; the message says what to do."""
    train(bench.job(evaluation=INSIDE, keep_weights_every=6))
    changed = bench.job(evaluation=INSIDE | {"samples": 5}, keep_weights_every=6)
    with pytest.raises(StateError, match=r"step 2 was not evaluated.*restore `evaluation`, or raise code_version"):
        train(changed)
    with pytest.raises(InputError, match="another `evaluation`; run `train` of this run again"):
        _evaluated(changed)
    longer = bench.job(steps=14, evaluation=INSIDE, keep_weights_every=6)
    train(longer)
    assert _evaluated(longer)["step"].unique().to_pylist() == [0, 2, 4, 6, 8, 10, 12, 14]


def test_weights_are_not_dropped_before_evaluation(bench):
    """Without evaluation inside training every evaluated step needs its weights."""
    with pytest.raises(ConfigError, match=r"keep_weights_every.*inside_training: true"):
        bench.job(keep_weights_every=6)


@pytest.mark.torch
def test_inside_and_afterwards_agree(bench, tiny_model_folder):
    """A real model: evaluated by the trainer's sampler, and by the `evaluate` job from the kept weights."""
    tables = []
    for inside in (True, False):
        settings = {"every": 1, "samples": 2, "inside_training": inside, "temperature": 0.6, "max_response_tokens": 20}
        job = bench.job(steps=2, arm="uniform", budget=2, evaluation=settings, build=build_parts, save_every=1)
        job = type(job)(**{name: getattr(job, name) for name in job.__slots__} | {"model_folder": tiny_model_folder})
        train(job)
        tables.append(_evaluated(job))
    assert tables[0]["step"].unique().to_pylist() == [0, 1, 2]
    assert tables[0] == tables[1]
