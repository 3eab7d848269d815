"""Loss aggregation and mini-batches."""

import numpy as np
import pytest

from knapsack_rl.grpo import AGGREGATIONS, cut_mini_batches, token_weights

TOKENS, PROMPTS = [2, 6, 4, 4], [0, 0, 1, 2]


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_weights_of_all_tokens_sum_to_one(aggregation):
    """A mini-batch has total weight one however it is aggregated."""
    weights = token_weights(TOKENS, PROMPTS, aggregation=aggregation)
    assert np.dot(weights, TOKENS) == pytest.approx(1.0)


def test_what_each_aggregation_makes_equal():
    """token: tokens; sequence: rollouts; prompt: prompts."""
    total = {a: token_weights(TOKENS, PROMPTS, aggregation=a) * TOKENS for a in AGGREGATIONS}
    assert np.allclose(total["token"], np.array(TOKENS) / 16)
    assert np.allclose(total["sequence"], 1 / 4)
    assert np.allclose([total["prompt"][:2].sum(), *total["prompt"][2:]], 1 / 3)


def test_unknown_aggregation_is_named():
    """The message says what is allowed."""
    with pytest.raises(ValueError, match="token, prompt, sequence"):
        token_weights([1], [0], aggregation="mean")


def test_mini_batches_cover_every_rollout_once_in_equal_parts():
    """Sizes differ by at most one, whatever the allocation."""
    parts = cut_mini_batches(515, 4, seed=3)
    assert sorted(np.concatenate(parts)) == list(range(515))
    assert {len(part) for part in parts} == {128, 129}


def test_mini_batches_depend_on_the_seed_alone():
    """The same seed cuts the same way; another does not."""
    first, again, other = (cut_mini_batches(64, 2, seed=seed)[0].tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other
