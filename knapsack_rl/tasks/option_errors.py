"""What is wrong with the options of a task, in one line."""

from collections.abc import Iterable

from pydantic import ValidationError

from knapsack_rl.base.errors import ConfigError


def option_error(error: ValidationError, *, known: Iterable[str]) -> ConfigError:
    """The first mistake: its key, what is wrong, the value where there is one, and the options that exist.

    Args:
        error: of the options as a whole.
        known: names of the options at the place of the mistake.
    """
    first = error.errors()[0]
    key = ".".join(["task", "options", *(str(part) for part in first["loc"])])
    message = first["msg"].removeprefix("Value error, ")
    value = "" if first["type"] in ("missing", "value_error") else f" (value {first['input']!r})"
    return ConfigError(f"{key}: {message}{value}; options: {', '.join(known)} (docs/data.md)")
