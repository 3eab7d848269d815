"""What the command line loads before it knows what it is asked for: help and mistakes are answered at once."""

import subprocess
import sys

import pytest

HEAVY = ("numpy", "scipy", "pyarrow", "pydantic", "pandas", "torch", "transformers", "mlflow", "snakemake", "yaml")


@pytest.mark.parametrize("module", ["knapsack_rl.cli.start", "knapsack_rl.cli.main"])
def test_nothing_heavy_is_imported_at_the_start(module):
    """Each of these takes longer than everything else that `knapsack-rl --help` needs."""
    code = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
