"""What AdamW keeps: bfloat16 weights with float32 moments, or with moments in 8 bits (where torchao is installed)."""

import numpy as np
import pytest
from pydantic import ValidationError
from test_scoring import make_learner, make_rows

from knapsack_rl.config import LearnerConfig

pytestmark = pytest.mark.torch
NARROW = {"double": False, "dtype": "bfloat16", "weights_dtype": "bfloat16"}
WIDE = NARROW | {"moments_dtype": "float32"}


def _weight(values):
    import torch

    return torch.nn.Parameter(torch.tensor(values, dtype=torch.bfloat16))


def test_moments_are_torchs_own_in_float32():
    """After ten steps on the same bfloat16 gradients: moments of AdamW over a float32 copy, to the bit."""
    import torch

    from knapsack_rl.learner.wide_moments import WideMomentsAdamW

    narrow, wide = _weight([1.0, -2.0, 3.0]), torch.nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))
    ours = WideMomentsAdamW([narrow], learning_rate=1e-3, weight_decay=0.0)
    theirs = torch.optim.AdamW([wide], lr=1e-3, weight_decay=0.0, foreach=False)
    for step in range(10):
        narrow.grad = torch.tensor([0.3, -0.01, 1e-4 * step], dtype=torch.bfloat16)
        wide.grad = narrow.grad.float()
        ours.step()
        theirs.step()
    for name in ("exp_avg", "exp_avg_sq", "step"):
        assert ours.state[narrow][name].dtype == torch.float32
        assert torch.equal(ours.state[narrow][name], theirs.state[wide][name]), name
    assert narrow.dtype == torch.bfloat16


def test_updates_below_the_spacing_of_a_weight_count_on_average():
    """1,000 steps of 1e-5 from 1.0, whose spacing is 1/128: plain AdamW stays where it is, ours moves by 0.01."""
    import torch

    from knapsack_rl.learner.wide_moments import WideMomentsAdamW

    ours, theirs = _weight([1.0] * 500), _weight([1.0] * 500)
    optimizers = [
        WideMomentsAdamW([ours], learning_rate=1e-5, weight_decay=0.0),
        torch.optim.AdamW([theirs], lr=1e-5, weight_decay=0.0),
    ]
    for _ in range(1000):
        for parameter, optimizer in zip((ours, theirs), optimizers, strict=True):
            parameter.grad = torch.ones_like(parameter)
            optimizer.step()
    assert torch.all(theirs == 1)
    assert ours.float().mean().item() == pytest.approx(0.99, abs=0.002)


def test_rounding_keeps_the_mean_and_exact_values():
    """A third of the way between two neighbours goes up a third of the time; what is exact is left alone."""
    import torch

    from knapsack_rl.learner.wide_moments import round_stochastically

    low, high = 1.0, 1.0 + 1 / 128
    rounded = round_stochastically(torch.full((30_000,), low + (high - low) / 3), seed=1).float()
    assert set(rounded.tolist()) == {low, high}
    assert (rounded == high).float().mean().item() == pytest.approx(1 / 3, abs=0.01)
    exact = torch.tensor([0.0, -1.5, 2.0**-100, float("inf")])
    assert torch.equal(round_stochastically(exact, seed=2).float(), exact)


@pytest.mark.parametrize("bits", [0x7FFFFFFF, 0x7F800001, -1])
def test_rounding_leaves_a_lost_number_lost(bits):
    """Not-a-number whatever its bits are, so that a divergence is seen."""
    import torch

    from knapsack_rl.learner.wide_moments import round_stochastically

    lost = torch.full((1000,), bits, dtype=torch.int32).view(torch.float32)
    assert round_stochastically(lost, seed=3).isnan().all()


def test_float32_moments_in_the_learner_are_saved_and_resumed_to_the_bit(tiny_model_folder, tmp_path):
    """bfloat16 weights, float32 moments; rounding goes on as if nothing had happened."""
    import torch
    from safetensors.torch import load_file

    learner, resumed = make_learner(tiny_model_folder, **WIDE), make_learner(tiny_model_folder, **WIDE)
    learner.update([make_rows(seed=1), make_rows(seed=2)])
    learner.save_state(tmp_path)
    kinds = {key.split("/")[0]: value.dtype for key, value in load_file(tmp_path / "learner.safetensors").items()}
    assert kinds == dict.fromkeys(("exp_avg", "exp_avg_sq", "step"), torch.float32) | {"weight": torch.bfloat16}
    resumed.load_state(tmp_path)
    for each in (learner, resumed):
        each.update([make_rows(seed=3)])
    for name, value in learner.weights().items():
        assert torch.equal(value, resumed.weights()[name]), name


@pytest.mark.parametrize("keys", [{"moments_dtype": "float32"}, {"optimizer": "adamw_8bit"}], ids=str)
def test_narrow_weights_follow_float32(tiny_model_folder, keys):
    """Ten updates of bfloat16 weights end near the float32 ones; 8 bits need torchao."""
    if keys.get("optimizer"):
        pytest.importorskip("torchao", reason="extra `large`")
    narrow, whole = make_learner(tiny_model_folder, **NARROW, **keys), make_learner(tiny_model_folder, double=False)
    start = {name: value.float().clone() for name, value in whole.weights().items()}
    for learner in (narrow, whole):
        for seed in range(10):
            learner.update([make_rows(seed=seed)])
    moved, off = (
        np.concatenate(
            [(value.float() - other[name].float()).numpy().ravel() for name, value in whole.weights().items()]
        )
        for other in (start, narrow.weights())
    )
    assert np.linalg.norm(off) < 0.5 * np.linalg.norm(moved)


def test_8_bit_moments_are_saved_and_resumed(tiny_model_folder, tmp_path):
    """Dequantised on the way out, quantised again on the way in: the same next update, up to that rounding."""
    pytest.importorskip("torchao", reason="extra `large`")
    learner, resumed = (make_learner(tiny_model_folder, double=False, optimizer="adamw_8bit") for _ in range(2))
    learner.update([make_rows(seed=1), make_rows(seed=2)])
    learner.save_state(tmp_path)
    resumed.load_state(tmp_path)
    for each in (learner, resumed):
        each.update([make_rows(seed=3)])
    for name, value in learner.weights().items():
        assert np.allclose(value.numpy(), resumed.weights()[name].numpy(), atol=1e-4), name


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"moments_dtype": "bfloat16"}, "moments_dtype bfloat16 needs weights_dtype bfloat16"),
        (
            {"dtype": "bfloat16", "weights_dtype": "bfloat16", "moments_dtype": "float32", "optimizer": "adamw_8bit"},
            "leave moments_dtype out",
        ),
    ],
)
def test_combinations_that_mean_nothing_are_refused(keys, words):
    """One line each."""
    with pytest.raises(ValidationError, match=words):
        LearnerConfig(**keys)
