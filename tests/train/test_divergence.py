"""A run whose numbers are no longer finite: driven through the real learner, in the loop and from the command line."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from knapsack_rl.base.errors import DivergedError
from knapsack_rl.sampler import FakeSampler
from knapsack_rl.train import train

from .conftest import Bench, build_fake_parts, p_success
from .test_loop import _tables

pytestmark = pytest.mark.torch
BREAKS_AT = 7


def _learner(folder, tis_cap=None):
    from knapsack_rl.config import LearnerConfig, TrainConfig
    from knapsack_rl.learner.policy import PolicyLearner
    from knapsack_rl.models import load_model, load_tokenizer

    return PolicyLearner(
        load_model(folder),
        load_tokenizer(folder),
        train=TrainConfig(
            steps=1,
            loss={"tis": tis_cap is not None, "tis_cap": tis_cap or 2.0},
            optimizer={"learning_rate": 1e-3},
            micro_batch_tokens=200,
        ),
        compute=LearnerConfig(),
    )


class Sampler(FakeSampler):
    """Counts its calls and breaks something at one of them, as a failing device or library would."""

    def __init__(self, break_at, broken):
        super().__init__(p_success)
        self._left, self._break = break_at, broken

    def generate(self, request):
        self._left -= 1
        groups = super().generate(request)
        return self._break(groups) if self._left == 0 else groups


def _lose_a_weight(learner, groups):
    import torch

    with torch.no_grad():
        next(learner._model.parameters())[2, 0] = float("nan")
    return groups


def _lose_a_logprob(_, groups):
    first = groups[0].rollouts[0]
    broken = replace(first, logprobs=(float("nan"), *first.logprobs[1:]))
    return [replace(groups[0], rollouts=(broken, *groups[0].rollouts[1:])), *groups[1:]]


def _lose_a_gradient(learner, groups):
    next(learner._model.parameters()).register_hook(lambda gradient: gradient * float("inf"))
    return groups


def _build(config, *, model, broken=None, **files):
    parts = build_fake_parts(config, **files)
    parts.learner = _learner(model)
    parts.sampler = Sampler(BREAKS_AT, partial(broken, parts.learner)) if broken else FakeSampler(p_success)
    return parts


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (_lose_a_weight, r"the loss is not finite \(nan\)"),
        (_lose_a_gradient, r"the gradient norm is not finite \((inf|nan)\)"),
        (_lose_a_logprob, r"the sampler's log-probabilities are not finite \(nan in sum, prompt .*\)"),
    ],
)
def test_run_stops_keeps_the_last_good_state_and_goes_on_once_repaired(tmp_path, tiny_model_folder, broken, words):
    """Step 7 of 12, saved at 4: named, nothing published; repaired it ends in the uninterrupted records and weights."""
    job = Bench(tmp_path / "b").job(build=partial(_build, model=tiny_model_folder, broken=broken))
    with pytest.raises(DivergedError, match=rf"m-knapsack-n8-s0: step 7: {words}; .* keeps step 4, the last good one"):
        train(job)
    assert not job.paths.folder.exists()
    assert [path.name for path in job.paths.state.glob("step_*")] == ["step_00004"]
    mended, whole = (Bench(tmp_path / name).job(build=partial(_build, model=tiny_model_folder)) for name in ("b", "a"))
    train(mended)
    train(whole)
    assert _tables(mended) == _tables(whole)
    last = [job.paths.weights(12) / "model.safetensors" for job in (mended, whole)]
    assert last[0].read_bytes() == last[1].read_bytes()


def test_nan_loss_is_refused_before_a_weight_moves(tiny_model_folder):
    """A lost log-probability of the sampler reaches the loss by the importance factor, and nothing without one."""
    from knapsack_rl.learner import TrainingRow

    learner = _learner(tiny_model_folder, tis_cap=2.0)
    before = {name: value.clone() for name, value in learner.weights().items()}
    row = TrainingRow(
        prompt_tokens=(3,), response_tokens=(5, 6), old_logprobs=(-2.0, float("nan")), advantage=1.0, weight=0.5
    )
    plain = _learner(tiny_model_folder)
    assert all(np.isfinite(value.numpy()).all() for value in plain.gradients([row]).values())
    assert np.isfinite(plain.update([[row]]).loss)
    with pytest.raises(DivergedError, match="the loss is not finite"):
        learner.update([[row]])
    assert all((value == before[name]).all() for name, value in learner.weights().items())


def test_weights_that_overflow_in_the_last_update_are_not_handed_on(tiny_model_folder):
    """Pushed past float32 by momentum alone, with a loss and a gradient of zero: the update refuses what it made."""
    import torch

    from knapsack_rl.learner import TrainingRow

    learner = _learner(tiny_model_folder)
    row = TrainingRow(prompt_tokens=(3,), response_tokens=(5,), old_logprobs=(-2.0,), advantage=1.0, weight=0.5)
    learner.update([[row]])
    for group in learner._optimizer.param_groups:
        group["lr"] = 3e37
    with torch.no_grad():
        weight = list(learner._model.parameters())[-1]
        weight.copy_(torch.tensor([3.3e38, -3.3e38]).repeat(weight.numel() // 2).reshape(weight.shape))
    with pytest.raises(DivergedError, match="the weights are not finite after the update"):
        learner.update([[]])


def test_diverged_in_its_first_step_after_a_save_says_how_to_fall_back(tmp_path):
    """Finite weights may be too large for a forward pass, and the newest save then holds them."""

    def build(config, **files):
        parts = build_fake_parts(config, **files)
        parts.sampler = Sampler(5, partial(_lose_a_logprob, None))
        return parts

    with pytest.raises(DivergedError, match=r"step 5: .* keeps step 4.* stop here again, delete its folder step_00004"):
        train(Bench(tmp_path).job(build=build))


def test_command_line_ends_in_one_line_and_exit_code_2(tmp_path, tiny_model_folder):
    """A learning rate of 1e30 through the real sampler and learner: no traceback, nothing published."""
    sections = {"optimizer": {"learning_rate": 1e30}, "loss": {"entropy_coef": 0.1}}
    job = Bench(tmp_path).job(arm="uniform", max_response_tokens=6, **sections)
    data = json.loads(job.config.model_dump_json())
    data["model"] |= {"build": None, "path": str(tiny_model_folder)}
    (tmp_path / "run.json").write_text(json.dumps(data))
    ended = subprocess.run(
        [sys.executable, "-m", "knapsack_rl.cli.start", "train", "--config", "run.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in ended.stderr.splitlines() if line.startswith("error:")]
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(errors) == 1
    assert "not finite" in errors[0]
    assert "step 1" in errors[0] or "step 2" in errors[0]
