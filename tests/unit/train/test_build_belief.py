"""Beliefs of a run know its prompts' texts where they need them."""

import numpy as np
import pytest

from knapsack_rl.base.types import Prompt
from knapsack_rl.beliefs import tracker_names
from knapsack_rl.train.build import build_belief

PROMPTS = [Prompt(id=f"p{k}", text=text, answer="1", kind="ops") for k, text in enumerate(["1+2=", "1+3=", "(7*8)-9="])]


@pytest.mark.parametrize("name", sorted(set(tracker_names()) - {"oracle"}))
def test_every_belief_learns_from_a_step(name):
    """No belief but the oracle needs more than the trainer tells it."""
    tracker = build_belief(name, {}, prompts=PROMPTS)
    tracker.observe(step=1, prompt_ids=["p0"], rewards=[[1] * 8])
    assert tracker.predict(["p0", "p1", "p2"]).rate_P[0] > 0.6


def test_similar_texts_share_what_was_seen():
    """A success on one sum says more about another sum than about a long expression."""
    tracker = build_belief("kernel_beta", {}, prompts=PROMPTS)
    tracker.observe(step=1, prompt_ids=["p0"], rewards=[[1] * 8])
    similar, different = tracker.predict(["p1", "p2"]).rate_P
    assert similar > different + 0.05
    assert np.isfinite(different)
