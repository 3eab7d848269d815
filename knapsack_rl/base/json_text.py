"""JSON that people write: a key that stands twice is a mistake, where the standard library keeps the last."""

import json
from typing import Any


def parse_json(text: str) -> Any:  # noqa: ANN401 - JSON
    """Parsed JSON, in which no key stands twice.

    Raises:
        ValueError, RecursionError: it is none, or nested too deeply.
    """
    return json.loads(text, object_pairs_hook=_without_repetition)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice!r} stands twice; keep one")
    return made
