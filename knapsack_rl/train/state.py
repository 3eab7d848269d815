"""Resume state of a run: saved atomically, stamped with what it belongs to, never resumed into another run."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from knapsack_rl.base.errors import StateError
from knapsack_rl.records import ensure_writable, sha256_of, write_json
from knapsack_rl.train.build import Parts

KEPT = 2
"""Saves kept; the older one serves when the newest is found damaged."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the state folder of a run for this process; the lock ends with the process, however it ends.

    Raises:
        StateError: another live process holds it.
    """
    ensure_writable(folder.parent)
    lock = FileLock(folder.parent / f".{folder.name}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise StateError(
            f"{folder}: another process is training this run; wait for it or stop it"
            " (a trainer may outlive the Snakemake that started it)"
        ) from None
    try:
        yield
    finally:
        lock.release()


def open_state(folder: Path, stamp: dict[str, Any]) -> None:
    """Make ``folder`` the state folder of the run with this stamp; state with another stamp is set aside.

    Args:
        folder: state folder of the run.
        stamp: resume hash, code version and sha256 of the inputs.
    """
    ensure_writable(folder)
    path = folder / "stamp.json"
    old = _read_stamp(path)
    if old == stamp:
        return
    if any(folder.iterdir()):  # of another configuration, or without a readable stamp
        set_aside(folder)
        ensure_writable(folder)
    write_json(path, stamp)


def _read_stamp(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None


def set_aside(folder: Path) -> Path:
    """Rename the state folder to the first free ``<run>.aside-<k>``; nothing is deleted."""
    number = 1
    while (target := folder.with_name(f"{folder.name}.aside-{number}")).exists():
        number += 1
    return folder.rename(target)


def save_state(folder: Path, parts: Parts, *, step: int) -> None:
    """Save everything a resumed run needs after ``step``, keep the newest two saves. Rank 0 writes, all must call."""
    target = folder / f"step_{step:05d}"
    temporary = folder / f".step_{step:05d}.tmp"
    if parts.ranks.rank > 0:
        parts.learner.save_state(temporary)  # gives its part of the weights
        return
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    parts.learner.save_state(temporary)
    state = {
        "step": step,
        "stream": parts.stream.state_dict(),
        "tracker": parts.tracker.state_dict(),
        "strategy": dict(parts.strategy_state),
        "history": parts.history.state_dict(),
        "sha256": {path.name: sha256_of(path) for path in sorted(temporary.iterdir())},
    }
    # Insertion order is part of the state: a tracker may sum over its prompts, and float sums depend on the order.
    write_json(temporary / "state.json", state, sort_keys=False)
    _sync_folder(temporary)
    shutil.rmtree(target, ignore_errors=True)
    temporary.rename(target)
    for old in _saves(folder)[:-KEPT]:
        shutil.rmtree(old)


def saved_step(folder: Path) -> int:
    """Step of the newest save, 0 if there is none."""
    saves = _saves(folder)
    return int(saves[-1].name.removeprefix("step_")) if saves else 0


def resume(folder: Path, parts: Parts) -> int:
    """Put the newest save into ``parts``; returns its step, 0 for a fresh run.

    Raises:
        StateError: the save is truncated; the message says how to fall back to the one before.
    """
    saves = _saves(folder)
    if not saves:
        return 0
    newest = saves[-1]
    state = _read(newest)
    parts.learner.load_state(newest)
    parts.sampler.load(parts.learner.weights())
    try:
        parts.stream.load_state_dict(state["stream"])
        parts.tracker.load_state_dict(state["tracker"])
        parts.strategy_state = state["strategy"]
        parts.history.load_state_dict(state["history"])
        return int(state["step"])
    except (KeyError, TypeError, ValueError) as error:
        raise StateError(
            f"{newest / 'state.json'}: cannot be read ({error!r}); delete {folder} to start over"
        ) from None


def _read(save: Path) -> dict[str, Any]:
    remedy = f"delete {save} to resume from the save before it"
    try:
        state: dict[str, Any] = json.loads((save / "state.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        raise StateError(f"{save / 'state.json'}: missing or truncated; {remedy}") from None
    for name, expected in state["sha256"].items():
        if not (save / name).is_file() or sha256_of(save / name) != expected:
            raise StateError(f"{save / name}: missing or truncated (its sha256 is not the saved one); {remedy}")
    return state


def _saves(folder: Path) -> list[Path]:
    return sorted(folder.glob("step_*"))


def _sync_folder(folder: Path) -> None:
    """Flush every file before the rename makes the save visible."""
    for path in folder.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
