"""Every committed study file parses and expands; the schema is the one the typed configuration generates."""

import difflib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import load_study
from knapsack_rl.config.schema import schema_page, schema_yaml
from knapsack_rl.study import expand
from knapsack_rl.study.grid import grid_keys

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
STUDIES = sorted([*ROOT.glob("config/*.yaml"), *ROOT.glob(".test/config/*.yaml")])
every_study = pytest.mark.parametrize("path", STUDIES, ids=lambda path: str(path.relative_to(ROOT)))


def test_studies_are_found():
    """The default study and the tiny one."""
    names = {str(path.relative_to(ROOT)) for path in STUDIES}
    assert {"config/config.yaml", ".test/config/config.yaml"} <= names


@every_study
def test_study_expands(path, tmp_path, monkeypatch):
    """Names, options, bounds and overrides are all right; folders of downloaded models are stood in for."""
    study = load_study(path)
    if study.task.name == "reasoning_gym":
        pytest.importorskip("reasoning_gym", reason="needs reasoning-gym: pip install -e '.[reasoning-gym]'")
    monkeypatch.chdir(tmp_path)
    for model in study.models.values():
        if model.path is not None:
            assert not Path(model.path).is_absolute()
            Path(model.path).mkdir(parents=True, exist_ok=True)
            (Path(model.path) / "config.json").write_text("{}")

    runs = expand(study, source=path.name)

    named = set()
    for grid in study.grid:
        once = 0 if len(grid.batches) == 1 else 1  # a budget at which prompts and total are what they are elsewhere
        budgets = len(grid.budgets) * len(grid.batches) - once
        block = {key.run_id for key in grid_keys(study.model_copy(update={"grid": (grid,)})).values()}
        assert len(block) == len(grid.models) * len(grid.arms) * budgets * len(grid.seeds)
        named |= block
    assert set(runs) == named


@every_study
def test_study_satisfies_the_schema(path):
    """What the typed configuration accepts, editors and Snakemake accept too."""
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), yaml.safe_load(schema_yaml()))


def test_committed_schema_is_up_to_date():
    """Remedy: knapsack-rl schema --write."""
    committed = SCHEMA.read_text(encoding="utf-8") if SCHEMA.exists() else ""
    difference = difflib.unified_diff(committed.splitlines(), schema_yaml().splitlines(), "committed", "generated")
    assert committed == schema_yaml(), "\n".join([*difference, "", "Run: knapsack-rl schema --write"])


def test_committed_page_of_keys_is_up_to_date():
    """Every section stands in it, and what it says is what the code says. Remedy: knapsack-rl schema --write."""
    committed = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert committed == schema_page(), "Run: knapsack-rl schema --write"
    for place in ("train.loss", "train.optimizer", "learner", "sampler", "models.<name>.build.pretrain", "grid"):
        assert f"## `{place}`" in committed


def test_schema_forbids_unknown_keys():
    """A misspelt key must not pass silently, in any section."""
    schema = yaml.safe_load(schema_yaml())
    sections: dict[str, Any] = {"StudyConfig": schema, **schema["$defs"]}
    assert [] == [name for name, section in sections.items() if section.get("additionalProperties") is not False]


def test_schema_describes_every_key():
    """The schema is the reference of the configuration."""
    schema = yaml.safe_load(schema_yaml())
    sections: dict[str, Any] = {"StudyConfig": schema, **schema["$defs"]}
    missing = [
        f"{name}.{key}"
        for name, section in sections.items()
        for key, value in section["properties"].items()
        if "description" not in (value | schema["$defs"].get(value.get("$ref", "").split("/")[-1], {}))
    ]
    assert [] == missing


def test_misspelt_key_is_an_error(tmp_path):
    """The message names the file, the key and the right spelling."""
    text = (ROOT / "config" / "config.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    data["train"]["stepps"] = 3
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(data))

    with pytest.raises(ConfigError, match=r"study\.yaml: train\.stepps.*'steps'"):
        load_study(path)
