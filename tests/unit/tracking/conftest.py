"""A small study with records on disk, and a look into its MLflow store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from knapsack_rl.base.layout import RunPaths
from knapsack_rl.config import RunConfig, StudyConfig, parse_run, parse_study, run_hash
from knapsack_rl.records import EVALS, STEPS, publish_journal, table_of, write_json, write_table

NUM_STEPS = 3


def make_config(run_id: str = "small-knapsack-n4-s0", *, steps: int = NUM_STEPS, study: str = "tiny") -> RunConfig:
    data = {
        "run_id": run_id,
        "study": study,
        "code_version": 1,
        "model_name": "small",
        "arm_name": "knapsack",
        "budget": 4,
        "seed": 0,
        "model": {"build": {"hidden_size": 8, "num_layers": 1}},
        "arm": {"strategy": "knapsack", "belief": "newest16", "options": {"value": {"name": "x"}}},
        "task": {"name": "arithmetic"},
        "train": {"steps": steps, "prompts_per_step": 3},
        "evaluation": {"samples": 2},
    }
    return parse_run(data, source="test")


def make_record(step: int, *, loss: float = 0.5) -> dict[str, Any]:
    """A journal record: one group all right, one all wrong, one mixed; 2 of 12 rollouts are in the mixed one."""
    groups = [
        {"prompt_id": f"p{i}", "kind": "k", "visit": 1, "p_belief": None, "num_rollouts": rollouts}
        | {"num_rounds": 1, "num_kept": rollouts}
        | {"num_successes": successes, "num_truncated": 0, "num_response_tokens": 9}
        for i, (successes, rollouts) in enumerate([(6, 6), (0, 4), (1, 2)])
    ]
    facts = {name: 1.0 if name.endswith("_s") else 2 for name in STEPS.names}
    return facts | {
        "step": step,
        "loss": loss / step,
        "num_rollouts": 12,
        "num_successes": 7,
        "groups": groups,
        "rounds": [],
        "grad_norm": 0.1,
    }


def write_records(results: Path, config: RunConfig, *, loss: float = 0.5) -> None:
    """Records of a finished run, as training and evaluation publish them."""
    paths = RunPaths(results, config.run_id)
    publish_journal([make_record(step, loss=loss) for step in range(1, config.train.steps + 1)], paths)
    manifest = {"created": "2026-08-22T10:00:00+00:00", "git_commit": "abc123", "config_hash": run_hash(config)}
    write_json(paths.folder / "manifest.json", manifest)
    rewards = {("easy", 0): [1, 1], ("easy", 1): [1, 0], ("hard", 0): [0, 0]}
    rows = [
        {"run_id": config.run_id, "step": step, "benchmark": benchmark, "problem_id": f"{benchmark}-{problem}"}
        | {"kind": "k", "sample": sample, "reward": reward if step else 0, "reason": "", "num_response_tokens": 3}
        | {"truncated": False}
        for step in (0, config.train.steps)
        for (benchmark, problem), samples in rewards.items()
        for sample, reward in enumerate(samples)
    ]
    write_table(paths.evals, table_of(rows, EVALS))


def make_study(name: str = "tiny") -> StudyConfig:
    data = {
        "name": name,
        "task": {"name": "arithmetic"},
        "models": {"small": {"build": {"hidden_size": 8, "num_layers": 1}}},
        "arms": {"knapsack": {"strategy": "knapsack"}},
        "grid": {"models": ["small"], "arms": ["knapsack"], "budgets": [4], "seeds": [0, 1]},
        "train": {"steps": NUM_STEPS},
    }
    return parse_study(data, source="test")


@dataclass
class Workplace:
    """``results/`` and ``figures/`` of one study, and what MLflow holds of it."""

    root: Path
    study: StudyConfig = field(default_factory=make_study)
    runs: dict[str, RunConfig] = field(default_factory=dict)
    make_config = staticmethod(make_config)
    make_record = staticmethod(make_record)

    @property
    def results_root(self) -> Path:
        return self.root / "results"

    @property
    def results(self) -> Path:
        return self.results_root / "tiny"

    def train(self, config: RunConfig, *, loss: float = 0.5) -> None:
        """Pretend that ``config`` was trained and evaluated."""
        self.runs[config.run_id] = config
        write_records(self.results, config, loss=loss)

    def sync(self, results_root: Path | None = None, answer: Sequence[str] = ()) -> dict[str, Any]:
        from knapsack_rl.tracking import sync

        return sync(
            self.study,
            self.runs,
            results_folder=self.results,
            figures_folder=self.root / "figures" / "tiny",
            results_root=results_root or self.results_root,
            answer=answer,
        )

    def client(self) -> Any:
        from knapsack_rl.tracking.store import open_experiment

        return open_experiment("tiny", self.results_root).client

    def mlflow_runs(self) -> dict[str, Any]:
        """Active MLflow runs by name; a name that two runs share fails."""
        client = self.client()
        experiment = client.get_experiment_by_name("tiny")
        found = client.search_runs([experiment.experiment_id])
        assert len({run.info.run_name for run in found}) == len(found)
        return {run.info.run_name: run for run in found}

    def history(self, run_name: str, metric: str) -> list[tuple[int, float]]:
        values = self.client().get_metric_history(self.mlflow_runs()[run_name].info.run_id, metric)
        return sorted((value.step, value.value) for value in values)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A new MLflow database; making one takes seconds, copying it does not."""
    from knapsack_rl.tracking.store import open_experiment

    root = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        open_experiment("other", root)
    return (root / "mlflow" / "mlflow.db").read_bytes()


@pytest.fixture
def workplace(tmp_path: Path, empty_store: bytes, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """Two finished runs on disk and an MLflow store without them, below a path that needs care in an address."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    place = Workplace(tmp_path / "a b")
    (place.results_root / "mlflow").mkdir(parents=True)
    (place.results_root / "mlflow" / "mlflow.db").write_bytes(empty_store)
    for name in ("small-knapsack-n4-s0", "small-knapsack-n4-s1"):
        place.train(make_config(name))
    tables = place.results / "tables"
    tables.mkdir()
    (tables / "benchmarks.csv").write_text("a,b\n")
    figures = place.root / "figures" / "tiny"
    figures.mkdir(parents=True)
    (figures / "zero_gradient.png").write_bytes(b"png")
    return place
