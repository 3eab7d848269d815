"""Resume state of a run: saved atomically, stamped with what it belongs to, never resumed into another run."""

import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from knapsack_rl.base.errors import StateError
from knapsack_rl.base.layout import JOURNAL
from knapsack_rl.records import ensure_writable, folder_damage, write_json, write_sums
from knapsack_rl.train.build import Parts

log = logging.getLogger(__name__)

KEPT = 2
"""Saves kept; the older one serves when the newest is found damaged."""

_SAVE = re.compile(r"step_\d{5,}")


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

    State that was set aside because of another configuration comes back when that configuration does.

    Args:
        folder: state folder of the run.
        stamp: resume hash, code version and sha256 of the inputs.
    """
    ensure_writable(folder)
    path = folder / "stamp.json"
    if _read_stamp(path) == stamp:
        return
    if _belongs(folder, stamp):
        log.warning("%s: was damaged; written anew from what the newest save says", path)
    elif any(folder.iterdir()):  # of another configuration, or without a readable stamp
        set_aside(folder)
        _bring_back(folder, stamp)
        ensure_writable(folder)
    write_json(path, stamp)


def _read_stamp(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _belongs(folder: Path, stamp: dict[str, Any]) -> bool:
    """Whether the newest whole save says that it is of the run with this stamp."""
    whole = next((save for save in reversed(saves(folder)) if not any(folder_damage(save))), None)
    return whole is not None and bool(read_save(whole).get("stamp") == stamp)


def set_aside(folder: Path) -> None:
    """Rename the state folder to the first free ``<run>.aside-<k>``, or delete it if nothing was trained in it."""
    if not saves(folder) and not (folder / JOURNAL).exists():
        shutil.rmtree(folder)
        return
    number = 1
    while (target := folder.with_name(f"{folder.name}.aside-{number}")).exists():
        number += 1
    log.warning("%s: is of another configuration or cannot be used; kept as %s", folder, target.name)
    folder.rename(target)


def _bring_back(folder: Path, stamp: dict[str, Any]) -> None:
    for aside in sorted(folder.parent.glob(f"{folder.name}.aside-*")):
        if _read_stamp(aside / "stamp.json") == stamp:
            log.warning("%s: goes on from %s, which is of this configuration", folder, aside.name)
            aside.rename(folder)
            return


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
        "stamp": _read_stamp(folder / "stamp.json"),
        "stream": parts.stream.state_dict(),
        "tracker": parts.tracker.state_dict(),
        "strategy": dict(parts.strategy_state),
        "history": parts.history.state_dict(),
    }
    # Insertion order is part of the state: a tracker may sum over its prompts, and float sums depend on the order.
    write_json(temporary / "state.json", state, sort_keys=False)
    write_sums(temporary)
    _sync_folder(temporary)
    shutil.rmtree(target, ignore_errors=True)
    temporary.rename(target)
    for old in saves(folder)[:-KEPT]:
        shutil.rmtree(old)


def saved_step(folder: Path) -> int:
    """Step of the newest save, 0 if there is none."""
    found = saves(folder)
    return step_of(found[-1]) if found else 0


def resume(folder: Path, parts: Parts) -> int:
    """Put the newest save into ``parts``; returns its step, 0 for a fresh run.

    What is damaged has been put away by then (``train.repair``).

    Raises:
        StateError: the save holds what this version does not understand.
    """
    found = saves(folder)
    if not found:
        return 0
    newest = found[-1]
    state = read_save(newest)
    parts.learner.load_state(newest)
    parts.sampler.load(parts.learner.weights())
    try:
        parts.stream.load_state_dict(state["stream"])
        parts.tracker.load_state_dict(state["tracker"])
        parts.strategy_state = state["strategy"]
        parts.history.load_state_dict(state["history"])
        return int(state["step"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(
            f"{newest / 'state.json'}: cannot be read ({error!r}); delete {folder} to start over"
        ) from None


def read_save(save: Path) -> dict[str, Any]:
    """``state.json`` of a save.

    Raises:
        StateError: it is missing or no JSON mapping.
    """
    path = save / "state.json"
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        state = None
    if not isinstance(state, dict):
        raise StateError(f"{path}: missing or damaged; delete {save} to resume from the save before it")
    return state


def saves(folder: Path) -> list[Path]:
    """Folders of the saves, oldest first; other files and folders beside them are not ours."""
    return sorted(
        (path for path in folder.iterdir() if _SAVE.fullmatch(path.name) and path.is_dir()) if folder.is_dir() else (),
        key=step_of,
    )


def step_of(save: Path) -> int:
    """Step after which a save was made."""
    return int(save.name.removeprefix("step_"))


def _sync_folder(folder: Path) -> None:
    """Flush every file before the rename makes the save visible."""
    for path in filter(Path.is_file, folder.rglob("*")):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
