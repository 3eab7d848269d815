"""GPUs that a run holds, as its manifest says."""

from pathlib import Path

import pytest

from knapsack_rl.config import SamplerConfig, load_study
from knapsack_rl.study import expand
from knapsack_rl.train.build import num_gpus

CONFIG = Path(__file__).parents[3] / "config" / "config.yaml"


@pytest.fixture(scope="module")
def run():
    return next(iter(expand(load_study(CONFIG)).values()))


@pytest.mark.parametrize(
    ("sampler", "on_gpu", "ranks", "held"),
    [
        ({"kind": "vllm", "tensor_parallel": 2}, (True, True), 1, 2),
        ({"kind": "vllm", "tensor_parallel": 2}, (True, True), 4, 4),
        ({"kind": "vllm", "tensor_parallel": 2}, (True, False), 1, 1),
        ({"kind": "vllm", "tensor_parallel": 2}, (False, False), 2, 0),
        ({}, (False, True), 3, 3),
    ],
)
def test_an_engine_of_several_gpus_counts(run, sampler, on_gpu, ranks, held):
    """One per rank where learner or sampler is on a GPU; the engine of a rank alone may have more."""
    given = run.model_copy(update={"sampler": SamplerConfig(**sampler)})
    assert num_gpus(given, on_gpu=on_gpu, num_ranks=ranks) == held
