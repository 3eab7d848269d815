"""Estimates: sizes of models, hours, disk, and what a scheduler is asked for."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from knapsack_rl.base.errors import InputError
from knapsack_rl.config import SamplerConfig, StopConfig, load_study, parse_study
from knapsack_rl.study import expand
from knapsack_rl.study.estimate import HARDWARE, Assumptions, estimate_run
from knapsack_rl.study.plan import count_benchmark_problems, model_shape, plan
from knapsack_rl.study.resources import evaluation_resources, training_resources
from knapsack_rl.study.shape import KNOWN, shape_of_folder

ROOT = Path(__file__).parents[3]
GIVEN = Assumptions(peak_tflops=100, sampling_efficiency=0.1, update_efficiency=0.5)


@cache
def _study(name):
    study = load_study(ROOT / "config" / f"{name}.yaml")
    return study, expand(study)


def test_published_sizes():
    """Parameters as the makers count them: 0.49B, 1.54B, 7.62B, 1.78B, 0.60B, 4.02B."""
    counted = {name.split("/")[1]: shape.num_parameters for name, shape in KNOWN.items()}
    assert counted == {
        "Qwen2.5-0.5B": 494_032_768,
        "Qwen2.5-Math-1.5B": 1_543_714_304,
        "Qwen2.5-Math-7B": 7_615_616_512,
        "DeepSeek-R1-Distill-Qwen-1.5B": 1_777_088_000,
        "Qwen3-0.6B-Base": 596_049_920,
        "Qwen3-4B-Base": 4_022_468_096,
        "Qwen3-4B-Instruct-2507": 4_022_468_096,
    }


@pytest.mark.torch
def test_size_of_a_folder_is_that_of_its_weights(tiny_model_folder):
    """Counted from config.json alone, equal to the tensors on disk."""
    from safetensors import safe_open

    with safe_open(tiny_model_folder / "model.safetensors", "pt") as tensors:
        stored = sum(tensors.get_tensor(name).numel() for name in tensors.keys())  # noqa: SIM118 - no mapping
    assert shape_of_folder(tiny_model_folder).num_parameters == stored


def test_unreadable_folder_has_no_shape(tmp_path):
    """A missing or strange config.json is no error here; the check tells of it."""
    assert shape_of_folder(tmp_path) is None
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    assert shape_of_folder(tmp_path) is None


def test_hours_follow_from_the_assumptions():
    """2 P per sampled token and 8 P per updated one, over the stated share of the peak."""
    study, runs = _study("paper")
    run = runs["qwen25_math_7b-uniform-n8-s0"]
    shape = model_shape(study, "qwen25_math_7b")
    cost = estimate_run(run, shape, num_problems=543, given=GIVEN)
    assert cost.rollouts == 2048 * 1000
    assert cost.generated_tokens == 2_048_000 * 2048
    assert cost.evaluation_tokens == 101 * 543 * 16 * 2048
    tokens = cost.generated_tokens + 256 * 1000 * 150
    assert cost.sample_h == pytest.approx(2 * shape.num_parameters * tokens / (1e13 * 3600))
    assert cost.update_h == pytest.approx(8 * shape.num_parameters * 2_048_000 * (2048 + 150) / (5e13 * 3600))
    assert cost.disk_gib == pytest.approx(shape.num_parameters * (2 * 2 * 2 + 2 * 12) / 2**30)


def test_keeping_every_evaluation_would_cost_what_the_study_says():
    """101 checkpoints of 7B in bfloat16 are about 1.5 TB, once; the study keeps the first and the last."""
    _, runs = _study("paper")
    run = runs["qwen25_math_7b-uniform-n8-s0"]
    bytes_once = len(run.checkpoints) * KNOWN["Qwen/Qwen2.5-Math-7B"].num_parameters * 2
    assert bytes_once == pytest.approx(1.5e12, rel=0.03)
    assert run.kept_weights == (0, 1000)


def test_rows_sum_to_the_study():
    """One row per model and budget; every run is in one."""
    study, runs = _study("paper")
    rows = plan(study, runs, given=GIVEN)
    assert sum(row.num_runs for row in rows) == len(runs) == 120
    assert [(row.model, row.budget) for row in rows[:5]] == [
        ("dpsk_r1_distill_15b", 4),
        ("dpsk_r1_distill_15b", 8),
        ("dpsk_r1_distill_15b", 16),
        ("dpsk_r1_distill_15b, total fixed", 4),
        ("dpsk_r1_distill_15b, total fixed", 16),
    ]


def test_benchmarks_of_the_paper():
    """30 + 30 + 83 whole, four subsets of 100; the arithmetic task counts its own."""
    assert count_benchmark_problems(_study("paper")[0].task) == 543
    assert count_benchmark_problems(_study("config")[0].task) == 1000


@pytest.mark.parametrize("wrong", [{"response_share": 0.0}, {"update_efficiency": 1.5}, {"peak_tflops": -1.0}])
def test_senseless_assumptions_are_refused(wrong):
    """A share outside (0, 1], a negative peak."""
    study, runs = _study("config")
    with pytest.raises(InputError, match="must"):
        plan(study, runs, given=Assumptions(**{"peak_tflops": 1.0} | wrong))


def test_jobs_ask_for_what_their_model_needs():
    """GPUs of the learner, host memory and time that grow with the model; nothing for a CPU study."""
    study, runs = _study("paper")
    small, large = (
        training_resources(runs[f"{name}-uniform-n8-s0"], model_shape(study, name), num_problems=543)
        for name in ("dpsk_r1_distill_15b", "qwen25_math_7b")
    )
    assert small.gpu == large.gpu == 8
    assert small.mem_gib < large.mem_gib
    assert small.runtime_min < large.runtime_min == 7 * 24 * 60
    assert evaluation_resources(runs["qwen25_math_7b-uniform-n8-s0"], None).gpu == 0
    study, runs = _study("config")
    plain = training_resources(next(iter(runs.values())), model_shape(study, "tiny"), num_problems=500)
    assert (plain.gpu, plain.threads, plain.mem_gib, plain.runtime_min) == (0, 1, 3, 1440)


@pytest.mark.parametrize(
    ("sampler", "gpus"),
    [
        ({"kind": "vllm", "tensor_parallel": 2}, 2),
        ({"kind": "vllm", "tensor_parallel": 2, "device": "cuda"}, 2),
        ({"kind": "vllm", "tensor_parallel": 2, "device": "cpu"}, 0),
        ({"kind": "vllm"}, 0),
        ({"tensor_parallel": 2}, 0),
        ({"tensor_parallel": 2, "device": "cuda"}, 1),
    ],
)
def test_engine_of_several_gpus_is_asked_for(sampler, gpus):
    """Whatever `device` is but cpu; transformers has no such engine, and one GPU is taken where it is found."""
    run = next(iter(_study("config")[1].values())).model_copy(update={"sampler": SamplerConfig(**sampler)})
    asked = training_resources(run, None, num_problems=500).gpu, evaluation_resources(run, None).gpu
    assert asked == (gpus, gpus)


def test_hardware_is_named_with_its_data_sheet():
    """A plan can be made for common accelerators by name."""
    assert {"rtx4090", "a100-80gb", "h100-80gb"} <= set(HARDWARE)


def _hours(model, **changes):
    data = yaml.safe_load((ROOT / "config" / "single_gpu.yaml").read_text(encoding="utf-8"))
    data["grid"] |= {"models": [model], "budgets": [changes.get("budget", 8)]}
    if "source" in changes:
        data["task"]["options"]["train"] = {"source": changes["source"]}
        data["train"]["max_response_tokens"] = 1024
    study = parse_study(data, source="single_gpu")
    rows = plan(study, expand(study), given=Assumptions(peak_tflops=HARDWARE["rtx4090"].peak_tflops))
    assert sum(row.num_runs for row in rows) == 9
    return round(sum(row.total.gpu_h for row in rows))


@pytest.mark.parametrize("model", ["qwen25_05b", "qwen3_06b", "qwen25_math_15b"])
def test_hours_in_the_comments_are_the_estimates(model):
    """config/single_gpu.yaml says what its commented axes would cost; those are the numbers of `plan`."""
    text = (ROOT / "config" / "single_gpu.yaml").read_text(encoding="utf-8")
    written = re.search(rf"#   {model} +(\d+) +(\d+) +(\d+) +(\d+)\n", text).groups()
    estimated = [_hours(model, budget=budget) for budget in (4, 8, 16)] + [_hours(model, source="math")]
    assert [int(hours) for hours in written] == estimated


def test_a_budget_shortens_the_plan_of_a_run():
    """Half of its rollouts, half of its steps; a budget beyond its steps changes nothing."""
    study, runs = _study("paper")
    run = runs["qwen25_math_7b-uniform-n8-s0"]
    shape = model_shape(study, "qwen25_math_7b")
    whole = estimate_run(run, shape, num_problems=10, given=GIVEN)

    def ending(**stop):
        train = run.train.model_copy(update={"stop": StopConfig(**stop)})
        return estimate_run(run.model_copy(update={"train": train}), shape, num_problems=10, given=GIVEN)

    half = ending(num_rollouts=whole.rollouts // 2)
    assert (half.rollouts, half.update_h) == (whole.rollouts // 2, pytest.approx(whole.update_h / 2))
    assert ending(num_response_tokens=round(whole.generated_tokens / 4)).rollouts == whole.rollouts // 4
    assert ending(num_rollouts=2 * whole.rollouts) == whole
