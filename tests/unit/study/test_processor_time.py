"""What a study takes on processors, from given speeds."""

from dataclasses import replace
from pathlib import Path

import pytest

from knapsack_rl.config import load_study
from knapsack_rl.study import expand
from knapsack_rl.study.processor_time import (
    RESULTS_S,
    Lengths,
    ProcessorSpeed,
    decoding_s,
    plan_processors,
    run_time,
)

ROOT = Path(__file__).parents[3]
SPEED = ProcessorSpeed(
    start_s=5.0,
    decode_step_s=1e-3,
    decode_row_s=2e-5,
    update_token_s=5e-5,
    pretrain_step_s=0.2,
    lengths=Lengths(prompt=9.0, response=21.0),
)


@pytest.fixture(scope="module")
def runs():
    """The default study's."""
    return expand(load_study(ROOT / "config" / "config.yaml"))


def test_time_of_a_run_follows_from_its_settings(runs):
    """48 steps of 512 rollouts, half of them updated; four evaluations of 1,000 samples and one probe after step 0."""
    time = run_time(runs["small-uniform-n8-s0"], SPEED, num_problems=500, updated_share=0.5)
    assert time.sample_s == pytest.approx(48 * (48 * 1e-3 + 512 * 21 * 2e-5))
    assert time.update_s == pytest.approx(48 * 256 * 30 * 5e-5)
    evaluation = 1 * 64 * 1e-3 + 1000 * 21 * 2e-5
    probe = 2 * 48 * 1e-3 + 2048 * 21 * 2e-5
    assert time.evaluate_s == pytest.approx(4 * evaluation + probe)
    assert time.total_s == pytest.approx(5.0 + time.sample_s + time.update_s + time.evaluate_s)


def test_study_is_its_runs_its_base_models_and_its_results(runs):
    """A base model is pre-trained and evaluated once, whatever the number of its runs; each replicate has its own."""
    plan = plan_processors(runs, speeds={"tiny": SPEED, "small": SPEED}, num_problems=500)
    assert [(row.model, row.budget, row.num_runs) for row in plan.rows] == [
        ("tiny", 8, 36),
        ("tiny", 4, 4),
        ("tiny", 16, 4),
        ("small", 4, 4),
        ("small", 8, 4),
        ("small", 16, 4),
    ]
    assert plan.total_s == pytest.approx(plan.base_models_s + sum(row.time.total_s for row in plan.rows) + RESULTS_S)
    one = {name: run for name, run in runs.items() if run.seed == 5}
    fewer = plan_processors(one, speeds={"tiny": SPEED}, num_problems=500)
    assert [(row.model, row.budget, row.num_runs) for row in fewer.rows] == [("tiny", 8, 3)]
    assert 14 * fewer.base_models_s == pytest.approx(plan.base_models_s)
    uniform = {name: run for name, run in one.items() if run.arm_name == "uniform"}
    assert plan_processors(uniform, speeds={"tiny": SPEED}, num_problems=500).base_models_s == fewer.base_models_s


def test_batches_beyond_the_largest_take_another_round(runs):
    """Each batch decodes until its longest response ends; the mean length alone counts for its rows."""
    run = runs["small-uniform-n8-s0"]
    most = run.sampler.max_rows
    one, two = (decoding_s(run, SPEED, rollouts=rows, limit=48) for rows in (most, most + 1))
    assert two - one == pytest.approx(48 * 1e-3 + 21 * 2e-5)
    short = replace(SPEED, lengths=Lengths(prompt=9.0, response=100.0))
    assert decoding_s(run, short, rollouts=1, limit=10) == pytest.approx(10 * (1e-3 + 2e-5))


def test_oracle_pays_for_its_probes(runs):
    """Rollouts that show the true rate are sampled, and not updated."""
    run = runs["small-uniform-n8-s0"]
    oracle = run.model_copy(update={"arm": run.arm.model_copy(update={"belief": "oracle"})})
    plain, probing = (run_time(each, SPEED, num_problems=500, updated_share=0.5) for each in (run, oracle))
    assert probing.sample_s > 5 * plain.sample_s
    assert probing.update_s == plain.update_s
