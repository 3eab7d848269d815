"""The commands that measure speed run, and count what they say they count."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.torch, pytest.mark.slow]
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def measured(monkeypatch):
    """The modules of the benchmark, which are no package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import machine
    import throughput

    return machine, throughput


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H200", 989e12),
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("NVIDIA GeForce RTX 4090", 165e12),
        ("NVIDIA L4", 121e12),
        ("NVIDIA L40S", None),
        ("cpu", None),
    ],
)
def test_peak_is_that_of_the_device(measured, name, peak):
    """By whole words of its name; what is given takes precedence."""
    machine, _ = measured
    assert machine.peak_flops(name, given=None) == peak
    assert machine.peak_flops(name, given=7) == 7e12


def test_operations_of_an_update_are_those_of_its_matrices(measured):
    """Counted by torch itself over forward and backward of one row, within the attention that torch does in full."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from knapsack_rl.learner import TrainingRow

    machine, throughput = measured
    model = machine.random_model("nano", dtype=torch.float32, device=torch.device("cpu"))
    row = TrainingRow(
        prompt_tokens=(1,), response_tokens=(2,) * 127, old_logprobs=(-1.0,) * 127, advantage=1.0, weight=1.0
    )
    with FlopCounterMode(display=False) as counter:
        model(torch.ones((1, 128), dtype=torch.long), use_cache=False).logits.sum().backward()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    ours = throughput.model_flops("nano", [row], num_parameters=parameters)
    assert ours == pytest.approx(counter.get_total_flops(), rel=0.1)


def test_shares_of_a_step_add_up(measured):
    """Overhead is everything but sampling and update."""
    _, throughput = measured
    text = throughput.step_table({"sample": 6.0, "update": 3.0, "record": 0.5}, total=10.0, steps=10, updated=5.0)
    assert "| other | 50.0 | 5.0% |" in text
    assert "| outside sample and update |  | 10.0% |" in text
    assert "50% of the rollouts" in text


def test_one_command_prints_a_table_per_part():
    """At the smallest size, on the processor."""
    sizes = ["--prompts", "1", "--prompt-tokens", "4", "--response-tokens", "4", "--repeats", "1"]
    step = ["--steps", "3", "--pretrain-steps", "2", "--step-prompts", "4", "--hidden", "16"]
    command = [sys.executable, str(BENCHMARKS / "throughput.py"), "step", "update", "--device", "cpu", *sizes, *step]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("## ")] == ["## step", "## update"]
    for cell in ("| sample |", "| record |", "| outside sample and update |", "| nano | cpu |"):
        assert cell in done.stdout
