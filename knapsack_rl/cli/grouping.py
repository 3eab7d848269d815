"""Commands with many options: the options are the fields of a frozen dataclass, the command takes one of those."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


def grouped(run: Callable[[T], None]) -> Callable[..., None]:
    """The function that typer needs, made from one that takes a dataclass.

    Fields are annotated like parameters of a command, with ``typer.Option`` or ``typer.Argument``; name and help are
    those of ``run``.
    """
    (kind,) = (hint for name, hint in get_type_hints(run).items() if name != "return")
    hints = get_type_hints(kind, include_extras=True)
    empty = inspect.Parameter.empty

    def command(**values: Any) -> None:  # noqa: ANN401 - whatever the fields hold
        run(kind(**values))

    parameters = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=empty if field.default is dataclasses.MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in dataclasses.fields(kind)
    ]
    attributes = {"__name__": run.__name__, "__doc__": run.__doc__, "__annotations__": hints}
    for name, value in {**attributes, "__signature__": inspect.Signature(parameters)}.items():
        setattr(command, name, value)
    return command
