"""The update: gradients do not depend on how rows are packed, dropped or split."""

import numpy as np
import pytest

from knapsack_rl.base.errors import StateError, TrainingError
from knapsack_rl.base.types import Group, Prompt, Rollout, StopReason
from knapsack_rl.config import LearnerConfig, LossConfig, TrainConfig
from knapsack_rl.learner import TrainingRow

pytestmark = pytest.mark.torch


def _learner(folder, *, micro_batch_tokens=10_000, kl_coef=0.0, entropy_coef=0.0, learning_rate=1e-3):
    from knapsack_rl.learner.policy import PolicyLearner
    from knapsack_rl.models import load_model, load_tokenizer

    return PolicyLearner(
        load_model(folder).double(),
        load_tokenizer(folder),
        train=TrainConfig(
            steps=1,
            loss={"kl_coef": kl_coef, "entropy_coef": entropy_coef},
            optimizer={"learning_rate": learning_rate},
            micro_batch_tokens=micro_batch_tokens,
        ),
        compute=LearnerConfig(),
    )


def _rows(count=12, *, seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        length = int(rng.integers(1, 9))
        rows.append(
            TrainingRow(
                prompt_tokens=tuple(rng.integers(1, 19, size=int(rng.integers(2, 6))).tolist()),
                response_tokens=tuple(rng.integers(1, 20, size=length).tolist()),
                old_logprobs=tuple((-3 + 0.1 * rng.standard_normal(length)).tolist()),
                advantage=float(rng.standard_normal()),
                weight=0.01,
            )
        )
    return rows


def _same(first, second, tolerance=1e-9):
    assert first.keys() == second.keys()
    for name in first:
        assert np.allclose(first[name].numpy(), second[name].numpy(), atol=tolerance, rtol=0), name


def test_micro_batch_size_does_not_change_the_gradient(tiny_model_folder):
    """One micro-batch, many, or one row each: the same gradient."""
    rows = _rows()
    whole = _learner(tiny_model_folder).gradients(rows)
    assert any(value.abs().max() > 0 for value in whole.values())
    for tokens in (1, 24, 60):
        _same(whole, _learner(tiny_model_folder, micro_batch_tokens=tokens).gradients(rows), 1e-7)


def _step_inputs():
    """Three groups: mixed, all wrong, all right, with responses of unequal length."""
    rng = np.random.default_rng(1)

    def rollout():
        length = int(rng.integers(1, 8))
        tokens = tuple(rng.integers(1, 20, size=length).tolist())
        return Rollout(tokens=tokens, logprobs=(-3.0,) * length, text="", stop=StopReason.EOS)

    rewards = [[1, 0, 0, 1, 0], [0, 0, 0], [1, 1, 1, 1]]
    groups = [
        Group(
            prompt=Prompt(id=str(index), text="", answer="", kind=""),
            prompt_tokens=(3, 4),
            rollouts=tuple(rollout() for _ in group),
        )
        for index, group in enumerate(rewards)
    ]
    return groups, rewards


@pytest.mark.parametrize("aggregation", ["token", "prompt", "sequence"])
def test_dropping_zero_advantage_rollouts_leaves_every_gradient_equal(tiny_model_folder, aggregation):
    """The gradient of each mini-batch equals that of the update which pushes every rollout through the model."""
    from knapsack_rl.train import rows as step

    groups, rewards = _step_inputs()
    config = TrainConfig(steps=1, mini_batches=2, loss={"aggregation": aggregation})
    dropped = step.mini_batch_rows(groups, rewards, config=config, seed=5)
    with_entropy = TrainConfig(steps=1, mini_batches=2, loss={"aggregation": aggregation, "entropy_coef": 1e-30})
    kept = step.mini_batch_rows(groups, rewards, config=with_entropy, seed=5)
    assert sum(map(len, dropped)) == 5
    assert sum(map(len, kept)) == 12
    learner = _learner(tiny_model_folder)
    for few, all_rows in zip(dropped, kept, strict=True):
        _same(learner.gradients(few), learner.gradients(all_rows), 1e-7)


@pytest.mark.parametrize(("clip", "largest"), [(5.0, 5.0), (3.0, 3.0), (20.0, 7.94)])
def test_advantage_clip_reaches_the_rows(clip, largest):
    """One right answer of 64: (1 - 1/64) over a standard deviation of 1/8, unless it is cut."""
    from knapsack_rl.train import rows as step

    rollout = Rollout(tokens=(5,), logprobs=(-1.0,), text="", stop=StopReason.EOS)
    group = Group(prompt=Prompt(id="a", text="", answer="", kind=""), prompt_tokens=(3,), rollouts=(rollout,) * 64)
    config = TrainConfig(steps=1, mini_batches=1, loss={"advantage_clip": clip})
    (rows,) = step.mini_batch_rows([group], [[1] + [0] * 63], config=config, seed=0)
    assert max(row.advantage for row in rows) == pytest.approx(largest, abs=0.1)


@pytest.mark.parametrize("coefficient", ["kl_coef", "entropy_coef"])
def test_nothing_is_dropped_when_every_rollout_has_a_gradient(coefficient):
    """A KL penalty or entropy bonus reaches zero-advantage rollouts too."""
    from knapsack_rl.train import rows as step

    groups, rewards = _step_inputs()
    config = TrainConfig(steps=1, mini_batches=2, loss={coefficient: 0.1})
    assert sum(map(len, step.mini_batch_rows(groups, rewards, config=config, seed=5))) == 12


def test_empty_mini_batch_takes_its_optimiser_step(tiny_model_folder):
    """Momentum moves the weights, exactly as a mini-batch whose gradient is zero would."""
    first, second = (_learner(tiny_model_folder) for _ in range(2))
    silent = [row.__class__(**{**_fields(row), "advantage": 0.0}) for row in _rows(4, seed=2)]
    first.update([_rows(), []])
    second.update([_rows(), silent])
    moved = _learner(tiny_model_folder)
    moved.update([_rows()])
    _same(dict(first.weights()), dict(second.weights()))
    assert any(
        not np.allclose(a.numpy(), b.numpy())
        for a, b in zip(first.weights().values(), moved.weights().values(), strict=True)
    )


def _fields(row):
    return {name: getattr(row, name) for name in row.__slots__}


def _loss(learner, rows):
    """Loss of these rows by the learner's weights, the log-probabilities in them being those of the weights before."""
    import torch

    from knapsack_rl.learner.loss import token_loss
    from knapsack_rl.learner.packing import pad, row_length

    batch = pad(sorted(rows, key=row_length, reverse=True), device=torch.device("cpu"))
    with torch.no_grad():
        logprobs, entropy = learner._scorer(batch)
    return token_loss(logprobs, entropy, reference_BT=None, batch=batch, options=learner._train.loss).loss.item()


def test_loss_matches_a_hand_written_surrogate(tiny_model_folder):
    """The loss equals the clipped surrogate computed token by token in numpy."""
    import torch

    learner = _learner(tiny_model_folder)
    rows = _rows(6, seed=4)
    expected = 0.0
    for row in rows:
        ids = torch.tensor([row.prompt_tokens + row.response_tokens])
        with torch.no_grad():
            logprobs = learner._model(ids).logits[0].log_softmax(-1)
        for t, token in enumerate(row.response_tokens):
            ratio = np.exp(logprobs[len(row.prompt_tokens) + t - 1, token].item() - row.old_logprobs[t])
            value = min(ratio * row.advantage, float(np.clip(ratio, 0.8, 1.28)) * row.advantage)
            if row.advantage < 0:
                value = max(value, 10.0 * row.advantage)
            expected -= row.weight * value
    assert _loss(learner, rows) == pytest.approx(expected, abs=1e-6)


def test_dual_clip_bounds_the_loss_of_a_bad_token(tiny_model_folder):
    """A token the new policy likes 1000 times more, with a negative advantage, costs at most 10 |A|."""
    learner = _learner(tiny_model_folder)
    row = TrainingRow(prompt_tokens=(3,), response_tokens=(5,), old_logprobs=(-12.0,), advantage=-1.0, weight=1.0)
    assert _loss(learner, [row]) == pytest.approx(10.0)


def test_kl_is_zero_at_the_base_model_and_positive_after_moving(tiny_model_folder):
    """The reference is the base model: no penalty before the first update, some after it."""
    learner = _learner(tiny_model_folder, kl_coef=1.0, learning_rate=0.05)
    silent = [row.__class__(**{**_fields(row), "advantage": 0.0}) for row in _rows()]
    assert learner.update([silent]).loss == pytest.approx(0, abs=1e-9)
    learner.update([_rows()])
    assert learner.update([silent]).loss > 1e-4


def test_kl_of_an_impossible_token_stays_finite():
    """A reference that finds a token e^90 times likelier gives a large penalty, not NaN."""
    import torch

    from knapsack_rl.learner.loss import token_loss
    from knapsack_rl.learner.packing import pad

    batch = pad(_rows(1), device=torch.device("cpu"))
    logprobs = torch.full(batch.ids_BT.shape, -95.0, requires_grad=True)
    options = LossConfig(kl_coef=1.0)
    entropy, reference = torch.zeros_like(logprobs), torch.full_like(logprobs, -1.0)
    loss = token_loss(logprobs, entropy, reference_BT=reference, batch=batch, options=options).loss
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logprobs.grad).all()


