"""A study's YAML: what the reader cannot make sense of is one line with its place, and a repeated key is an error."""

import sys
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node

from knapsack_rl.base.errors import EXIT_CODE, ConfigError

DEEPEST = 100
"""Levels of nesting. A study has about six; the reader calls itself once per level, and C has no limit of its own."""

_READER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "tag:yaml.org,2002:merge"


def read_yaml(path: Path) -> object:
    """What the file holds.

    Raises:
        ConfigError: it cannot be read, is no YAML, or says something twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give an existing study file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is no UTF-8 text ({error}); save it as UTF-8") from None
    try:
        _check_depth(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}{_place(error)}: is not valid YAML: {_words(error)}") from None


def readable_or_exit(path: str) -> str:
    """The path, if Snakemake can read it; else one line and exit code 2, where Snakemake has a traceback."""
    try:
        read_yaml(Path(path))
    except ConfigError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(EXIT_CODE)
    return path


def _check_depth(text: str) -> None:
    """The parser of events needs no recursion."""
    depth = 0
    for event in yaml.parse(text, Loader=_READER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ConstructorError(None, None, f"nested more than {DEEPEST} levels deep", event.start_mark)  # type: ignore[arg-type]


class _Loader(_READER):  # type: ignore[misc]
    """The safe loader with both."""

    def construct_object(self, node: Node, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - yaml's
        """The value of a node; what its type makes of a text it does not fit is an error of YAML, with its place."""
        try:
            return super().construct_object(node, deep=deep)
        except yaml.YAMLError:
            raise
        except Exception as error:  # noqa: BLE001 - int("foo") and its like: yaml lets through what Python's types raise
            kind = node.tag.rpartition(":")[2]
            raise ConstructorError(
                None, None, f"{_shown(node.value)} is no {kind} ({error})", node.start_mark
            ) from None

    def construct_mapping(self, node: Node, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - yaml's
        """A mapping, in which no key stands twice."""
        if isinstance(node, MappingNode):
            seen = set()
            for key_node, _ in node.value:
                key = None if key_node.tag == _MERGE else self.construct_object(key_node, deep=True)
                if isinstance(key, Hashable) and key is not None and key in seen:
                    raise ConstructorError(None, None, f"key {key!r} stands twice; keep one", key_node.start_mark)
                seen.add(key if isinstance(key, Hashable) else None)
        return super().construct_mapping(node, deep=deep)


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return f":{mark.line + 1}:{mark.column + 1}" if mark else ""


def _words(error: yaml.YAMLError) -> str:
    parts = [getattr(error, "context", None), getattr(error, "problem", None)]
    return " ".join(" ".join(filter(None, parts) if any(parts) else [str(error)]).split())


def _shown(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 40 else f"{text[:40]}...")  # noqa: PLR2004 - as much as a line takes
