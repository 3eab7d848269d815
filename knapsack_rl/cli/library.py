"""Commands that need no study: allocate rollouts, list what there is, print the configuration schema."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from knapsack_rl.cli.options import DEFAULT_STUDY, StudyOption, read_json, read_study
from knapsack_rl.study import expand

SCHEMA_FILE = Path("workflow/schemas/config.schema.yaml")


def runs(study: StudyOption = DEFAULT_STUDY) -> None:
    """List the run ids of a study."""
    for run_id in expand(read_study(study), source="--study"):
        typer.echo(run_id)


def allocate(
    prompts: Annotated[Path, typer.Argument(help="CSV with `id` and `success_rate`, or `successes` and `draws`.")],
    strategy: Annotated[str, typer.Option(help="Registered strategy.")] = "knapsack",
    *,
    budget_per_prompt: Annotated[int, typer.Option(help="Mean rollouts per prompt.")] = 8,
    bounds: Annotated[tuple[int, int], typer.Option(help="Fewest and most rollouts of a prompt.")] = (2, 128),
    seed: Annotated[int, typer.Option(help="Seed of ties and remainders.")] = 0,
    options: Annotated[str, typer.Option(help="Options of the strategy as JSON.")] = "{}",
) -> None:
    r"""Allocate rollouts to the prompts of a CSV file; an empty rate means unknown. Writes CSV to standard output.

    \b
    Example: knapsack-rl allocate prompts.csv --strategy knapsack --budget-per-prompt 8 --bounds 2 128
    """
    from knapsack_rl.allocation import allocate as run
    from knapsack_rl.cli.prompts_csv import read_prompts_csv, write_counts

    table = read_prompts_csv(prompts)
    counts = run(
        strategy,
        table.beliefs,
        total=budget_per_prompt * len(table.ids),
        bounds=bounds,
        seed=seed,
        options=read_json(options, "--options"),
    )
    write_counts(table, counts, stream=sys.stdout)


def methods() -> None:
    """List every strategy, belief tracker, task, figure and table by name."""
    from knapsack_rl.allocation import default_belief, strategy_names
    from knapsack_rl.beliefs import tracker_names
    from knapsack_rl.records.products import FIGURE_NAMES, TABLE_NAMES
    from knapsack_rl.tasks import task_names

    typer.echo("strategies: " + ", ".join(f"{name} (reads {default_belief(name)})" for name in strategy_names()))
    for title, names in (
        ("beliefs", tracker_names()),
        ("tasks", task_names()),
        ("figures", FIGURE_NAMES),
        ("tables", TABLE_NAMES),
    ):
        typer.echo(f"{title}: " + ", ".join(names))


def schema(write: Annotated[bool, typer.Option("--write", help=f"Write {SCHEMA_FILE}.")] = False) -> None:  # noqa: FBT002
    """Print the JSON schema of a study file, generated from the typed configuration."""
    from knapsack_rl.config.schema import schema_yaml
    from knapsack_rl.records import write_text

    if write:
        write_text(SCHEMA_FILE, schema_yaml())
    else:
        typer.echo(schema_yaml())


COMMANDS = {"runs": runs, "allocate": allocate, "methods": methods, "schema": schema}
