"""Operations, seconds, and compute to reach a target."""

from dataclasses import replace

import numpy as np
import pytest
from known_truth import Truth, frames_of

from knapsack_rl.analysis.measures.accuracy_curves import first_reached
from knapsack_rl.analysis.measures.reach import LEVELS, reach_values
from knapsack_rl.analysis.measures.spent import add_spent
from knapsack_rl.analysis.products.compute_to_reach import reach_table
from knapsack_rl.base.errors import InputError
from knapsack_rl.records import num_parameters


def test_first_crossing_is_interpolated_and_never_extrapolated():
    """Half way between two points, at a point, at the start, and beyond the end."""
    xs, ys = [0, 10, 20, 30], [0.1, 0.3, 0.2, 0.5]
    assert first_reached(0.2, xs=xs, ys=ys) == pytest.approx(5)
    assert first_reached(0.4, xs=xs, ys=ys) == pytest.approx(20 + 10 * 2 / 3)
    assert first_reached(0.05, xs=xs, ys=ys) == 0
    assert np.isnan(first_reached(0.6, xs=xs, ys=ys))


def test_operations_of_generation_and_training():
    """2 P per token generated or read, 6 P per token updated on; a KL penalty runs the reference as well."""
    plain, with_kl = (frames_of(Truth(seeds=(0,), train={"loss": {"kl_coef": kl}})) for kl in (0.0, 0.1))
    first = add_spent(plain.steps, plain.runs).iloc[0]
    generated, updated = 2 * (15 * 32), 8 * 32
    assert first["total_flops"] == pytest.approx(1000 * (generated + 6 * updated) + 2)
    assert add_spent(with_kl.steps, with_kl.runs)["total_flops"].iloc[0] == pytest.approx(
        1000 * (generated + 8 * updated) + 2
    )


def test_totals_run_within_a_run():
    """The last step of every run has its own sum."""
    frames = frames_of(Truth(steps=10))
    last = add_spent(frames.steps, frames.runs).groupby("run_id")["total_s"].last()
    assert list(last) == pytest.approx([10.0] * 6)


def test_unknown_size_gives_no_operations():
    """Nothing is guessed."""
    frames = frames_of(Truth(seeds=(0,)))
    spent = add_spent(frames.steps, frames.runs.assign(num_parameters=None))
    assert spent["total_flops"].isna().all()


def test_twice_as_fast_is_a_ratio_of_two():
    """At every level and on every axis that is proportional to steps; its interval holds the truth."""
    table = reach_table(frames_of(Truth(speed=2.0)))
    row = table[(table["axis"] == "total_rollouts") & (table["level"] == 1.0)].iloc[0]
    assert row["ratio"] == pytest.approx(2.0, rel=0.05)
    assert row["ratio_low"] <= 2.0 * 1.02
    assert row["ratio_high"] >= 2.0 * 0.98
    assert set(table["axis"]) == {"total_rollouts", "total_response_tokens", "total_flops", "total_s"}


def test_two_seeds_have_no_interval():
    """A point only."""
    table = reach_table(frames_of(Truth(speed=2.0, seeds=(0, 1))))
    assert table["ratio_low"].isna().all()
    assert table["ratio"].notna().all()


def test_no_target_is_above_what_the_slowest_run_reached():
    """``base + 1.0 * (top - base)`` may exceed ``top`` by one rounding, and the slowest run's cell was dropped then."""
    shares = [(base / 2000, top / 2000) for base in range(100, 300) for top in range(901, 1300)]
    over = [(base, top) for base, top in shares if base + (top - base) > top]
    assert over
    for base, top in over[:20]:
        frames = frames_of(Truth(seeds=(0,)))
        rates = {0: base, 10: (base + top) / 2, 20: top, 30: top, 40: top}
        evals = frames.evals.assign(num_samples=1, num_correct=frames.evals["step"].map(rates))
        found = reach_values(replace(frames, evals=evals), "knapsack", baseline="uniform")
        found = found[found["axis"] == "total_rollouts"]
        assert found[["arm_value", "baseline_value"]].notna().all(axis=None)
        assert sorted(found["level"].unique()) == list(LEVELS)
        assert found["target"].max() == top


def test_runs_that_never_learn_have_no_target():
    """No row is better than a made-up one."""
    assert reach_table(frames_of(Truth(gain={"uniform": -0.3, "knapsack": -0.3}, noise=0.0))).empty


def test_parameters_are_counted_from_headers(tmp_path):
    """Two tensors in one file; a damaged file is named."""
    safetensors = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    safetensors.save_file({"a": np.zeros((3, 4)), "b": np.zeros(5)}, tmp_path / "model.safetensors")
    assert num_parameters(tmp_path) == 17
    assert num_parameters(tmp_path / "nowhere") is None
    (tmp_path / "model.safetensors").write_bytes(b"short")
    with pytest.raises(InputError, match=r"model\.safetensors: is not a readable safetensors file"):
        num_parameters(tmp_path)
