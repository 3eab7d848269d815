"""How a finished study lies beside the committed references of the same name, in words and as a table."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from knapsack_rl.analysis.products.beside_reference import DIFFER, SAME, beside_reference, changed_verdicts
from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import StudyConfig, parse_study
from knapsack_rl.report.result_tables import read_result

MARK = "-"
"""Between a study's name and what a further reference of it is called; no study's name has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One reference and this study."""

    name: str
    """Its folder, e.g. ``arithmetic-other_kernels``."""
    sentences: tuple[str, ...]
    table: pd.DataFrame
    """Columns of ``beside_reference``."""


def references_of(study: str, folder: Path) -> list[Path]:
    """Folders with reference tables of a study, its own first, then those with a name after it."""
    found = [path for path in sorted(folder.glob(f"{study}*")) if path.name.partition(MARK)[0] == study]
    return [path for path in found if (path / "differences.csv").is_file()]


def set_beside(study: StudyConfig, paths: StudyPaths, *, references: Sequence[Path]) -> Iterator[Beside]:
    """The study against each of the references.

    Raises:
        InputError: a table is missing or cannot be read.
    """
    yours = {name: read_result(paths.table(name)) for name in ("differences", "claims")}
    for folder in references:
        theirs = {name: read_result(folder / f"{name}.csv") for name in ("differences", "claims")}
        table = beside_reference(yours["differences"], theirs["differences"])
        changed = changed_verdicts(yours["claims"], theirs["claims"])
        sentences = (*_about(folder, study), _of_table(table), _of_claims(changed, len(yours["claims"])))
        yield Beside(name=folder.name, sentences=sentences, table=table)


def _about(folder: Path, study: StudyConfig) -> Iterator[str]:
    path = folder / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); restore it from the repository") from None
    cpu, capability = manifest.get("cpu_model") or "unknown CPU", manifest.get("cpu_capability") or "unknown kernels"
    yield f"Made on: {cpu}, {capability}, commit {str(manifest.get('git_commit'))[:9]}."
    if not _same_study(manifest.get("study"), study, source=str(path)):
        yield "Its configuration is not the one of this study, so the two may differ for that reason alone."


def _same_study(told: object, study: StudyConfig, *, source: str) -> bool:
    """Whether a manifest tells of this study; keys that came later have their defaults there."""
    try:
        return parse_study(told, source=source) == study
    except ConfigError:
        return False


def _of_table(table: pd.DataFrame) -> str:
    counts = table["verdict"].value_counts()
    same, differ = int(counts.get(SAME, 0)), int(counts.get(DIFFER, 0))
    if len(table) and same == len(table):
        return f"All {len(table)} differences are the same numbers."
    by_chance = 0.05 * (len(table) - same)
    return f"{differ} of {len(table)} differences are further apart than chance allows ({by_chance:.1f} by chance)."


def _of_claims(changed: pd.DataFrame, total: int) -> str:
    if changed.empty:
        return f"All {total} verdicts on claims are the same."
    names = ", ".join(
        row["claim"] + ("" if pd.isna(row["budget"]) else f" (N = {int(row['budget'])})")
        for row in changed.to_dict("records")
    )
    return f"{len(changed)} of {total} verdicts on claims are not the same: {names}."
