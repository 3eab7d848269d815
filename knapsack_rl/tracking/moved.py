"""Artifact locations of a project that was moved: MLflow stores them absolute, so they are rewritten."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

COLUMNS = (("experiments", "artifact_location"), ("runs", "artifact_uri"), ("logged_models", "artifact_location"))
"""Where MLflow 3 keeps locations; each table has the column ``experiment_id``."""


def has_moved(known: str, artifacts: Path) -> bool:
    """Whether the location MLflow knows is that of this folder in another place, where there is nothing any more."""
    place = Path(unquote(urlsplit(known).path)) if known.startswith("file:") else Path(known)
    return place.parts[-3:] == artifacts.parts[-3:] and not place.exists()


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
