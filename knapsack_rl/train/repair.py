"""What a run finds of itself on disk: damaged saves are put away, and it goes on from the newest whole one."""

import logging
import shutil
from pathlib import Path

from knapsack_rl.base.errors import StateError
from knapsack_rl.base.layout import JOURNAL
from knapsack_rl.records import folder_damage, recorded_steps
from knapsack_rl.train.state import saves, step_of

log = logging.getLogger(__name__)

_DAMAGED = "damaged."


def put_damaged_away(state: Path) -> None:
    """Rename saves that cannot be used to ``damaged.<save>``, so that the newest one left is whole; a line for each.

    A save is used only if all its files have the digests recorded with them and the journal has every step up to it.
    Steps after the save that is left are trained again, to the same records.

    Raises:
        StateError: there are saves and none can be used, or the journal cannot be read.
    """
    found = saves(state)
    if not found:
        return
    journal = state / JOURNAL
    recorded = recorded_steps(journal)
    damage = ""
    for save in reversed(found):
        damage = next(folder_damage(save), "")
        if not damage and step_of(save) > recorded:
            damage = f"{journal}: step {recorded + 1} is missing or damaged"
        if not damage:
            return
        older = [step_of(other) for other in found if step_of(other) < step_of(save)]
        if not older:
            break
        log.warning("%s; goes on from the save before it, of step %d", damage, older[-1])
        put_away(save)
    raise StateError(f"{damage}, and no older save can be used; delete {state} to start over")


def put_away(folder: Path) -> None:
    """Rename a damaged folder, in place of one of that name which was put away before."""
    target = folder.with_name(_DAMAGED + folder.name)
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)


def remove_damaged(state: Path) -> None:
    """Delete what was put away; called once the run is finished."""
    for path in state.rglob(f"{_DAMAGED}*"):
        shutil.rmtree(path, ignore_errors=True)
