"""Sampler against learner: what is measured, and that truncated importance sampling reaches the gradient."""

from dataclasses import replace

import numpy as np
import pytest

from knapsack_rl.learner import TrainingRow

pytestmark = pytest.mark.torch


def _learner(folder, *, tis_cap, learning_rate=0.05):
    from knapsack_rl.config import LearnerConfig, TrainConfig
    from knapsack_rl.learner.policy import PolicyLearner
    from knapsack_rl.models import load_model, load_tokenizer

    return PolicyLearner(
        load_model(folder).double(),
        load_tokenizer(folder),
        train=TrainConfig(
            steps=1,
            loss={"tis": tis_cap is not None, "tis_cap": tis_cap or 2.0},
            optimizer={"learning_rate": learning_rate},
            micro_batch_tokens=40,
        ),
        compute=LearnerConfig(),
    )


def _rows(folder, *, shift=0.0, seed=0):
    """Six rows with the model's own log-probabilities, less ``shift``: a sampler that is off by that much."""
    import torch

    from knapsack_rl.models import load_model

    model, rng = load_model(folder).double(), np.random.default_rng(seed)
    rows = []
    for length in (1, 5, 3, 8, 2, 4):
        prompt, response = rng.integers(1, 19, size=3).tolist(), rng.integers(1, 20, size=length).tolist()
        with torch.no_grad():
            logprobs = model(torch.tensor([prompt + response])).logits[0].log_softmax(-1)
        old = [logprobs[2 + t, token].item() - shift for t, token in enumerate(response)]
        rows.append(
            TrainingRow(
                prompt_tokens=tuple(prompt),
                response_tokens=tuple(response),
                old_logprobs=tuple(old),
                advantage=float(rng.standard_normal()),
                weight=0.01,
            )
        )
    return rows


def _gradient(learner, rows):
    return np.concatenate([value.numpy().ravel() for value in learner.gradients(rows).values()])


@pytest.mark.parametrize(("cap", "factor"), [(2.0, 2.0), (10.0, np.exp(1.5)), (0.5, 0.5)])
def test_factor_and_cap_reach_the_gradient(tiny_model_folder, cap, factor):
    """Every token e^1.5 times likelier for the learner: the gradient is that many times larger, up to the cap.

    A dead cap, as in the release, would leave the gradient as it is, and no cap would multiply it by 4.48.
    """
    exact = _gradient(_learner(tiny_model_folder, tis_cap=None), _rows(tiny_model_folder))
    corrected = _gradient(_learner(tiny_model_folder, tis_cap=cap), _rows(tiny_model_folder, shift=1.5))
    assert np.abs(exact).max() > 1e-4
    assert corrected == pytest.approx(factor * exact, rel=1e-4, abs=1e-7)


def test_factor_is_a_constant_and_spares_unlikelier_tokens(tiny_model_folder):
    """Where the learner finds tokens e^-1 times as likely, the factor is below 1 and not cut."""
    exact = _gradient(_learner(tiny_model_folder, tis_cap=None), _rows(tiny_model_folder))
    corrected = _gradient(_learner(tiny_model_folder, tis_cap=2.0), _rows(tiny_model_folder, shift=-1.0))
    assert corrected == pytest.approx(np.exp(-1) * exact, rel=1e-4, abs=1e-7)


def test_exact_sampler_needs_no_correction(tiny_model_folder):
    """With the learner's own log-probabilities three optimiser steps end in the same weights, corrected or not."""
    batches = [_rows(tiny_model_folder, seed=seed) for seed in range(3)]
    plain, corrected = _learner(tiny_model_folder, tis_cap=None), _learner(tiny_model_folder, tis_cap=2.0)
    first, second = plain.update(batches), corrected.update(batches)
    assert first.updated_clip_frac == second.updated_clip_frac > 0
    for name, value in plain.weights().items():
        assert np.allclose(value.numpy(), corrected.weights()[name].numpy(), atol=5e-5), name


def test_later_mini_batches_compare_with_the_weights_that_sampled(tiny_model_folder):
    """A constant offset of the sampler changes neither the ratio nor the clips of a later mini-batch."""
    shifted = [_rows(tiny_model_folder, seed=seed, shift=0.3) for seed in range(3)]
    exact = [_rows(tiny_model_folder, seed=seed) for seed in range(3)]
    first = _learner(tiny_model_folder, tis_cap=2.0).update(exact)
    second = _learner(tiny_model_folder, tis_cap=2.0).update(shifted)
    assert second.updated_clip_frac == pytest.approx(first.updated_clip_frac, abs=0.05)
    assert second.updated_approx_kl == pytest.approx(first.updated_approx_kl, abs=0.05)


def test_mismatch_is_measured_over_response_tokens(tiny_model_folder):
    """Mean and largest difference, and the share above the cap, of tokens scored before the first step."""
    near, far = _rows(tiny_model_folder, shift=0.1)[:2]
    far = replace(far, old_logprobs=tuple(value - 0.9 for value in far.old_logprobs))
    tokens = len(near.response_tokens) + len(far.response_tokens)
    stats = _learner(tiny_model_folder, tis_cap=2.0).update([[near], [far]])
    share = len(far.response_tokens) / tokens
    assert stats.mismatch_mean == pytest.approx(0.1 * (1 - share) + 1.0 * share, abs=1e-5)
    assert stats.mismatch_max == pytest.approx(1.0, abs=1e-5)
    assert stats.mismatch_capped_frac == pytest.approx(share)


@pytest.mark.parametrize("shift", [0.3, 1.5])
def test_the_ratio_is_the_learners_own_whatever_the_sampler_says(tiny_model_folder, shift):
    """Without the factor a sampler's offset changes nothing at all: three optimiser steps end in the same bits.

    Learner over sampler, clipped, would cut or scale whole tokens. The factor is apart: with it the weights differ.
    """
    exact, shifted = ([_rows(tiny_model_folder, seed=seed, shift=by) for seed in range(3)] for by in (0.0, shift))
    plain, other, corrected = (_learner(tiny_model_folder, tis_cap=cap) for cap in (None, None, 2.0))
    first, second = plain.update(exact), other.update(shifted)
    corrected.update(shifted)
    assert first.updated_clip_frac == second.updated_clip_frac > 0
    assert (first.loss, first.updated_approx_kl) == (second.loss, second.updated_approx_kl)
    moved = 0.0
    for name, value in plain.weights().items():
        assert value.equal(other.weights()[name]), name
        moved = max(moved, (value - corrected.weights()[name]).abs().max().item())
    assert moved > 1e-4


def test_the_first_mini_batch_has_ratios_of_one(tiny_model_folder):
    """Nothing is clipped and nothing has moved while the weights are those that sampled."""
    stats = _learner(tiny_model_folder, tis_cap=None).update([_rows(tiny_model_folder, shift=1.5)])
    assert (stats.updated_clip_frac, stats.updated_approx_kl) == (0.0, 0.0)


def test_mismatch_without_factor_covers_all_mini_batches(tiny_model_folder):
    """All are scored by the weights that sampled; nothing is capped. No rows leave nothing to measure."""
    rows = _rows(tiny_model_folder, shift=0.1)
    learner = _learner(tiny_model_folder, tis_cap=None)
    stats = learner.update([rows, _rows(tiny_model_folder, shift=0.7)])
    assert stats.mismatch_mean == pytest.approx(0.4, abs=1e-5)
    assert stats.mismatch_capped_frac is None
    assert learner.update([[], []]).mismatch_mean is None
