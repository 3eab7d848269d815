"""How deep and how large a YAML document is once its aliases are followed, from its events alone."""

from collections.abc import Iterable

import yaml
from yaml.constructor import ConstructorError

DEEPEST = 100
"""Levels of nesting. A study has about six; the reader calls itself once per level, and C has no limit of its own."""
LARGEST = 1_000_000
"""Values. Nine lines, each nine aliases of the one before, hold 387 million; three thousand overrides about 20,000."""

Extent = tuple[int, int]
"""Values, and levels of nesting."""


def check_extent(events: Iterable[yaml.Event]) -> None:
    """Refuse what code that follows a document value by value would not come to the end of.

    Args:
        events: what ``yaml.parse`` yields; it needs no recursion.

    Raises:
        ConstructorError: too deep, too large, or a value inside itself.
    """
    anchors: dict[str | None, Extent | None] = {}
    inside: list[tuple[str | None, Extent]] = []
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            anchors[event.anchor] = None
            inside.append((event.anchor, (1, 1)))
            extent = (0, 0)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, extent = inside.pop()
            anchors[anchor] = extent
        elif isinstance(event, yaml.AliasEvent):
            extent = _known(anchors.get(event.anchor, (1, 0)), event)
        elif isinstance(event, yaml.ScalarEvent):
            extent = anchors[event.anchor] = (1, 0)
        else:
            continue
        _add(inside, extent, event=event)


def _known(extent: Extent | None, event: yaml.AliasEvent) -> Extent:
    """What an alias stands for; one that no anchor has is the reader's to refuse."""
    if extent is None:
        raise _error(f"alias {event.anchor!r} stands inside the value that it names", event)
    return extent


def _add(inside: list[tuple[str | None, Extent]], extent: Extent, *, event: yaml.Event) -> None:
    """Count a value into the collection around it."""
    values, levels = extent
    if inside:
        anchor, (all_values, all_levels) = inside[-1]
        inside[-1] = (anchor, (all_values + values, max(all_levels, levels + 1)))
        values, levels = inside[-1][1][0], len(inside) + levels
    if levels > DEEPEST:
        raise _error(f"nested more than {DEEPEST} levels deep", event)
    if values > LARGEST:
        raise _error(f"more than {LARGEST:,} values, aliases followed", event)


def _error(words: str, event: yaml.Event) -> ConstructorError:
    return ConstructorError(None, None, words, event.start_mark)  # type: ignore[arg-type]
