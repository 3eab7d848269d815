"""A log as columns of numbers: every rollout's step, prompt, group, reward and length. Texts are hashed, not kept."""

import math
from array import array
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knapsack_rl.audit.fields import Found, LogFields, find_fields
from knapsack_rl.audit.files import MIB, find_files, read_records, step_in_name
from knapsack_rl.audit.values import Row, read_row
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import InputError
from knapsack_rl.progress import Progress

LARGE = 32
"""MiB from which reading takes long enough for a progress line."""
BINARY = frozenset({0.0, 1.0})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rollouts:
    """Rollouts in the order of the log.  Shape: ``_R``."""

    step_R: IntArray
    prompt_R: IntArray
    """Number of the prompt, 0 .. P-1.  [R]"""
    group_R: IntArray
    """Number of the group's id; 0 where there is none.  [R]"""
    part_R: IntArray
    """Part of the log: another file begins one, and so does a step that is lower than the one before it.  [R]"""
    reward_R: FloatArray
    success_R: npt.NDArray[np.bool_]
    length_R: IntArray
    """Negative where not known.  [R]"""
    unit: str
    """What a length counts: ``tokens``, ``characters`` or nothing."""
    notes: tuple[str, ...]
    """What the reader did that a user should know."""


def read_rollouts(logs: Sequence[Path], *, wanted: LogFields, threshold: float | None) -> Rollouts:
    """Read logs of any of the known kinds; progress goes to standard error where they are large.

    Args:
        logs: Files and folders.
        wanted: Names of fields.
        threshold: A reward of this or more is a success; None: rewards have at most two values, of which the higher is.

    Raises:
        InputError: A log cannot be read, or a row is garbage; one line with file and row.
    """
    files = find_files(logs)
    sizes = [path.stat().st_size for path in files]
    columns = _Columns(threshold)
    whole = math.ceil(sum(sizes) / MIB)
    with Progress("audit", total=whole, unit="MiB") if whole >= LARGE else nullcontext() as progress:
        for number, path in enumerate(files):
            _read_file(path, columns, wanted=wanted, at=_reporter(progress, before=sum(sizes[:number])))
        if progress:
            progress.update(whole)
    if not columns.reward:
        raise InputError(f"{files[0]}: holds no rollout; give a log with at least one row")
    return columns.rollouts()


def _reporter(progress: Progress | None, *, before: int) -> Callable[[int], None]:
    def report(done: int) -> None:
        if progress:
            progress.update((before + done) // MIB)

    return report


def _read_file(path: Path, columns: "_Columns", *, wanted: LogFields, at: Callable[[int], None]) -> None:
    found: list[Found] = []
    named = step_in_name(path)

    def choose(names: list[str]) -> Sequence[str]:
        found.append(find_fields(names, wanted, place=str(path), step_in_name=named is not None))
        return found[0].names

    columns.begin()
    for number, record in read_records(path, choose, at=at):
        place = f"{path}:{number}"
        columns.add(read_row(record, found[0], place=place, step=named), place=place, unit=found[0].unit)


class _Columns:
    """Grows by one rollout at a time, in about 40 bytes each."""

    def __init__(self, threshold: float | None) -> None:
        self._threshold = threshold
        self._step, self._prompt, self._group, self._part = array("q"), array("i"), array("i"), array("i")
        self.reward, self._length = array("d"), array("i")
        self._prompts: dict[bytes, int] = {}
        self._groups: dict[bytes, int] = {b"": 0}
        self._values: set[float] = set()
        self._last: int | None = None
        self._parts = self._without_reward = 0
        self._units: set[str] = set()

    def begin(self) -> None:
        """Another file."""
        self._last = None
        self._parts += 1

    def add(self, row: Row, *, place: str, unit: str) -> None:
        if math.isnan(row.reward):
            self._without_reward += 1
            return
        if self._threshold is None and row.reward not in self._values:
            self._new_value(row.reward, place=place)
        if self._last is not None and row.step < self._last:
            self._parts += 1
        self._last = row.step
        self._units.add(unit)
        self._step.append(row.step)
        self._prompt.append(self._prompts.setdefault(row.prompt, len(self._prompts)))
        self._group.append(self._groups.setdefault(row.group, len(self._groups)))
        self._part.append(self._parts)
        self.reward.append(row.reward)
        self._length.append(min(row.length, 2**31 - 1))

    def _new_value(self, reward: float, *, place: str) -> None:
        self._values.add(reward)
        if len(self._values) > len(BINARY):
            shown = ", ".join(f"{value:g}" for value in sorted(self._values))
            raise InputError(
                f"{place}: rewards are not 0/1 (so far {shown}); give --threshold X, a reward of X or more is a success"
            )

    def rollouts(self) -> Rollouts:
        """All of them."""
        reward_R = np.frombuffer(self.reward, dtype=np.float64)
        success_R, notes = self._successes(reward_R)
        if self._without_reward:
            notes.append(f"{self._without_reward} rollouts without a reward (NaN or empty) are left out.")
        unit = self._units.pop() if len(self._units) == 1 else ""
        return Rollouts(
            step_R=np.frombuffer(self._step, dtype=np.int64),
            prompt_R=np.frombuffer(self._prompt, dtype=np.int32).astype(np.int64),
            group_R=np.frombuffer(self._group, dtype=np.int32).astype(np.int64),
            part_R=np.frombuffer(self._part, dtype=np.int32).astype(np.int64),
            reward_R=reward_R,
            success_R=success_R,
            length_R=np.frombuffer(self._length, dtype=np.int32).astype(np.int64),
            unit=unit,
            notes=tuple(notes),
        )

    def _successes(self, reward_R: FloatArray) -> tuple[npt.NDArray[np.bool_], list[str]]:
        if self._threshold is not None:
            return reward_R >= self._threshold, [f"A reward of {self._threshold:g} or more counts as a success."]
        if self._values <= BINARY:
            return reward_R == 1.0, []
        if len(self._values) == 1:
            (only,) = self._values
            raise InputError(f"all rewards are {only:g}, which is neither 0 nor 1; give --threshold, or name --reward")
        low, high = sorted(self._values)
        return reward_R == high, [f"Rewards are {low:g} and {high:g}; {high:g} counts as a success."]
