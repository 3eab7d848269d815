"""The studies of real mathematics: planned job by job, and stopped early where something is missing. Nothing is run."""

import re
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, job_counts, new_workspace

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("plan")]
ONCE = ("check_study", "prepare_data", "mlflow_store", "analyse", "table", "figure", "report", "mlflow_sync", "all")


def _expected(*, models, runs):
    counts = {"fetch_model": models, "train": runs, "evaluate": runs}
    counts |= dict.fromkeys(ONCE, 1)
    return counts | {"total": sum(counts.values())}


@pytest.mark.parametrize(("name", "models", "runs"), [("single_gpu", 1, 9), ("paper", 4, 120)])
def test_exact_jobs(tmp_path, name, models, runs):
    """One model x three rules x three seeds; four models x two rules x five budgets and batches x three seeds."""
    space = new_workspace(tmp_path / "work", ROOT / "config" / f"{name}.yaml")
    assert space.planned() == _expected(models=models, runs=runs)


def test_exact_jobs_on_a_cpu(tmp_path):
    """A GGUF file is dequantised once for nine runs, each trained and evaluated by one job; nothing is fetched."""
    space = new_workspace(tmp_path / "work", ROOT / "config" / "smollm2.yaml")
    expected = {"dequantise_model": 1, "train": 9} | dict.fromkeys(ONCE, 1)
    assert space.planned() == expected | {"total": sum(expected.values())}


def test_a_missing_gguf_file_stops_the_study_before_anything_is_prepared(tmp_path):
    """The first job names key, file and remedy in one line."""
    text = (ROOT / "config" / "smollm2.yaml").read_text(encoding="utf-8")
    config = tmp_path / "smollm2.yaml"
    config.write_text(re.sub(r"gguf: package:\S+", "gguf: models/none.gguf", text), encoding="utf-8")
    space = new_workspace(tmp_path / "work", config)
    assert space.run("--cores", "1", "training", check=False).returncode != 0
    log = (space.folder / "results/smollm2/logs/check_study.log").read_text(encoding="utf-8")
    assert "models.smollm2.gguf: no file 'models/none.gguf'; give a path, or package:<package>/<file>" in log
    assert log.count("error:") == 1
    assert not [path for path in (space.folder / "results/smollm2").iterdir() if path.name in ("data", "models")]


@pytest.mark.parametrize("name", ["slurm", "kubernetes"])
def test_profiles_plan_the_grid(tmp_path, name):
    """A cluster's profile plans the same jobs, and trainings ask for GPUs, memory and time.

    Its executor is left out: the plugin is installed where there is a cluster.
    """
    profile = yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text(encoding="utf-8"))
    assert profile.pop("executor") == name
    folder = tmp_path / "profile"
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(profile))
    space = new_workspace(tmp_path / "work", ROOT / "config" / "paper.yaml")
    output = space.run("-n", "--profile", str(folder)).stdout
    train = output.split("rule train:")[1].split("[")[0]
    assert "gpu=8" in train
    asked = {name: int(re.search(rf"\b{name}=(\d+)", train)[1]) for name in ("runtime", "mem_mb")}
    assert asked["runtime"] > 24 * 60
    assert asked["mem_mb"] > 30_000


def test_a_missing_model_stops_the_study_before_anything_is_trained(tmp_path, monkeypatch):
    """Without a network the first job says what is missing, one line each; nothing else is begun."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    space = new_workspace(tmp_path / "work", ROOT / "config" / "single_gpu.yaml")
    done = space.run("--cores", "2", "training", check=False)
    assert done.returncode != 0
    log = (space.folder / "results/single_gpu/logs/check_study.log").read_text(encoding="utf-8")
    assert "| model qwen25_05b " in log
    assert "HF_HUB_OFFLINE is set" in log
    assert log.count("error:") == 1
    assert not [path for path in Path(space.folder / "results/single_gpu").iterdir() if path.name in ("data", "state")]


def test_a_model_given_by_its_folder(tmp_path):
    """Local problems and a local model: nothing is fetched or built, and training depends on the model's own files."""
    space = new_workspace(tmp_path / "work", ROOT / ".test" / "config" / "math.yaml")
    model = space.folder / "models" / "tiny"
    model.mkdir(parents=True)
    for name in ("config.json", "chat_template.jinja", "generation_config.json"):
        (model / name).write_text("{}")
    output = space.run("-n", "training").stdout
    assert {"check_study", "mlflow_store", "prepare_data", "train", "training", "total"} == set(job_counts(output))
    inputs = output.split("rule train:")[1].split("input: ")[1].split("\n")[0]
    assert {f"models/tiny/{path.name}" for path in model.iterdir()} <= set(inputs.split(", "))
