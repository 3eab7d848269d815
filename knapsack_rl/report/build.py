"""Compose the page: text from the configuration and the numbers, figures as SVG, tables from their CSV files."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from knapsack_rl.analysis.catalogue import FIGURE_NAMES, TABLE_NAMES
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import StudyConfig
from knapsack_rl.records import write_text
from knapsack_rl.report.answer import found
from knapsack_rl.report.beside import Beside, references_of, set_beside
from knapsack_rl.report.claim_list import CODES, claim_groups
from knapsack_rl.report.cost import stops_of
from knapsack_rl.report.describe import describe_study
from knapsack_rl.report.page_parts import choices, read_figure, table_of_frame
from knapsack_rl.report.provenance import facts, read_manifests
from knapsack_rl.report.result_tables import read_result
from knapsack_rl.report.rollouts import NONE_KEPT, RULE, arm_samples
from knapsack_rl.report.rule_graph import METADATA, Coming, RuleNode, rule_graph
from knapsack_rl.report.rule_graph_svg import draw_rule_graph
from knapsack_rl.report.statements import findings, overview, unrewarded, verdicts
from knapsack_rl.report.terms import BACKGROUND, QUESTION, terms

TEMPLATE = "report.html.j2"
HEADINGS = {
    "answer": "What was found",
    "figures": "Figures",
    "claims": "The paper's claims, one by one",
    "findings": "Differences from uniform allocation, cell by cell",
    "beside": "Beside the reference",
    "tables": "Tables",
    "samples": "What the models wrote",
    "study": "The study",
    "limits": "Limits",
    "provenance": "How it was made",
}
"""Sections of the page in their order: anchor and heading."""


def build_report(study: StudyConfig, *, results_folder: Path, output: Path) -> None:
    """Write one self-contained HTML page about ``study``; it loads nothing from anywhere.

    Args:
        study: the configuration the results were made with.
        results_folder: ``results/<study>`` with ``tables/*.csv``, ``views/*.json`` and ``runs/*/manifest.json``. The
            graph of rules is drawn from Snakemake's records in the working directory, where they name these files.
        output: where the page goes.

    Raises:
        InputError: a table, figure or manifest is missing or cannot be read.
        OutputError: ``output`` cannot be written.
    """
    paths = StudyPaths(results=results_folder, figures=results_folder)
    frames = {name: read_result(paths.table(name)) for name in TABLE_NAMES}
    runs = frames["runs"]
    beside = [(each, table_of_frame("beside_reference", each.table)) for each in _beside(study, paths)]
    page = _environment().get_template(TEMPLATE)
    text = page.render(
        study=study.name,
        question=QUESTION,
        background=BACKGROUND,
        answer=found(frames["differences"], frames["compute"], stops=stops_of(study), runs=runs),
        terms=list(terms(study, differences=frames["differences"], compute=frames["compute"])),
        headings=HEADINGS,
        contents=[(anchor, title) for anchor, title in HEADINGS.items() if anchor != "beside" or beside],
        codes=CODES,
        claims=list(claim_groups(frames["claims"])),
        description=describe_study(study),
        warning=unrewarded(runs),
        overview=overview(frames["differences"]),
        verdicts=verdicts(frames["claims"]),
        findings=list(findings(frames["differences"])),
        choices=choices(study, runs),
        beside=beside,
        tables={name: table_of_frame(name, frame) for name, frame in frames.items()},
        figures={name: read_figure(name, views_folder=paths.views, study=study.name) for name in FIGURE_NAMES},
        rules=draw_rule_graph(graph) if (graph := _rules(paths, list(runs["run_id"]))) else "",
        provenance=[*facts(read_manifests(results_folder, list(runs["run_id"]))), ("Training time", _hours(runs))],
        samples=list(arm_samples(paths, runs)),
        sample_rule=RULE,
        none_kept=NONE_KEPT,
        num_seeds=len(study.grid_seeds),
    )
    write_text(output, text)


def _beside(study: StudyConfig, paths: StudyPaths) -> list[Beside]:
    return list(set_beside(study, paths, references=references_of(study.name, paths.results.parent / "reference")))


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("knapsack_rl.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _rules(paths: StudyPaths, run_ids: Sequence[str]) -> dict[str, RuleNode]:
    """Rules that made what the page shows, then the page itself and MLflow, which is filled beside it."""
    shown = [paths.table(name) for name in TABLE_NAMES]
    shown += [paths.view(name) for name in FIGURE_NAMES]
    runs = [paths.run(run_id) for run_id in run_ids]
    records = [path for run in runs for path in (run.steps, run.evals)]
    filled = [*records, *shown, paths.store]
    coming = (
        Coming(rule="report", inputs=shown, note="this page"),
        Coming(rule="mlflow_sync", inputs=filled, note="beside this page"),
    )
    return rule_graph(METADATA, filled, coming=coming)


def _hours(runs: pd.DataFrame) -> str:
    """Wall-clock time of all training steps, added up over runs."""
    seconds = float(runs["step_s"].sum())
    phases = {name: float(runs[f"{name}_s"].sum()) for name in ("sample", "update")}
    shares = ", ".join(f"{name} {value / seconds:.0%}" for name, value in phases.items()) if seconds else ""
    amount = f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"  # noqa: PLR2004 - an hour
    return f"{amount} of training steps, summed over {len(runs)} runs ({shares})" if shares else amount
