"""Artifact locations: MLflow makes them absolute, so they are rewritten to be those of a project that can be moved."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

COLUMNS = (("experiments", "artifact_location"), ("runs", "artifact_uri"), ("logged_models", "artifact_location"))
"""Where MLflow 3 keeps locations; each table has the column ``experiment_id``."""


def belongs_here(known: str, artifacts: Path) -> bool:
    """Whether the location MLflow knows is this folder, or was before the project was moved.

    A place that exists and is another folder is left alone: somebody chose it.
    """
    place = Path(unquote(urlsplit(known).path)) if known.startswith("file:") else Path(known)
    same = place.resolve() == artifacts.resolve()
    return same or (place.parts[-3:] == artifacts.parts[-3:] and not place.exists())


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
