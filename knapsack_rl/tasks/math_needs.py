"""What the math task needs: its libraries, every set of problems, and the tokenizer that counts their tokens."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from knapsack_rl.base.errors import InputError
from knapsack_rl.tasks.grading.registry import GRADERS
from knapsack_rl.tasks.math_options import MathOptions, SetOptions
from knapsack_rl.tasks.needs import InFile, Needs, OnHub, of_extra
from knapsack_rl.tasks.problems.loading import file_rows
from knapsack_rl.tasks.problems.rows import problems

FIRST_ROWS = 100
"""Rows of a local file that are looked at."""


def math_needs(options: MathOptions) -> Needs:
    """Needs of a task with these options."""
    judges = (options.grader, *map(options.grader_of, options.benchmarks))
    of_graders = [library for judge in judges for library in GRADERS.find(judge).libraries]
    libraries = dict.fromkeys([of_extra("datasets", extra="train"), *of_graders])
    return Needs(libraries=tuple(libraries), data=tuple(_data(options)))


def _data(options: MathOptions) -> Iterator[OnHub | InFile]:
    for name, chosen in [*options.training_sets(), *options.benchmarks.items()]:
        yield _set(name, chosen)
    tokenizer = options.tokenizer
    if tokenizer and tokenizer.hub:
        instead = "give task.options.tokenizer.path"
        yield OnHub(
            name="tokenizer", kind="model", hub=tokenizer.hub, revision=str(tokenizer.revision), instead=instead
        )


def _set(name: str, chosen: SetOptions) -> OnHub | InFile:
    line = f"problems {name}"
    if chosen.file:
        return InFile(
            name=line,
            path=chosen.file,
            instead="fetch the file, or leave `file` out to read the hub",
            look=partial(_look, name, chosen, path=Path(chosen.file)),
            remedy="see docs/data.md for `columns`",
        )
    source = chosen.resolve(name)
    instead = "leave this benchmark out" if source.gated else "give `file`"
    return OnHub(name=line, kind="dataset", hub=source.hub, revision=source.revision, instead=instead)


def _look(name: str, chosen: SetOptions, *, path: Path) -> None:
    """Raise unless the first rows have a problem and an answer where the options say."""
    rows = islice(file_rows(path, name=name), FIRST_ROWS)
    if not any(True for _ in problems(rows, chosen.resolve(name), name=str(path), seed=0)):
        raise InputError(f"{path}: none of the first {FIRST_ROWS} rows has a problem and an answer")
