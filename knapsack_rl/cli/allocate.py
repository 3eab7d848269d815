"""The command that splits a budget over the prompts of a file."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from knapsack_rl.cli.grouping import grouped
from knapsack_rl.cli.options import read_mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocateOptions:
    """Options of ``knapsack-rl allocate``."""

    prompts: Annotated[Path, typer.Argument(help="CSV with `id` and `success_rate`, or `successes` and `draws`.")]
    strategy: Annotated[str, typer.Option(help="A strategy that `knapsack-rl methods` lists, or module:Class.")] = (
        "knapsack"
    )
    options: Annotated[str, typer.Option(help="Options of the strategy as JSON.")] = "{}"
    budget_per_prompt: Annotated[int, typer.Option(help="Mean rollouts per prompt.")] = 8
    low: Annotated[int, typer.Option(help="Fewest rollouts of a prompt.")] = 2
    high: Annotated[int, typer.Option(help="Most rollouts of a prompt.")] = 128
    seed: Annotated[int, typer.Option(help="Seed of ties and remainders.")] = 0
    format: Annotated[Literal["csv", "json"], typer.Option(help="Format of the counts.")] = "csv"
    output: Annotated[Path | None, typer.Option(help="File to write; standard output if absent.")] = None


def allocate(options: AllocateOptions) -> None:
    r"""Allocate rollouts to the prompts of a CSV file; an empty rate means unknown. A summary goes to standard error.

    \b
    Example: knapsack-rl allocate prompts.csv --strategy knapsack --budget-per-prompt 8 --low 2 --high 128
    """
    from knapsack_rl.allocation import allocate as run
    from knapsack_rl.cli.prompts_csv import counts_text, read_prompts_csv
    from knapsack_rl.cli.summary import summary_line
    from knapsack_rl.records import write_text

    table = read_prompts_csv(options.prompts)
    counts_P = run(
        options.strategy,
        table.beliefs,
        total=options.budget_per_prompt * len(table.ids),
        bounds=(options.low, options.high),
        seed=options.seed,
        options=read_mapping(options.options, "--options"),
    )
    text = counts_text(table.ids, counts_P, form=options.format)
    if options.output is None:
        sys.stdout.write(text)
    else:
        write_text(options.output, text)
    typer.echo(summary_line(table.beliefs, counts_P), err=True)


COMMANDS = {"allocate": grouped(allocate)}
