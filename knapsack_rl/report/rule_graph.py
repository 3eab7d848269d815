"""Which rules made the results: the graph of rules, from what Snakemake has recorded of its jobs.

Snakemake keeps one JSON file per output in ``.snakemake/metadata``, named by the output's path in URL-safe base64, cut
into pieces that start with ``@`` where it is long; its own ``--report`` reads the same files.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

METADATA = Path(".snakemake") / "metadata"


@dataclass(slots=True)
class RuleNode:
    """One rule: how often it ran and for how long."""

    jobs: dict[tuple[str, ...], float] = field(default_factory=dict)
    """Seconds of each job; a job is known by its log, which no other has."""
    parents: set[str] = field(default_factory=set)
    """Rules whose outputs it reads."""
    note: str = ""
    """Said in place of how often it ran, of a rule that Snakemake has not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A rule that runs no earlier than the page is written, so that Snakemake has no record of it, or an old one."""

    rule: str
    inputs: Sequence[Path]
    note: str


def rule_graph(metadata: Path, targets: Iterable[Path], *, coming: Iterable[Coming] = ()) -> dict[str, RuleNode]:
    """The rules that made ``targets``, each after its parents; empty where Snakemake has recorded none of it.

    Args:
        metadata: folder of Snakemake's records.
        targets: files as the workflow names them, relative to its working directory.
        coming: what else belongs into the graph.
    """
    records = dict(_read(metadata))
    graph: dict[str, RuleNode] = {}
    waiting, seen = [path.as_posix() for path in targets], set()
    while waiting:
        record = records.get(output := waiting.pop())
        if record is None or output in seen:
            continue
        seen.add(output)
        node = graph.setdefault(record["rule"], RuleNode())
        node.jobs[tuple(record.get("log") or [output])] = (record.get("endtime") or 0) - (record.get("starttime") or 0)
        inputs = [str(name) for name in record.get("input") or ()]
        node.parents |= {records[name]["rule"] for name in inputs if name in records} - {record["rule"]}
        waiting += inputs
    for rule in coming if graph else ():
        parents = {records[path.as_posix()]["rule"] for path in rule.inputs if path.as_posix() in records}
        graph[rule.rule] = RuleNode(parents=parents, note=rule.note)
    return {name: graph[name] for name in sorted(graph, key=lambda name: (depth(graph, name), name))}


def depth(graph: Mapping[str, RuleNode], name: str) -> int:
    """Rules on the longest way from a source to ``name``."""
    return 1 + max((depth(graph, parent) for parent in graph[name].parents if parent in graph), default=-1)


def _read(metadata: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    for path in metadata.rglob("*") if metadata.is_dir() else ():
        if path.is_file():
            code = "".join(part.removeprefix("@") for part in path.relative_to(metadata).parts)
            try:
                record = json.loads(path.read_text(encoding="utf-8"))
                output = base64.urlsafe_b64decode(code).decode()
            except (ValueError, binascii.Error):
                continue  # not a record of ours to understand; the graph says what is known
            if isinstance(record, dict) and record.get("rule"):
                yield output, record
