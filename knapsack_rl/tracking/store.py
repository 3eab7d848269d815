"""Where MLflow keeps its runs: the store's address, its creation, and patience with a busy one."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from knapsack_rl.base.errors import InputError, OutputError
from knapsack_rl.records import ensure_writable
from knapsack_rl.tracking.address import database_of, is_local, sqlite_uri, tracking_uri, without_credentials
from knapsack_rl.tracking.moved import belongs_here, move_artifacts

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # what goes wrong reaches us as an exception; the rest is noise
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # MLflow's own 7 keep a caller waiting for minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
"""Environment of every use of MLflow here; a value the user has set wins."""


EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"""What the experiment is about. MLflow 3.17 opens it by the address or by what the browser remembers all the same."""


def is_busy(error: BaseException) -> bool:
    """Whether waiting may help: SQLite has one writer, and a server may be overloaded."""
    return "database is locked" in str(error) or getattr(error, "error_code", "") == "TEMPORARILY_UNAVAILABLE"


PATIENCE_S = 180.0
"""How long a store may be busy, with a backup for example, before what waits for it gives up."""
SAY_AFTER_S = 3.0


def _say_what_is_waited_for(state: RetryCallState) -> None:
    """Once a call has waited for some seconds, and again after twice as many attempts; SQLite waits within each."""
    often = state.attempt_number & (state.attempt_number - 1) == 0
    if state.outcome and often and (state.seconds_since_start or 0) >= SAY_AFTER_S:
        error = state.outcome.exception()
        logger.warning(
            "the MLflow store is busy (%s); waiting for it, up to %g s in all", one_line(error or OSError()), PATIENCE_S
        )


patiently = Retrying(
    retry=retry_if_exception(is_busy),
    wait=wait_random_exponential(multiplier=0.1, max=3),
    stop=stop_after_delay(PATIENCE_S),
    before_sleep=_say_what_is_waited_for,
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


LOCK_WAIT_S = 30.0
ANSWER_WAIT_S = 5.0


def open_experiment(
    study: str, results_root: Path, *, lock_wait_s: float = LOCK_WAIT_S, answer_wait_s: float = ANSWER_WAIT_S
) -> Experiment:
    """The study's experiment; store and experiment are created if need be, and a deleted experiment restored.

    Raises:
        Exception: whatever MLflow raises for a store that cannot be reached.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    uri = tracking_uri(results_root)
    if not is_local(uri):
        _await_answer(uri, answer_wait_s)
        return _find_or_create(_client(uri), study, artifacts=None)
    # The first connection brings an empty file to the current schema, and two processes doing so at once fail.
    with _locked(ensure_writable(results_root / "mlflow") / "store.lock", lock_wait_s):
        database = database_of(uri)
        _make_store(database)
        artifacts = results_root / "mlflow" / "artifacts" / study
        experiment = _find_or_create(_client(uri), study, artifacts=_location(artifacts.resolve()))
        # MLflow makes a location absolute. A relative one moves with the project, whose commands all run in its folder.
        location = _location(artifacts)
        known = experiment.client.get_experiment(experiment.id).artifact_location
        if database and known != location and belongs_here(known, artifacts):
            move_artifacts(database, experiment.id, old=known, new=location)
        return experiment


def _location(artifacts: Path) -> str:
    """As MLflow is told: it reads a location without a scheme as an address too, in which some characters mean more."""
    return artifacts.as_uri() if artifacts.is_absolute() and set("?#%") & set(str(artifacts)) else str(artifacts)


@contextmanager
def _locked(path: Path, wait_s: float) -> Iterator[None]:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.warning("%s: another process holds this lock; waiting up to %g s for it", path, wait_s)
        try:
            lock.acquire(timeout=wait_s)
        except Timeout:
            raise OutputError(f"{path}: still locked after {wait_s:g} s; end the process that holds it") from None
    try:
        yield
    finally:
        lock.release()


def _await_answer(uri: str, wait_s: float) -> None:
    """Fail soon for a server that accepts connections and never answers; any answer will do."""
    if not uri.lower().startswith(("http:", "https:")):
        return
    import requests

    for limit in (wait_s / 5, wait_s):
        try:
            requests.get(uri, timeout=limit, stream=True).close()
        except requests.Timeout:
            if limit < wait_s:
                logger.warning("%s: does not answer; waiting up to %g s for it", without_credentials(uri), wait_s)
        except requests.RequestException:
            return  # MLflow itself says better what is wrong
        else:
            return
    raise OutputError(f"{without_credentials(uri)}: no answer within {wait_s:g} s")


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
