"""The check before anything is trained: one line each, with a remedy; offline, and where everything is there."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from knapsack_rl.config import parse_study
from knapsack_rl.preflight import Machine, check_study
from knapsack_rl.preflight.inputs import check_signal
from knapsack_rl.study import expand

pytestmark = pytest.mark.torch

REVISION = "0" * 40
GPU = Machine(8, 80.0)


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No network and an empty cache, whatever this machine has."""
    from huggingface_hub import constants

    from knapsack_rl.preflight import hub

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    hub.unreachable.cache_clear()
    hub.cached_revisions.cache_clear()
    yield tmp_path
    hub.unreachable.cache_clear()
    hub.cached_revisions.cache_clear()


def _study(model, options, **sections):
    return parse_study(
        {
            "name": "checked",
            "task": {"name": "math", "options": options},
            "models": {"m": model},
            "arms": {"uniform": {"strategy": "uniform"}},
            "grid": {"models": ["m"], "arms": ["uniform"], "budgets": [4], "seeds": [0]},
            "train": {"steps": 2, "prompts_per_step": 2, "mini_batches": 1, "max_response_tokens": 16},
            **sections,
        },
        source="study.yaml",
    )


def _check(study, machine=GPU):
    return {each.check: each for each in check_study(study, expand(study), machine=machine)}


def _problems(folder, name):
    path = folder / f"{name}.jsonl"
    path.write_text(json.dumps({"id": f"{name}-0", "problem": f"What is 1 + 1 in {name}?", "answer": "2"}) + "\n")
    return {"source": name, "file": str(path)}


@pytest.fixture
def local(offline):
    """Options of a task whose sets are files that are there."""
    return {"train": _problems(offline, "gsm8k"), "benchmarks": {"aime24": _problems(offline, "aime24")}}


def test_a_local_study_has_everything(local, tiny_model_folder):
    """Files, a model folder and a CPU: no line is missing, and each says what was found."""
    model = {"path": str(tiny_model_folder), "prompt": {"template": "dapo"}}
    found = _check(_study(model, local), Machine(0, 0.0))
    assert {each.status for each in found.values()} == {"ok"}
    assert {"model m", "problems gsm8k", "problems aime24", "disk", "memory m", "library datasets"} <= set(found)


@pytest.mark.usefixtures("offline")
def test_what_is_missing_offline_is_told_with_its_remedy():
    """Model, data and gated data that are neither here nor to be had; nothing is waited for."""
    options = {"train": {"source": "gsm8k"}, "benchmarks": {"gpqa_diamond": {}, "aime24": {"file": "no.jsonl"}}}
    found = _check(_study({"hub": "Qwen/Qwen2.5-0.5B", "revision": REVISION}, options))
    for name, remedy in {
        "model m": "give models.m.path",
        "problems gsm8k": "give `file`",
        "problems gpqa_diamond": "leave this benchmark out",
        "problems aime24": "leave `file` out",
    }.items():
        assert (found[name].status, "\n" in found[name].found) == ("missing", False)
        assert remedy in found[name].remedy
    assert "HF_HUB_OFFLINE is set" in found["model m"].found


def test_a_cached_model_is_found(offline, local):
    """Once it is in the cache at the pinned revision, no network is needed."""
    repository = offline / "cache" / "models--Qwen--Qwen2.5-0.5B"
    snapshot = repository / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(REVISION)
    (snapshot / "config.json").write_text("{}")
    assert _check(_study({"hub": "Qwen/Qwen2.5-0.5B", "revision": REVISION}, local))["model m"].status == "ok"


def test_a_folder_without_weights_is_missing(offline, local):
    """config.json alone is no model."""
    (offline / "model").mkdir()
    (offline / "model" / "config.json").write_text("{}")
    found = _check(_study({"path": "model"}, local))["model m"]
    assert (found.status, ".safetensors" in found.found) == ("missing", True)