def test_diverged_gradient_is_refused(tiny_model_folder):
    """NaN never reaches the weights."""
    learner = _learner(tiny_model_folder)
    broken = [row.__class__(**{**_fields(row), "weight": float("nan")}) for row in _rows(2)]
    with pytest.raises(TrainingError, match="not finite"):
        learner.update([broken])
    assert all(np.isfinite(value.numpy()).all() for value in learner.weights().values())


def test_state_of_another_model_is_refused(tiny_model_folder, tmp_path):
    """A tensor the model lacks is not dropped silently."""
    from safetensors.torch import load_file, save_file

    learner = _learner(tiny_model_folder)
    learner.save_state(tmp_path)
    path = tmp_path / "learner.safetensors"
    tensors = load_file(path)
    save_file({**tensors, "weight/extra": tensors[next(iter(tensors))].clone()}, path)
    with pytest.raises(StateError, match="extra"):
        learner.load_state(tmp_path)


def test_resumed_learner_continues_exactly(tiny_model_folder, tmp_path):
    """Save, load into a fresh learner, update: the same weights to the bit."""
    learner = _learner(tiny_model_folder)
    learner.update([_rows(seed=1)])
    learner.save_state(tmp_path)
    learner.update([_rows(seed=2)])
    resumed = _learner(tiny_model_folder)
    resumed.load_state(tmp_path)
    resumed.update([_rows(seed=2)])
    _same(dict(learner.weights()), dict(resumed.weights()), 0)


def test_truncated_state_is_one_line_with_a_remedy(tiny_model_folder, tmp_path):
    """A state file cut off in the middle is refused."""
    learner = _learner(tiny_model_folder)
    learner.save_state(tmp_path)
    path = tmp_path / "learner.safetensors"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(StateError, match=r"delete .* to resume from the save before"):
        learner.load_state(tmp_path)


def test_exported_policy_loads_in_transformers(tiny_model_folder, tmp_path):
    """Exported weights are those of the policy."""
    from transformers import AutoModelForCausalLM

    learner = _learner(tiny_model_folder)
    learner.update([_rows()])
    learner.export(tmp_path / "out")
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "out", dtype="float64").state_dict()
    _same(dict(learner.weights()), loaded, 1e-12)
