"""verl's own metrics of a run, out of the files that its backend ``file`` writes, one per attempt."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from knapsack_rl.base.errors import InputError

Metrics = Mapping[str, float]


def read_metrics(paths: Iterable[Path]) -> dict[int, Metrics]:
    """Numbers by step; of a step that several attempts did, the last one's.

    A step may have two lines: a resumed run evaluates the step that it resumes from once more. A last line without an
    end, which a kill leaves, does not count.

    Raises:
        InputError: a file or a line of it cannot be read.
    """
    found: dict[int, Metrics] = {}
    for path in paths:
        for step, values in _lines(path):
            found[step] = {**found.get(step, {}), **values}
    return found


def _lines(path: Path) -> Iterator[tuple[int, Metrics]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); it is a file of metrics that verl wrote") from None
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        try:
            record: Any = json.loads(line)
            yield int(record["step"]), {key: float(value) for key, value in record["data"].items() if _number(value)}
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            raise InputError(f"{path}:{number}: is no line of verl's metrics; delete the line") from None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
