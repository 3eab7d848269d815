"""A study's YAML: what the reader cannot make sense of is one line with its place, and a repeated key is an error."""

import sys
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node
from yaml.reader import ReaderError

from knapsack_rl.base.errors import EXIT_CODE, ConfigError
from knapsack_rl.config.yaml_extent import check_extent

WIDEST = 64
"""Bits of a whole number. Python neither writes nor reads 5,000 digits, which 0x and 10:10:10 spell all the same."""

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
        check_extent(yaml.parse(text, Loader=_READER))
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}{_place(error, text)}: is not valid YAML: {_words(error)}") from None


def readable_or_exit(path: str) -> str:
    """The path, if Snakemake can read it; else one line and exit code 2, where Snakemake has a traceback."""
    try:
        read_yaml(Path(path))
    except ConfigError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(EXIT_CODE)
    return path


class _Loader(_READER):  # type: ignore[misc]
    """The safe loader with both."""

    def construct_object(self, node: Node, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - yaml's
        """The value of a node; what its type makes of a text it does not fit is an error of YAML, with its place."""
        try:
            return _narrow(super().construct_object(node, deep=deep))
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
                if key_node.tag == _MERGE:
                    continue
                key = self.construct_object(key_node, deep=True)
                if not isinstance(key, Hashable):
                    continue  # refused below
                if key in seen:
                    raise ConstructorError(None, None, f"key {key!r} stands twice; keep one", key_node.start_mark)
                seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _narrow(value: object) -> object:
    if isinstance(value, int) and value.bit_length() > WIDEST:
        raise ValueError(f"more than {WIDEST} bits")
    return value


def _place(error: yaml.YAMLError, text: str) -> str:
    if isinstance(error, ReaderError):  # has a position alone
        before = text[: error.position]
        return f":{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return f":{mark.line + 1}:{mark.column + 1}" if mark else ""


def _words(error: yaml.YAMLError) -> str:
    parts = [getattr(error, "context", None), getattr(error, "problem", None)]
    return " ".join(" ".join(filter(None, parts) if any(parts) else [str(error)]).split())


def _shown(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 40 else f"{text[:40]}...")  # noqa: PLR2004 - as much as a line takes
