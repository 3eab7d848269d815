"""Engine `trl` trains a run of a study and leaves the records that ours leaves."""

import json
import shutil

import numpy as np
import pytest

from knapsack_rl.base.errors import ConfigError, DivergedError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import parse_study
from knapsack_rl.evaluate import evaluate
from knapsack_rl.prepare import prepare
from knapsack_rl.pretrain import pretrain
from knapsack_rl.records import read_journal, read_table
from knapsack_rl.records.schemas import EVALS, GROUPS, ROUNDS, STEPS, WALL_CLOCK_COLUMNS
from knapsack_rl.study import expand
from knapsack_rl.train import TrainJob, train

from . import small as _skips_without_trl  # noqa: F401

BUILD = {"hidden_size": 32, "num_layers": 2, "num_heads": 2}
PRETRAIN = {"demonstrations": 2000, "steps": 80, "batch_size": 64, "learning_rate": 4e-3, "warmup_steps": 5}


def study(**changed):
    sections = {
        "name": "trl",
        "engine": "trl",
        "task": {"name": "arithmetic", "options": {"num_train": 24, "num_per_benchmark": 2, "max_operations": 2}},
        "models": {"m": {"build": BUILD | {"pretrain": PRETRAIN}}},
        "arms": {"knapsack": {"strategy": "knapsack", "belief": "last_visit"}},
        "grid": {"models": ["m"], "arms": ["knapsack"], "budgets": [4], "seeds": [0]},
        "train": {"steps": 6, "prompts_per_step": 8, "mini_batches": 2, "save_every": 2, "max_response_tokens": 8},
        "evaluation": {"every": 3, "samples": 1, "max_response_tokens": 8},
        "tracking": {"live": False},
    }
    sections["train"] |= changed.pop("train", {})
    return sections | changed


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with a base model that gets some problems right."""
    folder = tmp_path_factory.mktemp("engine")
    (config,) = expand(parse_study(study(), source="test")).values()
    pretrain(config.task, config.model.build, output=folder / "model")
    return folder


def make(root, name, **changed):
    """A job in a folder of its own."""
    (config,) = expand(parse_study(study(**changed), source="test")).values()
    paths = StudyPaths.of("trl", root / name)
    if not paths.problems(None).train.exists():
        prepare(config.task, paths.problems(None))
    return TrainJob(
        config=config,
        paths=paths.run(config.run_id),
        prompts_file=paths.problems(None).train,
        benchmarks_file=paths.problems(None).benchmarks,
        model_folder=root / "model",
    )


def run(job):
    from knapsack_rl.integrations.trl.engine import train_with_trl

    train_with_trl(job)
    return job.paths.folder


@pytest.fixture(scope="module")
def whole(root):
    """A run that nothing interrupted."""
    job = make(root, "whole")
    run(job)
    return job


def test_records_are_those_of_a_study(whole):
    """Steps, groups, weights, manifest; and the evaluation reads them as it reads ours."""
    folder = whole.paths.folder
    steps, groups = read_table(folder / "steps.parquet", STEPS), read_table(folder / "groups.parquet", GROUPS)
    assert steps["step"].to_pylist() == [1, 2, 3, 4, 5, 6]
    assert steps["epoch"].to_pylist() == [0, 0, 0, 1, 1, 1]
    assert set(steps["num_rollouts"].to_pylist()) == {32}
    assert 0 < sum(steps["num_successes"].to_pylist()) < 6 * 32
    for column in ("num_rollouts", "num_successes", "num_truncated", "num_response_tokens"):
        assert sum(steps[column].to_pylist()) == sum(groups[column].to_pylist())
    assert groups["visit"].to_pylist() == [1] * 24 + [2] * 24
    assert len(set(groups["num_rollouts"].to_pylist())) > 1
    assert np.isfinite(steps["sampled_entropy"].to_pylist()).all()
    assert [path.name for path in sorted((folder / "weights").iterdir())] == ["step_00000", "step_00003", "step_00006"]
    assert json.loads((folder / "manifest.json").read_text())["packages"]["trl"] == "1.16.0"
    evaluate(whole.config, paths=whole.paths, benchmarks_file=whole.benchmarks_file, prompts_file=whole.prompts_file)
    assert set(read_table(whole.paths.evals, EVALS)["step"].to_pylist()) == {0, 3, 6}


def test_prompts_come_in_the_order_of_our_trainer(root, whole):
    """Arms and engines of a seed see the same prompts at every step."""
    ours = make(root, "ours", engine="ours", train={"steps": 4})
    train(ours)
    prompts = [
        read_table(job.paths.folder / "groups.parquet", GROUPS)["prompt_id"].to_pylist()[:32] for job in (ours, whole)
    ]
    assert prompts[0] == prompts[1]


def test_interrupted_run_continues(root, whole, monkeypatch):
    """Records but for the seconds, and the last weights, are those of an uninterrupted run."""
    from knapsack_rl.integrations.trl.study_trainer import StudyTrainer

    inner = StudyTrainer._generate_and_score_completions

    def killed(self, inputs):
        if self.allocator.step == 4:
            raise KeyboardInterrupt
        return inner(self, inputs)

    job = make(root, "killed")
    with monkeypatch.context() as patched:
        patched.setattr(StudyTrainer, "_generate_and_score_completions", killed)
        with pytest.raises(KeyboardInterrupt):
            run(job)
    assert not job.paths.folder.exists()
    folders = (whole.paths.folder, run(job))
    for name, schema in (("steps", STEPS), ("groups", GROUPS), ("rounds", ROUNDS)):
        tables = [read_table(folder / f"{name}.parquet", schema) for folder in folders]
        kept = [column for column in schema.names if column not in WALL_CLOCK_COLUMNS]
        assert tables[0].select(kept).equals(tables[1].select(kept))
    weights = [(folder / "weights" / "step_00006" / "model.safetensors").read_bytes() for folder in folders]
    base = (folders[0] / "weights" / "step_00000" / "model.safetensors").read_bytes()
    assert weights[0] == weights[1] != base


def test_more_steps_continue(root, whole):
    """As with our trainer, raising the number of steps goes on from the last save."""
    job = make(root, "more", train={"steps": 8})
    shutil.copytree(whole.paths.state, job.paths.state)
    run(job)
    assert len((job.paths.state / "journal.jsonl").read_text().splitlines()) == 8
    assert [record["step"] for record in read_journal(job.paths.state / "journal.jsonl")] == list(range(1, 9))


def test_divergence_is_one_line(root):
    """Nothing is published."""
    job = make(root, "diverging", train={"optimizer": {"learning_rate": 1e30, "max_grad_norm": 1e30}})
    with pytest.raises(DivergedError, match=r"m-knapsack-n4-s0: step \d: the \w+ is not finite"):
        run(job)
    assert not job.paths.folder.exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"train": {"mini_batches": 3}}, r"engine: trl: train.mini_batches: 3 does not divide the 32 rollouts"),
        ({"train": {"low": 1}}, r"engine: trl: train.low: 1"),
        ({"train": {"loss": {"kl_coef": 0.1}}}, r"train.loss.kl_coef: 0.1, but TRL's term"),
        ({"train": {"loss": {"aggregation": "prompt"}}}, r"train.loss.aggregation: prompt is not among TRL's"),
        ({"learner": {"gpus": 2}}, r"learner.gpus: 2, but engine trl"),
        ({"sampler": "vllm"}, r"sampler.kind: vllm is not wired up"),
        ({"engine": "tlr"}, r"engine"),
    ],
)
def test_what_trl_cannot_do(changed, words):
    """Refused when the study is read."""
    with pytest.raises(ConfigError, match=words) as caught:
        expand(parse_study(study(**changed), source="test"))
    assert "\n" not in str(caught.value)
