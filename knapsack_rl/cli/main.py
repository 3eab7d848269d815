"""`knapsack-rl`: one command per job of the workflow, and a few for use by hand."""

import atexit
import io
import logging
import os
import stat
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from knapsack_rl import __version__
from knapsack_rl.base.disk import disk_failure
from knapsack_rl.base.errors import CONTINUES, EXIT_CODE, INTERRUPTED, KnapsackError
from knapsack_rl.base.extras import explained
from knapsack_rl.cli import jobs, library, results, verl

app = typer.Typer(
    name="knapsack-rl",
    help="Rollout-budget allocation for GRPO: train, evaluate and compare under equal compute. "
    "`snakemake --cores 2` runs a whole study; the commands here are its jobs, usable by hand.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for panel, module in (
    ("Jobs of a study", jobs),
    ("Other trainers", verl),
    ("Results", results),
    ("Allocation and reference", library),
):
    for name, command in module.COMMANDS.items():
        # Docstrings are raw, so the mark that keeps an example's line whole is spelt out in them.
        app.command(name, help=(command.__doc__ or "").replace("\\b", "\b"), rich_help_panel=panel)(command)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    if wanted:
        typer.echo(f"knapsack-rl {__version__}")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Without a command: the help."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run() -> None:
    """Entry point: what users or disks cause is one line and exit code 2, Ctrl-C one line and exit code 130."""
    _escape_what_cannot_be_shown()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except KnapsackError as error:
        _fail(f"error: {error}", EXIT_CODE)
    except (KeyboardInterrupt, typer.Abort):
        _fail(f"interrupted; {CONTINUES}", INTERRUPTED)
    except Exception as error:
        if not (message := _told(error)):
            raise  # a bug of ours keeps its traceback
        _fail(f"error: {message}", EXIT_CODE)
    if code == INTERRUPTED:  # typer's answer to Ctrl-C
        _fail(f"interrupted; {CONTINUES}", INTERRUPTED)
    sys.exit(code or 0)


def _told(error: Exception) -> str | None:
    """The line for the user about what a disk, a missing extra or a mistyped command caused; None for anything else."""
    if failure := disk_failure(error, _refusing_place()):
        return str(failure)
    if isinstance(error, ModuleNotFoundError) and (missing := explained(error)):
        return str(missing)
    usage = getattr(error, "format_message", None)  # of typer's errors
    return f"{usage()} (see knapsack-rl --help)" if usage else None


def _escape_what_cannot_be_shown() -> None:
    """Ids and names may hold letters that a terminal has not."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _refusing_place() -> Path:
    """Where a write that names no file went: our own name their folder, so to what standard output is redirected to."""
    redirected = not sys.stdout.isatty() and not stat.S_ISFIFO(os.fstat(1).st_mode)
    return Path("standard output") if redirected else Path.cwd()


def _fail(message: str, code: int) -> NoReturn:
    """Say it, if the log is not on a full disk as well; what is left in buffers then would change the exit code."""
    try:
        sys.stderr.write(f"{message}\n")
        sys.stderr.flush()
        sys.stdout.flush()
    except OSError:
        os._exit(code)
    if code == INTERRUPTED:
        # An extension that was being loaded may have left Python the wish to end by the signal, whatever it exits with.
        atexit._run_exitfuncs()  # noqa: SLF001 - there is no public name for it
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    run()
