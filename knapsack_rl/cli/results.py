"""Commands that turn records into tables, figures, a report and MLflow runs."""

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.cli.options import DEFAULT_STUDY, StudyOption, read_study

if TYPE_CHECKING:
    from knapsack_rl.config import StudyConfig

RESULTS = Path("results")
NamesArgument = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Which ones; all if left out.")]


def analyse(study: StudyOption = DEFAULT_STUDY) -> None:
    """Collect the records of all runs into the tidy tables under results/<study>/analysis."""
    from knapsack_rl.analysis.make import analyse as run
    from knapsack_rl.study import expand

    config = read_study(study)
    run(StudyPaths.of(config.name).results, list(expand(config)))


def table(names: NamesArgument = None, study: StudyOption = DEFAULT_STUDY) -> None:
    """Write result tables as CSV, Markdown and LaTeX."""
    from knapsack_rl.analysis.catalogue import TABLE_NAMES
    from knapsack_rl.analysis.make import write_result_tables

    paths = StudyPaths.of(read_study(study).name)
    write_result_tables(names or TABLE_NAMES, analysis_folder=paths.analysis, tables_folder=paths.tables)


def compare(
    arm: Annotated[str, typer.Argument(help="Arm of the study.")],
    baseline: Annotated[str, typer.Argument(help="Arm it is compared with.")],
    *,
    study: StudyOption = DEFAULT_STUDY,
) -> None:
    """Print the differences between two arms, paired by seed, with intervals."""
    from knapsack_rl.analysis.frames.study import load_analysis
    from knapsack_rl.analysis.products.differences import compare_arms
    from knapsack_rl.analysis.show.readable import to_markdown

    frames = load_analysis(StudyPaths.of(read_study(study).name).analysis)
    typer.echo(to_markdown("differences", compare_arms(frames, arm, baseline=baseline)))


def verify(
    folder: Annotated[Path, typer.Argument(help="Results of a study or a part of them, e.g. results/arithmetic.")],
) -> None:
    """Check saves, records, weights and evaluations against the digests written with them; damage is a line each."""
    from knapsack_rl.records.verify import verify as run

    found = run(folder)
    for line in found.damage:
        typer.echo(line, err=True)
    looked = f"{found.folders} folders and {found.files} files"
    if found.damage:
        raise InputError(f"{folder}: {len(found.damage)} of the files in {looked} are damaged or missing")
    typer.echo(f"{folder}: {looked} are as they were written")


def release(
    results: Annotated[Path, typer.Argument(help="Results of a study, e.g. results/arithmetic.")],
    *,
    output: Annotated[Path | None, typer.Option(help="File to write; <study>-records.tar.xz if left out.")] = None,
) -> None:
    """Pack the raw records of a study into one compressed file and print its digest."""
    from knapsack_rl.records.release import write_release

    path = output or Path(f"{results.resolve().name}-records.tar.xz")
    digest, num_files = write_release(results, path)
    typer.echo(f"{path}: {num_files} files, {path.stat().st_size / 2**20:.1f} MiB, sha256 {digest}")


def claims(
    results: Annotated[Path, typer.Argument(help="Results of a study, e.g. results/arithmetic.")],
    *,
    arm: Annotated[
        str | None, typer.Option(help="Arm to test against uniform; the paper's method if left out.")
    ] = None,
) -> None:
    """Print each claim of the paper, what the records of a study show, and the verdict."""
    from knapsack_rl.analysis.claims.table import claims_of
    from knapsack_rl.analysis.show.readable import to_markdown

    typer.echo(to_markdown("claims", claims_of(results, arm=arm)))


def figure(names: NamesArgument = None, study: StudyOption = DEFAULT_STUDY) -> None:
    """Draw figures as PNG, PDF and for the report, and write what they show as CSV."""
    from knapsack_rl.analysis.catalogue import FIGURE_NAMES
    from knapsack_rl.analysis.make import draw_figures

    paths = StudyPaths.of(read_study(study).name)
    draw_figures(
        names or FIGURE_NAMES,
        analysis_folder=paths.analysis,
        figures_folder=paths.figures,
        views_folder=paths.views,
    )


def report(study: StudyOption = DEFAULT_STUDY) -> None:
    """Write the report of a study: one self-contained HTML file."""
    from knapsack_rl.report import build_report

    config = read_study(study)
    paths = StudyPaths.of(config.name)
    build_report(config, results_folder=paths.results, output=paths.report)


