"""A study whose runs end at a budget, from the study file to the answer: what each has generated, and what is said."""

import subprocess

import pandas as pd
import pyarrow.parquet as pq
import pytest

from knapsack_rl.base.layout import StudyPaths

from .conftest import environment, new_workspace

pytestmark = [pytest.mark.workflow, pytest.mark.torch, pytest.mark.slow, pytest.mark.xdist_group("stop")]

BUDGET = 120
"""Rollouts of a run; no multiple of the 16 that a step of uniform or knapsack generates."""
ARMS = ("uniform", "knapsack", "dapo")


def _with_a_budget(study):
    study["arms"]["dapo"] = {"strategy": "dapo"}
    study["grid"]["arms"] = list(ARMS)
    study["train"] |= {"steps": 40, "stop": {"num_rollouts": BUDGET}}
    study["evaluation"]["every"] = 3


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The study run to the end, and what the end of the run said."""
    space = new_workspace(tmp_path_factory.mktemp("stop") / "work")
    space.edit(_with_a_budget)
    return space, space.run("--cores", "2").stdout


def test_all_arms_generate_the_budget_within_one_step(ended):
    """`dapo` draws further prompts within a step, and takes fewer steps for it."""
    space, _ = ended
    spent = {}
    for arm in ARMS:
        run = StudyPaths.of("smoke", space.folder).run(f"nano-{arm}-n4-s0")
        spent[arm] = pq.read_table(run.steps)["num_rollouts"].to_pylist()
        assert sum(spent[arm][:-1]) < BUDGET <= sum(spent[arm])
        last = len(spent[arm])
        assert set(pq.read_table(run.evals)["step"].to_pylist()) == {*range(0, last + 1, 3), last}
        assert set(pq.read_table(run.probe)["step"].to_pylist()) == {0, last}
    assert len(spent["uniform"]) == len(spent["knapsack"]) == 8 > len(spent["dapo"])


def test_tables_and_answer_say_so(ended):
    """The answer is of equal rollouts; every run ended at its budget; the curve of each arm reaches its end."""
    space, output = ended
    tables = StudyPaths.of("smoke", space.folder).tables
    assert "knapsack against uniform at equal rollouts; nano" in output
    runs, compute = (pd.read_csv(tables / f"{name}.csv").set_index("arm") for name in ("runs", "compute"))
    assert runs["ended"].to_dict() == dict.fromkeys(ARMS, "budget")
    ends = compute.groupby("arm")["total_rollouts"].max()
    assert ends.to_dict() == runs["num_rollouts"].to_dict()


def test_nothing_is_left_to_do_and_everything_is_as_written(ended):
    """Snakemake knows the outputs of runs whose last step it cannot know."""
    space, _ = ended
    assert space.planned() == {}
    command = ["knapsack-rl", "verify", "results/smoke"]
    done = subprocess.run(command, cwd=space.folder, env=environment(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
