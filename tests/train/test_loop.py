"""A run loses nothing: killed anywhere it resumes to the records of an uninterrupted one."""

import json
import shutil
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from knapsack_rl.base.errors import ConfigError, OutputError, StateError, TrainingError
from knapsack_rl.beliefs import tracker_names
from knapsack_rl.learner import FakeLearner
from knapsack_rl.records import WALL_CLOCK_COLUMNS
from knapsack_rl.sampler import FakeSampler
from knapsack_rl.train import train

from .conftest import Bench, build_fake_parts, p_success


def _tables(job):
    steps = pq.read_table(job.paths.folder / "steps.parquet").drop_columns(list(WALL_CLOCK_COLUMNS))
    return steps.to_pylist(), pq.read_table(job.paths.folder / "groups.parquet").to_pylist()


class _Killed(BaseException):
    """Stands for a kill: nothing in the trainer catches it."""


def _build_that_dies_at(update):
    """A composition root whose learner is killed at its ``update``-th training step."""

    class DyingLearner(FakeLearner):
        def update(self, mini_batches):
            if self.num_updates >= update * len(mini_batches):
                raise _Killed
            return super().update(mini_batches)

    def build(config, **files):
        parts = build_fake_parts(config, **files)
        parts.learner = DyingLearner()
        return parts

    return build


@pytest.mark.parametrize("killed_at", [0, 1, 3, 4, 5, 8, 11])
def test_killed_run_resumes_to_the_uninterrupted_records(tmp_path, killed_at):
    """Kill before the first step, between saves, right after a save: the records are the same."""
    whole = Bench(tmp_path / "a").job()
    train(whole)
    dying = Bench(tmp_path / "b").job(build=_build_that_dies_at(killed_at))
    with pytest.raises(_Killed):
        train(dying)
    assert not dying.paths.folder.exists()
    train(Bench(tmp_path / "b").job())
    assert _tables(dying) == _tables(whole)


@pytest.mark.parametrize(
    "arm",
    ["coba_paper", "e3", "knapsack_tokens", "oracle", "vip", *(f"sees_{name}" for name in tracker_names())],
)
def test_what_strategies_and_beliefs_remember_is_resumed(tmp_path, arm):
    """Failure rates, ranks, costs, every belief: a run killed in its third epoch ends as if it had not been."""
    whole = Bench(tmp_path / "a").job(arm=arm)
    train(whole)
    dying = Bench(tmp_path / "b").job(arm=arm, build=_build_that_dies_at(9))
    with pytest.raises(_Killed):
        train(dying)
    train(Bench(tmp_path / "b").job(arm=arm))
    assert _tables(dying) == _tables(whole)


def test_raising_the_number_of_steps_continues(bench, tmp_path):
    """8 steps, then 12: the records of 12 in one go, and the first 8 are not trained again."""
    train(bench.job(steps=8))
    longer = bench.job(steps=12)
    train(longer)
    whole = Bench(tmp_path / "whole").job(steps=12)
    train(whole)
    assert _tables(longer) == _tables(whole)
    assert len(longer.paths.state.joinpath("journal.jsonl").read_text().splitlines()) == 12
    assert not list(longer.paths.state.parent.glob("*.aside-*"))


def test_state_of_another_configuration_is_set_aside(bench):
    """A changed learning rate starts over, and the old state stays beside it."""
    train(bench.job(steps=4))
    job = bench.job(steps=4, optimizer={"learning_rate": 0.5})
    train(job)
    assert [path.name for path in job.paths.state.parent.glob("*.aside-*")] == [f"{job.config.run_id}.aside-1"]
    assert len(job.paths.state.joinpath("journal.jsonl").read_text().splitlines()) == 4


def test_fewer_steps_than_saved_starts_over(bench):
    """A run cannot be shortened by resuming; its state is set aside."""
    train(bench.job(steps=12))
    job = bench.job(steps=6)
    train(job)
    assert len(_tables(job)[0]) == 6
    assert list(job.paths.state.parent.glob("*.aside-*"))


def test_lowering_the_steps_to_a_saved_step_publishes_that_step(bench):
    """Saved at 10, where no checkpoint was due: the weights are exported from the save."""
    dying = bench.job(steps=12, save_every=2, build=_build_that_dies_at(11))
    with pytest.raises(_Killed):
        train(dying)
    shorter = bench.job(steps=10, save_every=2)
    train(shorter)
    assert len(_tables(shorter)[0]) == 10
    assert shorter.paths.weights(10).is_dir()


def test_lost_weights_start_the_run_over(bench):
    """Weights of a step before the save cannot be had again from it."""
    job = bench.job(steps=12)
    train(job)
    before = _tables(job)
    shutil.rmtree(job.paths.state / "weights" / "step_00004")
    train(bench.job(steps=12))
    assert _tables(job) == before
    assert list(job.paths.state.parent.glob("*.aside-*"))


