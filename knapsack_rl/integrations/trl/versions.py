"""Which versions of TRL the trainer is known to fit: it overrides methods that are no public interface."""

from importlib.metadata import PackageNotFoundError, version

from knapsack_rl.base.errors import ConfigError

TESTED = ("1.16.0",)
"""Versions that the tests were run with (``make test-trl``)."""
INSTALL = f"pip install 'trl=={TESTED[-1]}'"


def require_trl() -> str:
    """The installed version of TRL, checked.

    Raises:
        ConfigError: TRL is not installed, or in a version that was not tested.
    """
    try:
        found = version("trl")
    except PackageNotFoundError:
        raise ConfigError(f"TRL is not installed; {INSTALL} (docs/trl.md)") from None
    check_version(found)
    return found


def check_version(found: str) -> None:
    """Raise unless ``found`` is a tested version.

    Raises:
        ConfigError: it is not.
    """
    if found not in TESTED:
        raise ConfigError(f"trl {found} was not tested with this package (tested: {', '.join(TESTED)}); {INSTALL}")
