"""Runs in the environment that has TRL: equality first, then rounds of all ways; writes one JSON file."""

import argparse
import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from beside_trl.cases import Case, cases, make_files
from beside_trl.clock import Lap
from beside_trl.equality import compare
from beside_trl.ours import time_ours
from beside_trl.theirs import time_theirs

WAYS = ("TRL", "uniform", "knapsack", "uniform, all rollouts updated")
"""The last updates rollouts without an advantage too, as TRL does."""


def main() -> None:
    """Measure every case; stop before any clock if the trainers differ."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    found: dict[str, Any] = {"machine": _machine(arguments), "cases": []}
    for case in cases(arguments.size):
        files = make_files(case, arguments.folder)
        equality = compare(case, files)
        print(f"{case.name}: {equality}", flush=True)
        if not equality.holds:
            raise SystemExit(f"{case.name}: the trainers do not compute the same, so nothing is timed")
        found["cases"].append(_timed(case, files, rounds=arguments.rounds) | {"equality": asdict(equality)})
    arguments.output.write_text(json.dumps(found), encoding="utf-8")


def _timed(case: Case, files: tuple[Path, Path], *, rounds: int) -> dict[str, Any]:
    """All laps by way; the order of the ways changes from round to round."""
    rows = _fastest_rows(case, files)
    laps: dict[str, list[Lap]] = {way: [] for way in WAYS}
    ways = _ways(case, files, rows=rows)
    for number in range(rounds):
        order = WAYS if number % 2 == 0 else WAYS[::-1]
        for way in order:
            laps[way] += ways[way]()
            print(f"{case.name}, round {number + 1}: {way} {laps[way][-1].processor_s:.3f} s", flush=True)
    sizes = {"prompts": case.prompts, "rollouts": case.rollouts, "response_tokens": case.response_tokens}
    model = {"hidden": case.build.hidden_size, "layers": case.build.num_layers, "vocabulary": case.vocabulary}
    return {
        "name": case.name,
        **sizes,
        **model,
        "trl_rows": rows,
        "laps": {way: list(map(asdict, laps[way])) for way in WAYS},
    }


def _ways(case: Case, files: tuple[Path, Path], *, rows: int) -> dict[str, Callable[[], list[Lap]]]:
    return {
        "TRL": partial(time_theirs, case, files, rows=rows),
        "uniform": partial(time_ours, case, files, strategy="uniform"),
        "knapsack": partial(time_ours, case, files, strategy="knapsack"),
        "uniform, all rollouts updated": partial(time_ours, case, files, strategy="uniform", skip=False),
    }


def _fastest_rows(case: Case, files: tuple[Path, Path]) -> int:
    """TRL is given the micro-batch that suits it best here."""
    if len(case.trl_rows) == 1:
        return case.trl_rows[0]
    tried = {rows: min(lap.processor_s for lap in time_theirs(case, files, rows=rows)) for rows in case.trl_rows}
    print(f"{case.name}: TRL by rows pushed at once: {tried}", flush=True)
    return min(tried, key=tried.__getitem__)


def _machine(arguments: argparse.Namespace) -> dict[str, Any]:
    names = ("torch", "transformers", "trl")
    return {name: version(name) for name in names} | {
        "python": platform.python_version(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "threads": arguments.threads,
        "size": arguments.size,
        "rounds": arguments.rounds,
    }


if __name__ == "__main__":
    main()