def test_lost_journal_is_refused_and_the_old_records_stay(bench):
    """Saves without their journal cannot be published; what was published before is still there."""
    job = bench.job()
    train(job)
    before = _tables(job)
    (job.paths.state / "journal.jsonl").unlink()
    with pytest.raises(StateError, match=r"journal.jsonl: step 1 is missing.* no older save can be used"):
        train(bench.job())
    assert _tables(job) == before


def test_state_without_a_readable_stamp_is_set_aside(bench):
    """Nothing says what it belongs to."""
    job = bench.job()
    train(job)
    (job.paths.state / "stamp.json").write_text("{")
    train(bench.job(optimizer={"learning_rate": 0.5}))
    assert list(job.paths.state.parent.glob("*.aside-*"))


def test_finished_run_is_published_again_without_training(bench):
    """Records lost after the last step come back from the journal."""
    job = bench.job()
    train(job)
    before = _tables(job)
    for path in job.paths.folder.glob("*.parquet"):
        path.unlink()
    train(bench.job(build=_build_that_dies_at(0)))
    assert _tables(job) == before


def test_published_folder_is_complete(bench):
    """Config, records, manifest and the weights of every evaluated step."""
    job = bench.job()
    train(job)
    assert sorted(path.name for path in (job.paths.folder / "weights").iterdir()) == [
        f"step_{step:05d}" for step in (0, 4, 8, 12)
    ]
    manifest = json.loads((job.paths.folder / "manifest.json").read_text())
    assert manifest["packages"]["numpy"]
    assert manifest["train_s"] > 0
    assert manifest["num_gpus"] == 0


def test_manifest_says_how_many_gpus_the_run_held(bench):
    """GPU-seconds are counted from it."""
    job = bench.job(build=lambda *given, **named: replace(build_fake_parts(*given, **named), num_gpus=4))
    train(job)
    assert json.loads((job.paths.folder / "manifest.json").read_text())["num_gpus"] == 4


def test_second_process_is_refused(bench):
    """The state folder is locked; the message names it and the remedy."""
    job = bench.job()
    job.paths.state.parent.mkdir(parents=True)
    with (
        FileLock(job.paths.state.parent / f".{job.paths.state.name}.lock"),
        pytest.raises(StateError, match="another process is training this run; wait for it or stop it"),
    ):
        train(job)


def test_unwritable_results_folder_is_named(bench):
    """Nothing can be written below a file."""
    job = bench.job()
    (job.paths.study / "runs").write_text("a file")
    with pytest.raises(OutputError, match="choose a writable folder"):
        train(job)


def test_more_prompts_than_problems_is_refused(bench):
    """A batch must not hold a problem twice."""
    with pytest.raises(ConfigError, match="prompts_per_step: 65 exceeds the 64"):
        train(bench.job(prompts_per_step=65))


def test_live_tracker_is_told_every_step_and_closed(bench):
    """Streaming gets each record once; a run without live tracking starts none."""
    told = []

    class Live:
        def log_step(self, record):
            told.append(record["step"])

        def close(self, *, finished):
            told.append(finished)

    job, other = bench.job(steps=3), {"learning_rate": 0.1}
    silent = type(job)(**{**_fields(job), "start_live": lambda _: pytest.fail("live tracking is off")})
    train(silent)
    loud = type(job)(
        **{
            **_fields(bench.job(steps=3, optimizer=other)),
            "config": bench.job(steps=3, optimizer=other).config.model_copy(update={"live_tracking": True}),
            "start_live": lambda _: Live(),
        }
    )
    train(loud)
    assert told == [1, 2, 3, True]


def _fields(job):
    return {name: getattr(job, name) for name in job.__slots__}


def test_step_that_cannot_be_finished_is_named_without_a_word_on_divergence(bench):
    """An engine that fails is no reason to lower the learning rate; the run goes on from its last save."""

    class FailingSampler(FakeSampler):
        def generate(self, request):
            if self.num_loads >= 6:
                raise TrainingError("sampler: 3 of 128 requests were answered")
            return super().generate(request)

    def build(config, **files):
        parts = build_fake_parts(config, **files)
        parts.sampler = FailingSampler(p_success)
        return parts

    job = bench.job(build=build)
    words = r"step 7: sampler: 3 of 128 requests were answered; the same command continues from the last saved state$"
    with pytest.raises(TrainingError, match=words):
        train(job)
    assert not job.paths.folder.exists()
    train(bench.job())
    assert len(_tables(job)[0]) == 12


def test_weights_carry_a_card_with_the_runs_facts(bench):
    """Every published checkpoint says what it is."""
    job = bench.job()
    train(job)
    card = (job.paths.weights(8) / "README.md").read_text()
    for fact in (job.config.run_id, "after 8 of 12 steps", "strategy knapsack", "arithmetic"):
        assert fact in card
    assert "before any update" in (job.paths.weights(0) / "README.md").read_text()