@pytest.mark.parametrize(
    ("sections", "machine", "name", "words"),
    [
        ({"learner": {"device": "cuda", "gpus": 8}}, Machine(1, 80.0), "GPUs", "8 asked for by a run, 1 here"),
        ({"learner": {"device": "cuda"}}, Machine(1, 80.0), "memory m", "gradient_checkpointing: true"),
        ({"sampler": {"kind": "vllm"}}, GPU, "context m", "max_model_len: "),
        ({"learner": {"optimizer": "adamw_8bit"}}, GPU, "library torchao", ".[train,large]"),
        pytest.param(
            {"engine": "trl"},
            GPU,
            "library trl",
            ".[train,trl]",
            marks=pytest.mark.skipif(find_spec("trl") is not None, reason="TRL is installed here"),
        ),
    ],
)
def test_the_machine_must_do(local, sections, machine, name, words):
    """Too few GPUs, too little memory, a context that is too short, a library that is not installed."""
    train = {"steps": 2, "prompts_per_step": 2, "mini_batches": 1, "max_response_tokens": 6000}
    study = _study({"hub": "Qwen/Qwen2.5-Math-7B", "revision": REVISION}, local, train=train, **sections)
    found = _check(study, machine)[name]
    assert found.status == "missing"
    assert words in f"{found.found} {found.remedy}"


def test_inputs_alone(local, tiny_model_folder):
    """Where the jobs run elsewhere, this machine's disk, GPUs and libraries say nothing."""
    found = _check(_study({"path": str(tiny_model_folder), "prompt": {"template": "dapo"}}, local), None)
    assert set(found) == {"study", "model m", "problems gsm8k", "problems aime24", "MLflow"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"problem": "1+1?", "solve": "2"}, "no column 'answer' (found: problem, solve)"),
        ({"problem": "1+1?", "answer": ["2"]}, "row 1: answer is ['2'], a list; name what is inside it"),
        ({"problem": "1+1?", "answer": ""}, "none of the first 100 rows has a problem and an answer"),
    ],
)
def test_columns_of_a_file_are_looked_at(local, tiny_model_folder, row, words):
    """Before anything is trained: whoever misspells a column would train on nothing, or on answers nobody can give."""
    Path(local["train"]["file"]).write_text(json.dumps(row) + "\n")
    found = _check(_study({"path": str(tiny_model_folder)}, local), None)["problems gsm8k"]
    assert found.status == "missing"
    assert words in found.found


def test_settings_that_never_give_a_gradient_are_noted(local, tiny_model_folder):
    """One rollout a prompt, and a template that does not ask for what the grader reads."""
    study = _study({"path": str(tiny_model_folder)}, local)
    one = study.model_copy(update={"grid": (study.grid[0].model_copy(update={"budgets": [1]}),)})
    found = {each.check: each for each in check_signal(one, expand(study))}
    assert "never get a gradient" in found["budgets"].found
    assert "'plain' does not ask for the answer as answer_line; grader 'dapo' reads that" in found["prompt m"].found
    asked = _study({"path": str(tiny_model_folder), "prompt": {"template": "dapo"}}, local)
    assert list(check_signal(asked, expand(asked))) == []


def test_a_benchmark_template_is_looked_at_as_well(local, tiny_model_folder):
    """It may be another than in training, and so may the grader."""
    prompt = {"template": "dapo", "benchmark_template": "plain"}
    study = _study({"path": str(tiny_model_folder), "prompt": prompt}, local | {"benchmark_grader": "boxed"})
    (found,) = check_signal(study, expand(study))
    assert "template 'plain' does not ask for the answer as boxed; grader 'boxed' reads that" in found.found
    assert found.remedy.endswith("set models.m.prompt.benchmark_template")


def test_a_store_that_keeps_nothing_is_missing(local, tiny_model_folder, monkeypatch):
    """Everything would be lost, with exit code 0; a password in the address is not shown."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite://")
    study = _study({"path": str(tiny_model_folder)}, local)
    found = _check(study, None)["MLflow"]
    assert (found.status, "a store in memory is lost" in found.found) == ("missing", True)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@host/?token=secret")
    found = _check(study, None)["MLflow"]
    assert (found.status, "secret" in found.found) == ("ok", False)
