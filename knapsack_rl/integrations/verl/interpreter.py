"""Which Python runs verl: the rest of a study does not fit into the environment that verl needs for itself."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.integrations.verl.versions import check_version, installed_version

VARIABLE = "KNAPSACK_RL_VERL_PYTHON"
"""Names the Python of an environment with verl and this package in it."""
BESIDE = Path(".venv-verl/bin/python")
"""Where `make .venv-verl/.installed` puts it."""
_ASK = "from importlib.metadata import version; import knapsack_rl; print(version('verl'))"


def verl_python() -> str:
    """The Python named by ``KNAPSACK_RL_VERL_PYTHON``; else this one if it has verl, or that of ``.venv-verl`` here."""
    if given := os.environ.get(VARIABLE):
        return given
    return str(BESIDE.absolute()) if find_spec("verl") is None and BESIDE.is_file() else sys.executable


def check_verl(python: str) -> None:
    """Raise unless ``python`` has this package and a tested version of verl.

    Raises:
        ConfigError: it has not, or is no program.
    """
    if python == sys.executable:
        installed_version()
        return
    try:
        asked = subprocess.run([python, "-c", _ASK], capture_output=True, text=True, check=False)
    except OSError as error:
        raise ConfigError(f"{VARIABLE}: {python} cannot be run ({error.strerror}); name a Python") from None
    if asked.returncode:
        said = asked.stderr.strip().splitlines()
        raise ConfigError(
            f"{python} has not both verl and knapsack_rl ({said[-1] if said else 'it says nothing'}); see docs/verl.md,"
            f" or name another Python in {VARIABLE}"
        )
    check_version(asked.stdout.strip())
