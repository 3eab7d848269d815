"""`knapsack-rl check`: is everything there that a study needs?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knapsack_rl.base.errors import EXIT_CODE, ConfigError
from knapsack_rl.base.markdown import markdown_table
from knapsack_rl.cli.options import read_study, study_source

if TYPE_CHECKING:
    from knapsack_rl.preflight.finding import Finding

HEADER = ("check", "status", "found", "remedy")


def check(
    study: Annotated[str, typer.Argument(help="Study file (YAML).")],
    *,
    gpus: Annotated[
        int | None, typer.Option(min=0, help="GPUs of the machine that will train, if not this one.")
    ] = None,
    gpu_memory_gib: Annotated[float | None, typer.Option(min=0, help="Memory of each of them.")] = None,
    inputs_only: Annotated[bool, typer.Option(help="Models and problems only; nothing of this machine.")] = False,
    output: Annotated[Path | None, typer.Option(help="File for the table, written if nothing is missing.")] = None,
) -> None:
    r"""Verify a study up front: models, problems, permissions, disk, memory, GPUs, libraries; exit code 2 if one lacks.

    \b
    Example: knapsack-rl check config/paper.yaml --gpus 8 --gpu-memory-gib 80
    """
    from knapsack_rl.preflight import Machine, check_study
    from knapsack_rl.records import write_text
    from knapsack_rl.study import expand

    config = read_study(study)
    runs = expand(config, source=study_source(study))
    here = Machine.here()
    machine = Machine(here.gpus if gpus is None else gpus, gpu_memory_gib or here.gpu_memory_gib)
    findings = check_study(config, runs, machine=None if inputs_only else machine)
    if config.engine == "verl" and not inputs_only:
        findings.append(_verl())
    table = markdown_table(HEADER, [(each.check, each.status, each.found, each.remedy) for each in findings])
    typer.echo(table)
    missing = [each.check for each in findings if each.status == "missing"]
    if missing:
        typer.echo(f"error: {config.name}: {len(missing)} missing: {', '.join(missing)}; remedies above", err=True)
        raise typer.Exit(EXIT_CODE)
    if output:
        write_text(output, f"{table}\n")


def _verl() -> "Finding":
    """verl, and the vLLM that it brings, have an environment of their own."""
    from knapsack_rl.integrations.verl.interpreter import check_verl, verl_python
    from knapsack_rl.preflight.finding import Finding

    python = verl_python()
    try:
        check_verl(python)
    except ConfigError as error:
        found, _, remedy = str(error).partition("; ")
        return Finding(check="library verl", status="missing", found=found, remedy=remedy)
    return Finding(check="library verl", status="ok", found=f"run by {python}")


COMMANDS = {"check": check}
