"""Write MLflow runs. Loads mlflow when it is loaded, so it is itself loaded on use."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run

from knapsack_rl.tracking.identity import CONFIG_HASH, KIND, RECORDS_DIGEST, RUN_ID
from knapsack_rl.tracking.metrics import Point
from knapsack_rl.tracking.store import Experiment, patiently

MAX_METRICS = 1000
MAX_PARAMS = 100
"""Most values that MLflow takes in one request."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunWriter:
    """One MLflow run that is being written; every call waits while the store is busy."""

    client: MlflowClient
    mlflow_id: str

    @classmethod
    def create(cls, experiment: Experiment, *, name: str, tags: Mapping[str, str], start_ms: int | None = None) -> Self:
        """A new run, started now unless ``start_ms`` says when."""
        run = patiently(
            experiment.client.create_run, experiment.id, run_name=name, tags=dict(tags), start_time=start_ms
        )
        return cls(experiment.client, run.info.run_id)

    def add_points(self, points: Sequence[Point]) -> None:
        """Add metric values, in as few requests as MLflow allows."""
        for some in _batches(points, MAX_METRICS):
            metrics = [Metric(point.name, point.value, point.time_ms, point.step) for point in some]
            patiently(self.client.log_batch, self.mlflow_id, metrics=metrics)

    def add_params(self, params: Mapping[str, str]) -> None:
        """Add parameters."""
        for some in _batches([Param(key, value) for key, value in params.items()], MAX_PARAMS):
            patiently(self.client.log_batch, self.mlflow_id, params=some)

    def end(self, status: str, *, end_ms: int | None = None) -> None:
        """Set status ``FINISHED`` or ``KILLED``, now unless ``end_ms`` says when."""
        patiently(self.client.set_terminated, self.mlflow_id, status=status, end_time=end_ms)

    def settle(self, records_digest: str) -> None:
        """Declare the run equal to the records with this digest; always the last call."""
        patiently(self.client.set_tag, self.mlflow_id, RECORDS_DIGEST, records_digest)


def runs_by_id(experiment: Experiment) -> dict[str, list[Run]]:
    """All MLflow runs of an experiment by the run id they stand for; the study's summary is under ``""``."""
    found: dict[str, list[Run]] = {}
    token = None
    while True:
        page = patiently(experiment.client.search_runs, [experiment.id], max_results=1000, page_token=token)
        for run in page:
            if KIND in run.data.tags:
                found.setdefault(run.data.tags.get(RUN_ID, ""), []).append(run)
        token = page.token
        if not token:
            return found


def open_live_run(experiment: Experiment, *, tags: Mapping[str, str], params: Mapping[str, str]) -> RunWriter:
    """The MLflow run that an interrupted attempt of the same configuration left, or a new one.

    A run that a sync has declared equal to its records is never touched: training the same configuration again
    starts another, and the next sync keeps whichever equals the new records.
    """
    client = experiment.client
    wanted = f"tags.\"{RUN_ID}\" = '{tags[RUN_ID]}' and tags.\"{CONFIG_HASH}\" = '{tags[CONFIG_HASH]}'"
    for run in patiently(client.search_runs, [experiment.id], filter_string=wanted):
        if RECORDS_DIGEST not in run.data.tags:
            patiently(client.update_run, run.info.run_id, status="RUNNING")
            return RunWriter(client, run.info.run_id)
    writer = RunWriter.create(experiment, name=tags[RUN_ID], tags=tags)
    writer.add_params(params)
    return writer


def _batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))
