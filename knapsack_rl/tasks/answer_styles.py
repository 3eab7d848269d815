"""How final answers are read, and whether a prompt template asks for them so."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.tasks.grading.registry import GRADERS
from knapsack_rl.tasks.templates import ANSWER_STYLES, get_template


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Example: ``Reading(style="boxed", reader="grader 'boxed'", change="a grader (task.options)")``."""

    style: str | None
    """How the final answer must be written; None: any way."""
    reader: str
    """What reads it, for messages."""
    change: str
    """What could be chosen otherwise, for messages."""


Readings = Mapping[str, Iterable[Reading]]
"""Readings of responses to a template, by the template's key: ``template`` (training) and ``benchmark_template``."""


def reading_of(grader: str) -> Reading:
    """How the grader of that name reads answers."""
    style = GRADERS.find(grader).answer_style
    return Reading(style=style, reader=f"grader {grader!r}", change="a grader (task.options)")


def on_both(reading: Reading) -> Readings:
    """The same reading in training and on benchmarks."""
    return {"template": (reading,), "benchmark_template": (reading,)}


def check_templates(readings: Readings, templates: Mapping[str, str]) -> None:
    """Raise if a template asks for another style than is read.

    Args:
        readings: of the task.
        templates: names of templates by key.

    Raises:
        ConfigError: it does, or it does not exist.
    """
    for key, name in templates.items():
        asked = get_template(name).answer_style
        for reading in readings.get(key, ()):
            if asked and reading.style and asked != reading.style:
                raise ConfigError(
                    f"prompt.{key}: {name!r} asks for the answer as {asked}, but the {reading.reader} reads"
                    f" {reading.style}; choose a template and {reading.change} that go together"
                )


def unasked(readings: Readings, templates: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Keys of templates that do not ask for the style that is read, and what is wrong with them, in words."""
    for key, name in templates.items():
        for reading in readings.get(key, ()):
            if reading.style in ANSWER_STYLES and get_template(name).answer_style is None:
                yield (
                    key,
                    f"template {name!r} does not ask for the answer as {reading.style}; {reading.reader} reads that",
                )
