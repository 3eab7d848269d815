"""Digests of what is saved and published, in the format of ``sha256sum``, so that damage is found before it is used.

A folder carries ``SHA256SUMS``, a single file ``x`` the hidden ``.x.sha256`` beside it. Both are checked without this
package by ``sha256sum --check SHA256SUMS``.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from knapsack_rl.base.errors import InputError
from knapsack_rl.records.atomic import sha256_of, write_text

SUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def write_sums(folder: Path) -> None:
    """Record the digest of every file below ``folder``; call it last, before the folder is given its final name.

    Raises:
        InputError: a file cannot be read back.
        OutputError: the folder cannot be written.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / SUMS)
    write_text(folder / SUMS, "".join(f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}\n" for path in files))


def write_sum(path: Path) -> None:
    """Record the digest of one file.

    Raises:
        InputError: it cannot be read back.
        OutputError: its folder cannot be written.
    """
    write_text(sum_of(path), f"{sha256_of(path)}  {path.name}\n")


def sum_of(path: Path) -> Path:
    """Where the digest of one file is."""
    return path.with_name(f".{path.name}.sha256")


def folder_damage(folder: Path) -> Iterator[str]:
    """What differs from the recorded digests, a line per file; nothing if the folder is as it was written."""
    yield from _damage(folder / SUMS)


def file_damage(path: Path) -> Iterator[str]:
    """The same of one file."""
    yield from _damage(sum_of(path))


def _damage(sums: Path) -> Iterator[str]:
    try:
        lines = sums.read_bytes().decode().splitlines()
    except (OSError, UnicodeDecodeError):
        yield f"{sums}: missing or damaged"
        return
    found = [_LINE.fullmatch(line) for line in lines]
    if not found or None in found:
        yield f"{sums}: damaged"
        return
    for match in filter(None, found):
        path = sums.parent / match[2]
        if not path.is_file():
            yield f"{path}: missing"
        elif _digest(path) != match[1]:
            yield f"{path}: damaged (its sha256 is not the recorded one)"


def _digest(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except InputError:
        return None
