"""The append-only journal of a run: one JSON line per step, the source of truth of everything published.

A resumed run appends again the steps after its last saved state; the newest line of a step counts. A line torn by a
kill is dropped on the next open.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from knapsack_rl.base.errors import StateError


class Journal:
    """Writer. Every line is on disk (fsync) before ``append`` returns.

    Use as a context manager; ``append({"step": 3, ...})``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_torn_line(path)
        self._stream = path.open("a", encoding="utf-8")

    def append(self, record: Mapping[str, Any]) -> None:
        """Append one step's facts; needs a ``step`` key."""
        assert "step" in record  # noqa: S101 - our own contract
        self._stream.write(json.dumps(record, sort_keys=True) + "\n")
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        """The journal itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


def _drop_torn_line(path: Path) -> None:
    if not path.exists():
        return
    with path.open("rb+") as stream:
        content = stream.read()
        if content and not content.endswith(b"\n"):
            stream.truncate(content.rfind(b"\n") + 1)


def read_journal(path: Path, *, last_step: int | None = None) -> list[dict[str, Any]]:
    """Records in step order, the newest line of each step, up to ``last_step``.

    Raises:
        StateError: a complete line is no JSON, or a step is missing.
    """
    if not path.exists():
        return []
    records: dict[int, dict[str, Any]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(keepends=True), start=1):
        if not line.endswith("\n"):
            break
        try:
            record = json.loads(line)
            records[record["step"]] = record
        except (json.JSONDecodeError, KeyError, TypeError):
            raise StateError(f"{path}:{number}: damaged line; delete the run's state folder to start over") from None
    steps = sorted(step for step in records if last_step is None or step <= last_step)
    if steps != list(range(1, len(steps) + 1)):
        raise StateError(f"{path}: steps are missing between {steps[0]} and {steps[-1]}; delete the state folder")
    return [records[step] for step in steps]
