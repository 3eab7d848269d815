"""Speeds that are measured hang together with the work they were measured on."""

from pathlib import Path

import pytest

from knapsack_rl.base.errors import InputError
from knapsack_rl.config import load_study, parse_study
from knapsack_rl.study import expand
from knapsack_rl.study.processor_time import Lengths, run_time

pytestmark = pytest.mark.torch
ROOT = Path(__file__).parents[3]
ASSUMED = Lengths(prompt=10.0, response=10.0)


def _study(**build):
    return parse_study(
        {
            "name": "speed",
            "task": {"name": "arithmetic", "options": {"num_train": 64, "num_per_benchmark": 4}},
            "models": {"m": {"build": {"hidden_size": 32, "num_layers": 2} | build}},
            "arms": {"uniform": {"strategy": "uniform"}},
            "grid": {"models": ["m"], "arms": ["uniform"], "budgets": [4], "seeds": [0]},
            "train": {"steps": 2, "prompts_per_step": 16},
            "learner": {"device": "cpu"},
        },
        source="test",
    )


def _measured(tmp_path, **build):
    from knapsack_rl.preflight.processor_speed import measure

    (run,) = expand(_study(**build)).values()
    return run, measure(run, tmp_path, assumed=ASSUMED, start_s=1.0)


def test_every_part_is_measured_and_a_larger_model_takes_longer(tmp_path):
    """Ratios only: four times the width and twice the depth are more than twice the update."""
    _, small = _measured(tmp_path / "small")
    _, large = _measured(tmp_path / "large", hidden_size=192, num_layers=4)
    assert min(small.decode_row_s + small.decode_step_s, small.update_token_s, small.pretrain_step_s) > 0
    assert large.update_token_s > 2 * small.update_token_s
    assert small.lengths.prompt != ASSUMED.prompt  # read off demonstrations
    assert 10 < small.lengths.response < 48


def test_a_run_takes_what_was_predicted(tmp_path):
    """Two steps of the trainer itself within a factor of two of the prediction: a laptop's noise, not a wrong unit."""
    from time import process_time

    from knapsack_rl.base.types import SamplingOptions
    from knapsack_rl.config import SamplerConfig
    from knapsack_rl.preflight.processor_speed import NO_TOKEN
    from knapsack_rl.preflight.processor_work import request_of
    from knapsack_rl.sampler import build_sampler

    run, speed = _measured(tmp_path)
    predicted = run_time(run, speed, num_problems=20, updated_share=1.0).sample_s
    options = SamplingOptions(temperature=1.0, max_response_tokens=48, stop_tokens=(NO_TOKEN,))
    sampler = build_sampler(tmp_path, config=SamplerConfig(device="cpu"), prompt=run.model.prompt, options=options)
    request = request_of(64, per_prompt=4, lengths=speed.lengths, vocabulary=16)
    sampler.generate(request)
    start = process_time()
    for _ in range(run.train.steps):
        sampler.generate(request)
    whole = process_time() - start  # all of them to the limit
    assert whole / 4 < predicted < 2 * whole


def test_a_model_of_the_hub_is_not_measured_unseen(tmp_path):
    """Its name, and what else to give."""
    from knapsack_rl.preflight.processor_work import model_folder

    run = next(iter(expand(load_study(ROOT / "config" / "paper.yaml")).values()))
    with pytest.raises(InputError, match=r"is not on this machine.*--hardware"):
        model_folder(run, tmp_path)


@pytest.mark.slow
def test_plan_measures_this_machine(tmp_path):
    """The command itself: a row per model and budget, the sums, and what was measured and assumed."""
    import subprocess

    path = tmp_path / "study.json"  # JSON is YAML
    path.write_text(_study().model_dump_json(exclude_unset=True))
    command = ["knapsack-rl", "plan", str(path), "--hardware", "cpu", "--cores", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("| ")]
    assert names == ["model", "m", "base models", "tables, figures, report", "all"]
    assert "on 1 core with nothing else to do" in done.stdout
    assert "ms a decoding step" in done.stdout
