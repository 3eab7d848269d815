"""Where MLflow's interface shows a study: its own list of experiments opens a view without any runs."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from knapsack_rl.base.errors import InputError
from knapsack_rl.tracking.address import VARIABLE, database_of, is_local, tracking_uri, without_credentials
from knapsack_rl.tracking.views import PREFIX, RUNS_VIEW

RUNS = "/#/experiments/{id}/runs?workflowType=machine_learning"
VIEWED = "&viewStateShareKey={key}"
"""Added where the study has been synced, and so has the view with the columns of its runs."""


def server_in_use(results_root: Path) -> str | None:
    """Address of the MLflow server that runs are tracked on, without secrets; None for a store on this machine."""
    uri = tracking_uri(results_root)
    return None if is_local(uri) else without_credentials(uri)


def runs_page(results_root: Path, *, study: str | None, port: int) -> str:
    """Address of a study's table of runs, in an interface at ``port`` of this machine.

    Args:
        results_root: the folder ``results``.
        study: name of the study; where it has no runs, or for None, that whose runs changed last.
        port: of the interface.

    Raises:
        InputError: no runs are tracked yet.
    """
    database = database_of(tracking_uri(results_root))
    chosen = os.environ.get(VARIABLE)
    if database is None or not database.is_file():
        shown = without_credentials(chosen) if chosen else results_root / "mlflow" / "mlflow.db"
        raise InputError(f"{shown}: no runs yet; run `make reproduce` first")
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        found = connection.execute(
            "SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'active' AND name != 'Default'"
            " ORDER BY name = ? DESC, last_update_time DESC",
            (study or "",),
        ).fetchone()
        views = connection.execute(
            "SELECT 1 FROM experiment_tags WHERE experiment_id = ? AND key = ?",
            (found and found[0], PREFIX + RUNS_VIEW),
        ).fetchone()
    if found is None:
        raise InputError(f"{database}: holds no study yet; run `make reproduce` first")
    address = f"http://127.0.0.1:{port}" + RUNS.format(id=found[0])
    return address + VIEWED.format(key=RUNS_VIEW) if views else address
