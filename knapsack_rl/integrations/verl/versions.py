"""Which versions of verl the plug-in is known to fit: it overrides methods that are no public interface."""

from importlib.metadata import PackageNotFoundError, version

from knapsack_rl.base.errors import ConfigError

TESTED = ("0.9.1",)
"""Versions that the tests were run with."""


def installed_version() -> str:
    """The version of verl, checked.

    Raises:
        ConfigError: verl is not installed, or in a version that was not tested.
    """
    try:
        found = version("verl")
    except PackageNotFoundError:
        raise ConfigError(
            f"verl is not installed; install verl=={TESTED[-1]} into an environment of its own, for example with"
            " `make .venv-verl/.installed`, and name its Python in KNAPSACK_RL_VERL_PYTHON (docs/verl.md)"
        ) from None
    check_version(found)
    return found


def check_version(found: str) -> None:
    """Raise unless ``found`` is a tested version; local builds of one (``0.9.1+cu130``) are.

    Raises:
        ConfigError: it is not.
    """
    if found.partition("+")[0] not in TESTED:
        raise ConfigError(f"verl {found}: was not tested with this package; install verl=={' or '.join(TESTED)}")
