"""What a base model was found to do is sampled once for all runs that ask the same of it, and never for others."""

import pytest

from knapsack_rl.evaluate.base_model import BaseModelEvaluations
from knapsack_rl.records import EVALS, table_of

SETTINGS = {"every": 12, "samples": 1}


class Asked:
    """Makes the rows of one problem, and counts how often it was asked to."""

    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        facts = {"sample": 0, "reward": 1.0, "reason": "right", "extracted": "5", "num_response_tokens": 2}
        names = {"benchmark": "b", "problem_id": "p", "kind": "k", "truncated": False}
        return [{"run_id": "whoever came first", "step": 0, **names, **facts}]


@pytest.fixture
def rows(bench):
    """Rows of a run with given settings, whose base model has given weights."""

    def found(make, *, weights=b"same", **settings):
        job = bench.job(**({"evaluation": SETTINGS} | settings))
        folder = job.paths.weights(0)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.safetensors").write_bytes(weights)
        return job, BaseModelEvaluations(job.config, job.paths).rows(EVALS, job.benchmarks_file, make=make)

    return found


def test_a_second_run_takes_the_rows_over(rows):
    """Under its own name; arm, budget and number of steps play no part."""
    make = Asked()
    for settings in ({"arm": "uniform"}, {"arm": "knapsack"}, {"budget": 4}, {"steps": 24}):
        job, table = rows(make, **settings)
        (row,) = Asked()()
        assert table == table_of([row | {"run_id": job.config.run_id}], EVALS)
    assert make.times == 1


@pytest.mark.parametrize(
    "other",
    [
        {"weights": b"other"},
        {"evaluation": SETTINGS | {"samples": 2}},
        {"evaluation": SETTINGS | {"seed": 1}},
        {"evaluation": SETTINGS | {"temperature": 0.5}},
        {"temperature": 0.9},  # at which the probe is taken
    ],
)
def test_who_asks_something_else_samples(rows, other):
    """Other weights or other settings share nothing."""
    make = Asked()
    rows(make)
    rows(make, **other)
    assert make.times == 2


def test_damaged_rows_are_made_again(rows):
    """A file that cannot be read is no reason to stop."""
    make = Asked()
    job, _ = rows(make)
    (file,) = (job.paths.study / "base_evals").glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-20])
    rows(make)
    rows(make)
    assert make.times == 2
