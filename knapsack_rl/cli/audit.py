"""The command that judges rollout logs of other trainers."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from knapsack_rl.base.errors import INTERRUPTED, OutputError
from knapsack_rl.cli.grouping import grouped

if TYPE_CHECKING:
    from knapsack_rl.audit import Audit, AuditOptions

PAGES = (".md", ".html")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCommand:
    """Options of ``knapsack-rl audit``."""

    logs: Annotated[list[Path], typer.Argument(help="Files or folders: parquet, JSON lines or CSV, gzip included.")]
    threshold: Annotated[float | None, typer.Option(help="A reward of this or more is a success.")] = None
    strategies: Annotated[
        str, typer.Option(help="One-shot strategies, with commas between; see `knapsack-rl methods`.")
    ] = "uniform,knapsack,knapsack_posterior"
    belief: Annotated[str | None, typer.Option(help="Registered belief for all of them; each its own if absent.")] = (
        None
    )
    low: Annotated[int, typer.Option(help="Fewest rollouts of a prompt.")] = 2
    high: Annotated[int, typer.Option(help="Most rollouts of a prompt.")] = 128
    step: Annotated[str | None, typer.Option(help="Field with the step; found by itself if absent.")] = None
    prompt: Annotated[str | None, typer.Option(help="Field with the prompt's id or text.")] = None
    reward: Annotated[str | None, typer.Option(help="Field with the reward.")] = None
    length: Annotated[str | None, typer.Option(help="Field with a response's tokens.")] = None
    repeated: Annotated[
        Literal["auto", "last", "join"], typer.Option(help="A step that occurs again: a resume, or another process?")
    ] = "auto"
    output: Annotated[Path | None, typer.Option(help="Page to write, X.md or X.html; the terminal if absent.")] = None


def audit(options: AuditCommand) -> None:
    r"""Say what a run wasted, and what uneven rollout budgets would have made of it, from its rollout log.

    \b
    Example: knapsack-rl audit run/completions --output audit.html
    """
    _check(options.output)
    from knapsack_rl.audit import audit as run
    from knapsack_rl.audit import markdown_page
    from knapsack_rl.records import write_text

    try:
        found = run(options.logs, _audit_options(options))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing was written\n")
        sys.exit(INTERRUPTED)
    if options.output is None:
        sys.stdout.write(markdown_page(found))
        return
    write_text(options.output, _html(found) if options.output.suffix == ".html" else markdown_page(found))
    typer.echo(found.verdict)


def _audit_options(options: AuditCommand) -> "AuditOptions":
    from knapsack_rl.audit import AuditOptions, LogFields

    return AuditOptions(
        fields=LogFields(step=options.step, prompt=options.prompt, reward=options.reward, length=options.length),
        threshold=options.threshold,
        strategies=tuple(name.strip() for name in options.strategies.split(",") if name.strip()),
        belief=options.belief,
        bounds=(options.low, options.high),
        repeated=options.repeated,
    )


def _check(output: Path | None) -> None:
    """Raise before the work if the page could not be written after it."""
    if output is None:
        return
    from knapsack_rl.records.atomic import check_writable, destination

    if output.suffix not in PAGES:
        raise OutputError(
            f"--output {output}: is no kind of page that is written; end the name in {' or '.join(PAGES)}"
        )
    check_writable(destination(output).parent)
    if output.suffix == ".html":
        _need_extra()


def _need_extra() -> None:
    from importlib.util import find_spec

    for library in ("jinja2", "matplotlib"):
        if find_spec(library) is None:
            raise OutputError(f"--output X.html needs the package {library!r}; pip install 'knapsack-rl[analysis]'")


def _html(found: "Audit") -> str:
    from knapsack_rl.report.audit_page import html_page

    return html_page(found)


COMMANDS = {"audit": grouped(audit)}
