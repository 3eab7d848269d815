"""Artifact locations of a project that was moved: MLflow stores them absolute, so they are rewritten."""

import sqlite3
from contextlib import closing
from pathlib import Path

COLUMNS = (("experiments", "artifact_location"), ("runs", "artifact_uri"), ("logged_models", "artifact_location"))
"""Where MLflow 3 keeps locations; each table has the column ``experiment_id``."""


def move_artifacts(database: Path, experiment_id: str, *, old: str, new: str) -> None:
    """Let every artifact location of an experiment that starts with ``old`` start with ``new``, all or none.

    Raises:
        sqlite3.Error: the database cannot be written.
    """
    with closing(sqlite3.connect(database)) as connection, connection:
        for table, column in COLUMNS:
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?)"  # noqa: S608 - names are constants
                f" WHERE experiment_id = ? AND substr({column}, 1, ?) = ?",
                (new, len(old) + 1, int(experiment_id), len(old), old),
            )
