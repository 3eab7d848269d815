"""Check everything that a study has saved and published against the digests written with it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import JOURNAL, MANIFEST
from knapsack_rl.records.journal import journal_damage
from knapsack_rl.records.sums import SUMS, file_damage, folder_damage


@dataclass(slots=True)
class Verified:
    """What was looked at, and what was found."""

    folders: int = 0
    files: int = 0
    """Single files: evaluations, probes, and journals, of which every line is checked."""
    damage: list[str] = field(default_factory=list)


def verify(folder: Path) -> Verified:
    """Check runs, saves, exported weights, journals and evaluations below ``folder``: a study, or any part of one.

    Reads every byte, about a second per gigabyte. What is put away, set aside or half-written is left out.

    Raises:
        InputError: no such folder, or nothing in it that carries digests.
    """
    found = Verified()
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give the results of a study, e.g. results/arithmetic")
    for path in _folders(folder):
        found.folders += 1
        found.damage += folder_damage(path)
    for path in _files(folder):
        found.files += 1
        found.damage += journal_damage(path) if path.name == JOURNAL else file_damage(path)
    found.damage = list(dict.fromkeys(found.damage))  # weights have digests of their own, and are in their run's
    if not found.folders + found.files:
        raise InputError(f"{folder}: nothing to verify; give the results of a study, e.g. results/arithmetic")
    return found


def _folders(folder: Path) -> Iterator[Path]:
    """Every folder that carries digests, or that should: a run, a save, exported weights."""
    carry = {path.parent for path in folder.rglob(SUMS)}
    should = {path.parent for name in (MANIFEST, "state.json") for path in folder.rglob(name)}
    yield from sorted(path for path in carry | should if _is_live(path.relative_to(folder)))


def _files(folder: Path) -> Iterator[Path]:
    named = (path.with_name(path.name[1:].removesuffix(".sha256")) for path in folder.rglob(".*.sha256"))
    journals = folder.rglob(JOURNAL)
    yield from sorted(path for path in {*named, *journals} if _is_live(path.relative_to(folder)))


def _is_live(path: Path) -> bool:
    parts = path.parts[:-1] if path.suffix else path.parts
    return not any(part.startswith((".", "damaged.")) or ".aside-" in part for part in parts)
