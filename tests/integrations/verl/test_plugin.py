"""verl finds the plug-in by itself, and a plug-in that cannot be used says so."""

import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.verl, pytest.mark.slow]

FIND = "import verl; from verl.trainer.ppo.v1 import get_trainer_cls; print(get_trainer_cls('knapsack').__name__)"


def python(code, **variables):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"VERL_USE_EXTERNAL_PLUGINS": "none", "VERL_USE_EXTERNAL_MODULES": "knapsack_rl.integrations.verl.plugin"},
    ],
    ids=["entry point", "module"],
)
def test_verl_knows_the_trainer(variables):
    out, _ = python(FIND, **variables)
    assert out.strip().endswith("KnapsackTrainer")


def test_another_version_is_said_where_verl_swallows_it():
    code = (
        "from knapsack_rl.integrations.verl import versions\nversions.TESTED = ('0.0.1',)\n"
        "import verl\nfrom verl.trainer.ppo.v1.trainer_base import TRAINER_REGISTRY\nprint(sorted(TRAINER_REGISTRY))"
    )
    out, err = python(code)
    assert "'knapsack'" not in out
    assert "knapsack_rl is NOT active in verl: verl 0.9.1: was not tested with this package" in err
