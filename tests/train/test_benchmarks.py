"""The benchmarks that compare and that watch growth: what they report, and ratios that must hold on any machine."""

import subprocess
import sys
from pathlib import Path
from time import process_time

import pytest

from knapsack_rl.analysis.catalogue import TABLE_NAMES
from knapsack_rl.analysis.frames.study import load_analysis
from knapsack_rl.analysis.make import analyse, build_table
from knapsack_rl.base.layout import StudyPaths

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
TRL_PYTHON = ROOT / ".bench" / "trl" / "bin" / "python"


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """The modules of the benchmarks, which are no package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def _lap(seconds):
    return {"processor_s": seconds, "wall_s": 2 * seconds, "response_tokens": 100, "rollouts": 8}


def _found():
    laps = {"TRL": [_lap(2.0), _lap(9.0), _lap(4.0)], "uniform": [_lap(1.0)], "knapsack": [_lap(1.2), _lap(1.2)]}
    equality = {
        "advantages": 1e-4,
        "advantages_one_epsilon": 1e-7,
        "gradients": 2e-4,
        "gradients_one_advantage": 3e-6,
        "num_mixed": 6,
        "num_rollouts": 8,
    }
    shape = {"prompts": 1, "rollouts": 8, "response_tokens": 48, "hidden": 96, "layers": 3, "vocabulary": None}
    machine = dict.fromkeys(("torch", "transformers", "trl", "python", "processor", "threads", "size", "rounds"), "1")
    return {
        "machine": machine,
        "cases": [{"name": "small", "trl_rows": 16, "laps": laps, "equality": equality, **shape}],
    }


def test_comparison_reports_medians_and_ratios(tmp_path):
    """The median of TRL's 2, 4 and 9 seconds is 4; ours are shares of it. The equality stands before the times."""
    from beside_trl.report import medians, write_report

    ratios = {way: each["ratio"] for way, each in medians(_found()["cases"][0]).items()}
    assert ratios == {"TRL": 1.0, "uniform": 0.25, "knapsack": 0.3}
    write_report(_found(), tmp_path)
    text = (tmp_path / "trl.md").read_text()
    assert text.index("by 3.0e-06 with equal advantages") < text.index("| small | uniform | 1 | 1.000 | 2.000 | 0.25 |")
    assert (tmp_path / "trl.csv").read_text().count("\n") == 4
    assert (tmp_path / "trl.png").stat().st_size > 1000


@pytest.mark.torch
@pytest.mark.parametrize("size", ["smoke", "full"])
def test_both_trainers_are_given_the_same(size):
    """Mini-batches divide into TRL's rows, and prompts are met twice before the clock runs."""
    from beside_trl.cases import WARM_UP, cases, run_of

    for case in cases(size):
        run = run_of(case, "knapsack")
        mini_batch = run.rollouts_per_step // run.train.mini_batches
        assert all(mini_batch % min(rows, mini_batch) == 0 for rows in case.trl_rows)
        assert run.task.options["num_train"] == WARM_UP * case.prompts


@pytest.mark.torch
def test_rewards_of_noise_are_mixed_in_half_of_the_groups():
    """A function of prompt and response alone, so both trainers judge alike."""
    from beside_trl.cases import CoinTask

    from knapsack_rl.base.types import Prompt, StopReason
    from knapsack_rl.tasks import Response

    mixed = 0
    for number in range(200):
        prompt = Prompt(id=str(number), text=f"prompt {number}", answer="", kind="")
        asked = [Response(prompt=prompt, text=f"{place}", stop=StopReason.LENGTH) for place in range(32)]
        rewards = [verdict.reward for verdict in CoinTask().score_many(asked)]
        assert rewards == [verdict.reward for verdict in CoinTask().score_many(asked)]
        mixed += 0 < sum(rewards) < len(rewards)
    assert 80 < mixed < 120


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.skipif(not TRL_PYTHON.exists(), reason="TRL's environment is not there; `make bench` makes it")
def test_ours_is_equal_to_trl_and_faster(tmp_path):
    """The whole comparison at its smallest size; a ratio, since seconds are the machine's."""
    import csv

    command = [sys.executable, str(BENCHMARKS / "trl_comparison.py"), "--size", "smoke", "--rounds", "1"]
    subprocess.run([*command, "--output", str(tmp_path)], check=True, capture_output=True)
    with (tmp_path / "trl.csv").open() as stream:
        ratios = {(row["case"], row["trainer"]): float(row["of TRL"]) for row in csv.DictReader(stream)}
    assert len(ratios) == 8
    assert max(ratio for (_, trainer), ratio in ratios.items() if trainer != "TRL") < 0.9


@pytest.mark.slow
def test_analysis_grows_no_faster_than_the_number_of_runs(monkeypatch, tmp_path):
    """Four times the runs take less than five times as long, tables and collecting together."""
    import analysis

    for name, value in {"STEPS_PER_RUN": 40, "PROMPTS": 64, "PROBLEMS": 10}.items():
        monkeypatch.setattr(analysis, name, value)
    paths = StudyPaths.of("paper", tmp_path)
    ids = [analysis.write_run(paths, place) for place in range(12)]

    def seconds(number):
        start = process_time()
        analyse(paths.results, ids[:number])
        frames = load_analysis(paths.analysis)
        for name in TABLE_NAMES:
            build_table(name, frames)
        return process_time() - start

    seconds(2)
    assert seconds(12) < 5 * seconds(3)


@pytest.mark.torch
@pytest.mark.slow
def test_growth_is_measured_and_drawn(tmp_path):
    """At the smallest size: steps cost alike, so a run grows in proportion to them."""
    command = [sys.executable, str(BENCHMARKS / "growth.py"), "--size", "smoke", "--output", str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.count("exponent") == 5
    rows = (tmp_path / "growth.md").read_text().splitlines()
    exponents = {row.split("|")[2].strip(): float(row.split("|")[6]) for row in rows[2:]}
    assert set(exponents) == {"rollouts per prompt", "parameters", "steps", "runs"}
    assert 0.7 < exponents["steps"] < 1.3
    assert exponents["rollouts per prompt"] < 1.2
    assert (tmp_path / "growth.png").stat().st_size > 1000
