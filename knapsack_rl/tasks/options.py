"""Options of tasks: what all have in common, and how a mistake in them is told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.suggestion import suggest_and_list
from knapsack_rl.base.validation import describe

CutOff = Literal["wrong", "graded"]
"""The option `cut_off`: a response that was cut off at the token limit is wrong unread, or graded like any other.

The release of Knapsack RL grades the text it has, whether or not the model came to an end.
"""


class TaskOptions(BaseModel):
    """Options under `task.options`; a task adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cut_off: CutOff = "wrong"


Options = TypeVar("Options", bound=BaseModel)


def read_options(model: type[Options], options: Mapping[str, Any]) -> Options:
    """Typed options.

    Raises:
        ConfigError: unknown or missing option, or a bad value; one line that names the options at that place.
    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        message = describe(
            error,
            within=("task", "options"),
            unknown_key=lambda place: suggest_and_list(place[-1], _options_at(model, place)),
            missing_key=lambda place: f"options: {', '.join(_options_at(model, place))}",
        )
        raise ConfigError(message) from None


def _options_at(model: type[BaseModel], place: Sequence[str]) -> list[str]:
    """Names of the options beside the one at ``place``; indices and names that the user chose lead no deeper."""
    for part in place[:-1]:
        if part in model.model_fields:
            model = next(_models_in(model.model_fields[part].annotation), model)
    return list(model.model_fields)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
