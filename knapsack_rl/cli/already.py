"""What a command says at once when its outputs are there: loading torch and checking every digest takes a while."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from knapsack_rl.base.layout import RunPaths

if TYPE_CHECKING:
    from knapsack_rl.config import RunConfig


def say_if_trained(config: "RunConfig", paths: RunPaths) -> None:
    """One line on standard error if this very run was published."""
    kept = paths.folder / "config.json"
    if _all_there([kept, paths.folder / "steps.parquet"]) and _same(config, kept):
        typer.echo(f"{config.run_id}: trained before; its files are checked and published again", err=True)


def say_if_evaluated(config: "RunConfig", paths: RunPaths) -> None:
    """One line on standard error if this run has an evaluation."""
    if _all_there([paths.evals, paths.probe]):
        typer.echo(
            f"{config.run_id}: evaluated before; it is evaluated anew, and the old file stays until then", err=True
        )


def _all_there(files: Sequence[Path]) -> bool:
    return all(path.is_file() for path in files)


def _same(config: "RunConfig", kept: Path) -> bool:
    from knapsack_rl.base.errors import KnapsackError
    from knapsack_rl.config import compact_json, parse_run

    try:
        return compact_json(parse_run(kept.read_text(encoding="utf-8"), source=str(kept))) == compact_json(config)
    except (KnapsackError, OSError, UnicodeDecodeError):
        return False  # the command itself says what is wrong with it
