"""What a run was made from and what it made: its problem sets as MLflow data sets, its policy as an MLflow model.

Nothing is copied: both name the files of the study. Loads mlflow when it is loaded, so it is itself loaded on use.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, LoggedModelStatus, Run

from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import RunConfig, run_hash
from knapsack_rl.records import sha256_of
from knapsack_rl.tracking.store import Experiment, patiently

DIGEST_LENGTH = 36
"""MLflow refuses longer digests of data sets."""

DATA_CONTEXT = "mlflow.data.context"
WEIGHTS = "knapsack_rl.weights"


def dataset_inputs(paths: StudyPaths, problem_set: str | None) -> list[DatasetInput]:
    """Training and benchmark problems of a run, as far as they are on disk, by content."""
    problems = paths.problems(problem_set)
    found = {"training": problems.train, "evaluation": problems.benchmarks}
    return [
        DatasetInput(_dataset(path, study=paths.results.name), tags=[InputTag(DATA_CONTEXT, context)])
        for context, path in found.items()
        if path.is_file()
    ]


def _dataset(path: Path, *, study: str) -> Dataset:
    metadata = pq.read_metadata(path)
    columns = [{"name": field.name, "type": str(field.type)} for field in metadata.schema.to_arrow_schema()]
    return Dataset(
        name=f"{study} {path.stem}",
        digest=sha256_of(path)[:DIGEST_LENGTH],
        source_type="local",
        source=json.dumps({"uri": _inside_results(path, study=study)}),
        schema=json.dumps({"columns": columns}),
        profile=json.dumps({"num_rows": metadata.num_rows}),
    )


def _inside_results(path: Path, *, study: str) -> str:
    """``results/<study>/...``: where the study lies on somebody's disk is nobody's business."""
    parts = path.parts
    return Path("results", *parts[len(parts) - 1 - parts[::-1].index(study) :]).as_posix()


def log_policy(experiment: Experiment, config: RunConfig, *, mlflow_id: str, last: int) -> None:
    """Register the policy after the ``last`` step as a model of the run: configuration and where its weights are."""
    weights = StudyPaths.of(config.study).run(config.run_id).weights(last)
    tags = {"study": config.study, "model": config.model_label, "arm": config.arm_name, "seed": str(config.seed)}
    model = patiently(
        experiment.client.create_logged_model,
        experiment.id,
        name=config.run_id,
        source_run_id=mlflow_id,
        tags={**tags, WEIGHTS: weights.as_posix()},
        params={"budget": str(config.budget), "strategy": config.arm.strategy, "config_hash": run_hash(config)},
        model_type="policy",
    )
    patiently(experiment.client.finalize_logged_model, model.model_id, LoggedModelStatus.READY)
    patiently(experiment.client.log_outputs, mlflow_id, [LoggedModelOutput(model.model_id, step=last)])


def policies_of(client: MlflowClient, run: Run) -> Iterator[str]:
    """Ids of the models that a run has registered."""
    outputs = patiently(client.get_run, run.info.run_id).outputs
    return (output.model_id for output in (outputs.model_outputs if outputs else ()))
