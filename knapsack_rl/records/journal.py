"""The append-only journal of a run: one JSON line per step, the source of truth of everything published.

A resumed run appends again the steps after its last saved state; the newest whole line of a step counts. A line torn by
a kill is dropped on the next open. Every line ends with a checksum of what stands before it, so that a changed digit is
found.
"""

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from knapsack_rl.base.errors import StateError

_MARK = b', "crc32": "'


class Journal:
    """Writer. Every line is on disk (fsync) before ``append`` returns.

    Use as a context manager; ``append({"step": 3, ...})``.

    Raises:
        StateError: ``path`` is no file that can be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _drop_torn_line(path)
            self._stream = path.open("ab")
        except (IsADirectoryError, PermissionError) as error:
            raise StateError(_unreadable(path, error)) from None

    def append(self, record: Mapping[str, Any]) -> None:
        """Append one step's facts; needs a ``step`` key."""
        assert "step" in record  # noqa: S101 - our own contract
        self._stream.write(_line(record))
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


def read_journal(path: Path, *, last_step: int | None = None) -> list[dict[str, Any]]:
    """Records in step order, the newest whole line of each step, up to ``last_step``.

    Raises:
        StateError: a step has no whole line though a later one has, or the file cannot be read.
    """
    records = _records(path)
    steps = sorted(step for step in records if last_step is None or step <= last_step)
    if steps != list(range(1, len(steps) + 1)):
        lost = next(step for step in range(1, steps[-1]) if step not in records)
        raise StateError(f"{path}: step {lost} is missing or damaged; delete the run's state folder to start over")
    return [records[step] for step in steps]


def recorded_steps(path: Path) -> int:
    """How many steps, from the first on, have a whole line.

    Raises:
        StateError: the file cannot be read.
    """
    records = _records(path)
    return next(step for step in range(len(records) + 1) if step + 1 not in records)


def journal_damage(path: Path) -> Iterator[str]:
    """Lines that are not as they were written, one text each; nothing if there are none."""
    try:
        for number, record in _parsed(path):
            if record is None:
                yield f"{path}:{number}: damaged line"
    except StateError as error:
        yield str(error)


def _records(path: Path) -> dict[int, dict[str, Any]]:
    return {record["step"]: record for _, record in _parsed(path) if record is not None}


def _parsed(path: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Number and record of every complete line, None for a damaged one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise StateError(_unreadable(path, error)) from None
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        yield number, _record(line)


def _record(line: bytes) -> dict[str, Any] | None:
    body, _, tail = line.rpartition(_MARK)
    if tail != _checksum(body) + b'"}':
        return None
    record: dict[str, Any] = json.loads(body + b"}")
    return record


def _line(record: Mapping[str, Any]) -> bytes:
    body = json.dumps(record, sort_keys=True).encode()[:-1]
    return body + _MARK + _checksum(body) + b'"}\n'


def _checksum(body: bytes) -> bytes:
    return f"{zlib.crc32(body):08x}".encode()


def _drop_torn_line(path: Path) -> None:
    if not path.exists():
        return
    with path.open("rb+") as stream:
        content = stream.read()
        if content and not content.endswith(b"\n"):
            stream.truncate(content.rfind(b"\n") + 1)


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path}: cannot be read ({error.strerror}); move it away to start the run over"
