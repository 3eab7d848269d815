"""Options that name one of a few things."""

from collections.abc import Iterable

from knapsack_rl.base.errors import ConfigError


def check_choice(option: str, value: str, *, known: Iterable[str], strategy: str) -> None:
    """Raise ConfigError if the value of an option is none of the known names."""
    if value not in known:
        raise ConfigError(
            f"strategy {strategy!r}: option {option} = {value!r} must be one of: {', '.join(sorted(known))}"
        )


def check_above(option: str, value: float, *, least: float, strategy: str) -> None:
    """Raise ConfigError if the value of an option is not above a number."""
    if not value > least:
        raise ConfigError(f"strategy {strategy!r}: option {option} = {value:g} must be above {least:g}")