def answer(study: StudyOption = DEFAULT_STUDY) -> None:
    """Print what a finished study found: three sentences, the reference beside it, and where everything is."""
    from knapsack_rl.report.answer import answer as lines

    config = read_study(study)
    for line in lines(config, StudyPaths.of(config.name), references=RESULTS / "reference"):
        typer.echo(line)
    chosen = "" if study == DEFAULT_STUDY else f" CONFIG={study}"
    typer.echo(f"Runs:    make ui{chosen}")


def compare_reference(study: StudyOption = DEFAULT_STUDY) -> None:
    """Print how a finished study lies beside the committed references: differences, intervals, verdicts."""
    from knapsack_rl.analysis.show.readable import to_markdown
    from knapsack_rl.report.beside import references_of, set_beside

    config = read_study(study)
    folders = references_of(config.name, RESULTS / "reference")
    if not folders:
        raise InputError(f"{RESULTS / 'reference'}: has no reference of study {config.name}; nothing to compare with")
    for found in set_beside(config, StudyPaths.of(config.name), references=folders):
        typer.echo(f"## {found.name}\n\n" + "\n".join(f"- {sentence}" for sentence in found.sentences) + "\n")
        typer.echo(to_markdown("beside_reference", found.table))


def export_reference(
    study: StudyOption = DEFAULT_STUDY,
    *,
    label: Annotated[
        str | None, typer.Option(help="Of a further reference of the study, e.g. other_kernels: another machine's.")
    ] = None,
) -> None:
    """Copy a finished study's tables and figures, with a manifest, to results/reference and figures/reference."""
    from knapsack_rl.report.beside import MARK
    from knapsack_rl.report.reference import export_reference as run
    from knapsack_rl.study import expand

    config = read_study(study)
    name = config.name if label is None else f"{config.name}{MARK}{_plain(label)}"
    reference = StudyPaths(RESULTS / "reference" / name, Path("figures") / "reference" / name)
    run(config, list(expand(config)), paths=StudyPaths.of(config.name), reference=reference)


def _plain(label: str) -> str:
    from knapsack_rl.config.sections import NAME_PATTERN

    if not re.fullmatch(NAME_PATTERN, label):
        raise InputError(f"--label {label}: is no name; use lower case letters, digits and underscores")
    return label


def ui(
    study: StudyOption = DEFAULT_STUDY,
    *,
    port: Annotated[int, typer.Option(help="Port of this machine.")] = 5000,
) -> None:
    """Start MLflow's interface on this machine and print the address of the study's runs; Ctrl-C ends it."""
    from knapsack_rl.tracking import runs_page, server_in_use, tracking_uri

    if server := server_in_use(RESULTS):
        typer.echo(f"Runs are tracked on a server; open {server}")
        return
    name = read_study(study).name if study != DEFAULT_STUDY or Path(study).is_file() else None
    typer.echo(f"Open {runs_page(RESULTS, study=name, port=port)}")
    sys.stdout.flush()
    program = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", tracking_uri(RESULTS)]
    os.execv(sys.executable, [*program, "--host", "127.0.0.1", "--port", str(port)])  # noqa: S606 - no shell is meant


def mlflow_init(name: Annotated[str, typer.Argument(help="Name of the study.")]) -> None:
    """Create the MLflow store and the study's experiment, once, before any training."""
    from knapsack_rl.tracking import create_store

    create_store(name, RESULTS)


def mlflow_sync(study: StudyOption = DEFAULT_STUDY) -> None:
    """Make MLflow equal to the records on disk; safe to repeat, also after an outage."""
    from knapsack_rl.records import write_json
    from knapsack_rl.study import expand
    from knapsack_rl.tracking import sync

    config = read_study(study)
    paths = StudyPaths.of(config.name)
    receipt = sync(
        config,
        expand(config),
        results_folder=paths.results,
        figures_folder=paths.figures,
        results_root=RESULTS,
        answer=_answer_of(config, paths),
    )
    write_json(paths.receipt, receipt)


def _answer_of(study: "StudyConfig", paths: StudyPaths) -> list[str]:
    """The three sentences, where the tables are written and what reads them is installed."""
    from knapsack_rl.report.answer import three_sentences_of

    return list(three_sentences_of(study, paths.tables)) if paths.table("differences").is_file() else []


COMMANDS = {
    "analyse": analyse,
    "table": table,
    "compare": compare,
    "claims": claims,
    "verify": verify,
    "figure": figure,
    "report": report,
    "answer": answer,
    "release": release,
    "compare-reference": compare_reference,
    "export-reference": export_reference,
    "ui": ui,
    "mlflow-init": mlflow_init,
    "mlflow-sync": mlflow_sync,
}
