"""Where MLflow keeps its runs: the store's address, its creation, and patience with a busy one."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from knapsack_rl.base.errors import InputError, OutputError
from knapsack_rl.records import ensure_writable
from knapsack_rl.tracking.address import database_of, is_local, sqlite_uri, tracking_uri, without_credentials

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # what goes wrong reaches us as an exception; the rest is noise
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # MLflow's own 7 keep a caller waiting for minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
"""Environment of every use of MLflow here; a value the user has set wins."""


EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"""What the experiment is about. MLflow 3.17 opens it by the address or by what the browser remembers all the same."""


def is_busy(error: BaseException) -> bool:
    """Whether waiting may help: SQLite has one writer, and a server may be overloaded."""
    return "database is locked" in str(error) or getattr(error, "error_code", "") == "TEMPORARILY_UNAVAILABLE"


patiently = Retrying(
    retry=retry_if_exception(is_busy),
    wait=wait_random_exponential(multiplier=0.1, max=3),
    stop=stop_after_delay(60),
    reraise=True,
)
"""Call as ``patiently(function, *args, **kwargs)``: repeats the call while the store is busy."""


def one_line(error: BaseException) -> str:
    """First line of an error, fit for a log."""
    return without_credentials((str(error) or type(error).__name__).splitlines()[0])[:300]


@dataclass(frozen=True, slots=True)
class Experiment:
    """The MLflow experiment of a study."""

    client: "MlflowClient"
    id: str


def open_experiment(study: str, results_root: Path) -> Experiment:
    """The study's experiment; store and experiment are created if need be, and a deleted experiment restored.

    Raises:
        Exception: whatever MLflow raises for a store that cannot be reached.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    uri = tracking_uri(results_root)
    if not is_local(uri):
        return _find_or_create(_client(uri), study, artifacts=None)
    # The first connection brings an empty file to the current schema, and two processes doing so at once fail.
    with FileLock(ensure_writable(results_root / "mlflow") / "store.lock"):
        _make_store(database_of(uri))
        artifacts = (results_root / "mlflow" / "artifacts" / study).resolve()
        return _find_or_create(_client(uri), study, artifacts=str(artifacts))


def _make_store(database: Path | None) -> None:
    """Bring a new database to the current schema under another name, so that a kill leaves none half-made."""
    if database is None or database.exists():
        return
    unfinished = database.with_name(f".{database.name}.unfinished")
    for leftover in (unfinished, unfinished.with_name(f"{unfinished.name}-journal")):
        leftover.unlink(missing_ok=True)
    _client(sqlite_uri(unfinished)).search_experiments(max_results=1)
    unfinished.replace(database)


def _client(uri: str) -> "MlflowClient":
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri)


def _find_or_create(client: "MlflowClient", study: str, *, artifacts: str | None) -> Experiment:
    found = patiently(client.get_experiment_by_name, study)
    if found is None:
        try:
            created = patiently(client.create_experiment, study, artifact_location=artifacts, tags=EXPERIMENT_TAGS)
            return Experiment(client, created)
        except Exception:
            # On a server, another process may have created it between our look and our creation.
            found = patiently(client.get_experiment_by_name, study)
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        patiently(client.restore_experiment, found.experiment_id)
    return Experiment(client, found.experiment_id)


def create_store(study: str, results_root: Path) -> None:
    """Create the store and the study's experiment, if they do not exist.

    A server that cannot be reached is only warned of: training goes on without it and ``sync`` makes up for it.

    Raises:
        InputError: the address is one under which no run would be kept.
        OutputError: a local store cannot be created.
    """
    try:
        open_experiment(study, results_root)
    except InputError:
        raise
    except Exception as error:
        if is_local(tracking_uri(results_root)):
            raise OutputError(f"{results_root / 'mlflow'}: no MLflow store can be made ({one_line(error)})") from error
        logger.warning("MLflow cannot be reached (%s); the sync at the end adds what is missing", one_line(error))
