"""The sampler's section: shorthand, per model, per run, and what follows from it."""

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import parse_study, run_hash
from knapsack_rl.study import expand


def _runs(**changes):
    model = {"build": {"hidden_size": 16, "num_layers": 1}}
    data = {
        "name": "x",
        "task": {"name": "arithmetic"},
        "models": {"a": model, "b": model | {"sampler": {"max_model_len": 99}}},
        "arms": {"uniform": {"strategy": "uniform"}},
        "grid": {"models": ["a", "b"], "arms": ["uniform"], "budgets": [8], "seeds": [0]},
        "train": {"steps": 3},
    }
    runs = expand(parse_study(data | changes, source="x"))
    return runs["a-uniform-n8-s0"], runs["b-uniform-n8-s0"]


def test_a_name_stands_for_a_section():
    first, second = _runs(sampler="vllm")
    assert first.sampler.kind == second.sampler.kind == "vllm"
    assert first == _runs(sampler={"kind": "vllm"})[0]
    assert (first.sampler.max_model_len, second.sampler.max_model_len) == (None, 99)


def test_default_leaves_hashes_alone():
    """A study that names the default engine is the study that names none."""
    assert run_hash(_runs()[0]) == run_hash(_runs(sampler="transformers")[0]) != run_hash(_runs(sampler="vllm")[0])


def test_one_run_may_differ():
    first, second = _runs(overrides={"a-uniform-n8-s0": {"sampler": {"kind": "vllm"}}})
    assert (first.sampler.kind, second.sampler.kind) == ("vllm", "transformers")


@pytest.mark.parametrize(
    ("sampler", "loss", "cap"),
    [
        ("transformers", {}, None),
        ("vllm", {}, 2.0),
        ("vllm", {"tis": False}, None),
        ("vllm", {"tis_cap": 5.0}, 5.0),
        ("transformers", {"tis": True}, 2.0),
    ],
)
def test_correction_is_on_where_the_engine_computes_otherwise(sampler, loss, cap):
    assert cap == _runs(sampler=sampler, train={"steps": 3, "loss": loss})[0].resolved_train.loss.importance_cap


@pytest.mark.parametrize(
    ("sampler", "words"),
    [
        ("vlm", r"sampler\.kind.*'vlm'"),
        ({"kind": "vllm", "memory_fraction": 1.5}, r"sampler\.memory_fraction.*1\.5"),
        ({"kind": "vllm", "memory": 0.5}, r"sampler\.memory.*unknown key"),
        ({"kind": "vllm", "seeds": "call", "tensor_parallel": 2}, "seeds: rollout"),
    ],
)
def test_mistakes_are_one_line(sampler, words):
    with pytest.raises(ConfigError, match=words):
        _runs(sampler=sampler)


def test_ranks_are_divided_among_engines():
    """Three ranks cannot share engines of two; one rank may have an engine of several GPUs of its own."""
    with pytest.raises(ConfigError, match=r"tensor_parallel is 2, but learner\.gpus is 3.*a divisor of learner\.gpus"):
        _runs(sampler={"kind": "vllm", "tensor_parallel": 2}, learner={"gpus": 3, "device": "cpu"})
    for gpus, engine in ((4, 2), (1, 2), (3, 1)):
        sampler = {"kind": "vllm", "tensor_parallel": engine}
        assert engine == _runs(sampler=sampler, learner={"gpus": gpus, "device": "cpu"})[0].sampler.ranks_per_engine
    ignored = _runs(sampler={"tensor_parallel": 2}, learner={"gpus": 3, "device": "cpu"})[0]
    assert ignored.sampler.ranks_per_engine == 1
