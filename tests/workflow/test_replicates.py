"""Seeds with base models and problems of their own: one set and one model per seed, and runs start from theirs."""

import json

import pytest

from knapsack_rl.base.layout import StudyPaths

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("replicates")]


def _as_replicates(study):
    study["task"]["per_seed"] = True
    build = study["models"]["nano"]["build"]
    build |= {"per_seed": True, "pretrain": build["pretrain"] | {"steps": 5}}
    study["models"]["slow"] = {"build": build, "train": {"optimizer": {"learning_rate": 1.0e-5}}}
    block = {"models": ["nano"], "arms": ["uniform"], "budgets": [4]}
    study["grid"] = [block | {"seeds": [0, 1]}, block | {"models": ["nano", "slow"], "seeds": [1]}]
    study["train"]["steps"] = 2
    study["evaluation"] |= {"every": 2}


def test_each_replicate_starts_from_its_own(workspace):
    """Three runs, two base models and problem sets; models built alike share one; a second run does nothing."""
    workspace.edit(_as_replicates)
    assert {"base_model": 2, "train": 3, "prepare_data": 1}.items() <= workspace.planned("analyse").items()
    workspace.run("--cores", "2", "analyse")
    paths = StudyPaths.of("smoke", workspace.folder)
    manifests = {
        run: json.loads((paths.run(run).folder / "manifest.json").read_text())
        for run in ("nano-uniform-n4-s0", "nano-uniform-n4-s1", "slow-uniform-n4-s1")
    }
    first, second, slow = (manifest["model_sha256"]["model.safetensors"] for manifest in manifests.values())
    assert first != second == slow
    problems = [manifest["prompts_sha256"] for manifest in manifests.values()]
    assert problems[0] != problems[1] == problems[2]
    assert sorted(path.name for path in paths.model("nano").parent.iterdir()) == ["nano-s0", "nano-s1"]
    assert len(list((paths.results / "base_evals").glob("*.parquet"))) == 4  # benchmarks and probe of two base models
    assert workspace.planned("analyse") == {}
