"""Commands for use by hand: allocate, simulate, grade, audit, list what there is, print the configuration schema."""

from pathlib import Path
from typing import Annotated

import typer

from knapsack_rl.cli import allocate, audit, check, grade, methods, plan, simulate
from knapsack_rl.cli.options import DEFAULT_STUDY, StudyOption, read_study, study_source

SCHEMA_FILE, PAGE_FILE = Path("workflow/schemas/config.schema.yaml"), Path("docs/configuration.md")


def runs(study: StudyOption = DEFAULT_STUDY) -> None:
    """List the run ids of a study."""
    from knapsack_rl.study import expand

    for run_id in expand(read_study(study), source=study_source(study)):
        typer.echo(run_id)


def schema(
    *, write: Annotated[bool, typer.Option("--write", help=f"Write {SCHEMA_FILE}, {PAGE_FILE}.")] = False
) -> None:
    """Print the JSON schema of a study file, generated from the typed configuration."""
    from knapsack_rl.config.schema import schema_page, schema_yaml
    from knapsack_rl.records import write_text

    if write:
        write_text(SCHEMA_FILE, schema_yaml())
        write_text(PAGE_FILE, schema_page())
    else:
        typer.echo(schema_yaml())


COMMANDS = {
    "runs": runs,
    **plan.COMMANDS,
    **check.COMMANDS,
    **allocate.COMMANDS,
    **simulate.COMMANDS,
    **grade.COMMANDS,
    **audit.COMMANDS,
    **methods.COMMANDS,
    "schema": schema,
}
