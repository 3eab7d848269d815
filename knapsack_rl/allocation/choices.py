"""Options that name one of a few things."""

from collections.abc import Iterable

from knapsack_rl.base.errors import ConfigError


def check_choice(option: str, value: str, *, known: Iterable[str], strategy: str) -> None:
    """Raise ConfigError if the value of an option is none of the known names."""
    if value not in known:
        raise ConfigError(
            f"strategy {strategy!r}: option {option} = {value!r} must be one of: {', '.join(sorted(known))}"
        )


def check_positive(option: str, value: float, *, strategy: str) -> None:
    """Raise ConfigError if the value of an option is not above 0."""
    if not value > 0.0:
        raise ConfigError(f"strategy {strategy!r}: option {option} = {value:g} must be above 0")
