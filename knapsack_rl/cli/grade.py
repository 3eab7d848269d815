"""The command that judges responses against reference answers."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from knapsack_rl.base.errors import OutputError


def grade(
    cases: Annotated[Path, typer.Argument(help="One JSON object per line, with the texts `response` and `answer`.")],
    grader: Annotated[str, typer.Option(help="boxed, dapo, number, or module:Class.")] = "boxed",
    *,
    output: Annotated[Path | None, typer.Option(help="File to write; standard output if absent.")] = None,
) -> None:
    r"""Judge final answers as training does; adds `verdict` (1 or 0), `extracted` and `reason` to every case.

    \b
    Example: knapsack-rl grade --grader boxed cases.jsonl --output verdicts.jsonl
    """
    from knapsack_rl.cli.cases_jsonl import grades_line, read_cases, verdicts_text
    from knapsack_rl.progress import Progress
    from knapsack_rl.records import write_text
    from knapsack_rl.tasks import build_grader

    with build_grader(grader) as judge:
        if output is not None:
            _check(output, cases)
        table = read_cases(cases)
        done = 0

        def show(count: int) -> None:
            nonlocal done
            done += count
            progress.update(done)

        try:
            with Progress("grade", total=len(table), unit="case") as progress:
                grades = judge.grade_many([(case["response"], case["answer"]) for case in table], on_done=show)
        except KeyboardInterrupt:
            sys.stderr.write("interrupted; nothing was written\n")
            sys.exit(130)
    text = verdicts_text(table, grades)
    if output is None:
        sys.stdout.write(text)
    else:
        write_text(output, text)
    typer.echo(grades_line(grades), err=True)


def _check(output: Path, cases: Path) -> None:
    """Raise before the work if the file could not be written after it, or would replace the cases."""
    from knapsack_rl.records.atomic import check_writable, destination, ensure_writable

    if output.exists() and cases.exists() and output.samefile(cases):
        raise OutputError(f"--output {output}: is the file of cases itself; name another file")
    folder = destination(output).parent
    check_writable(folder)
    if folder.is_dir():
        ensure_writable(folder)


COMMANDS = {"grade": grade}
