"""Facts of a step that cover all rollouts."""

import pytest

from knapsack_rl.base.errors import DivergedError
from knapsack_rl.base.types import Group, Prompt, Rollout, StopReason
from knapsack_rl.train.facts import sampled_entropy


def group(name, *logprobs):
    """One prompt with a rollout per tuple of log-probabilities."""
    rollouts = tuple(
        Rollout(tokens=(5,) * len(values), logprobs=values, text="", stop=StopReason.EOS) for values in logprobs
    )
    return Group(prompt=Prompt(id=name, text="", answer="", kind=""), prompt_tokens=(3,), rollouts=rollouts)


def test_sampled_entropy_does_not_depend_on_the_allocation():
    """Each prompt weighs the same however many rollouts it was given, and whatever their rewards."""
    few, many = (group("sure", *[(-0.1, -0.1)] * count) for count in (2, 30))
    unsure = group("unsure", (-2.0,), (-1.0, -3.0))
    assert sampled_entropy([few, unsure]) == pytest.approx((0.1 + 2.0) / 2)
    assert sampled_entropy([many, unsure]) == pytest.approx(sampled_entropy([few, unsure]))


def test_a_log_probability_that_is_not_finite_stops_the_run():
    """The prompt is named."""
    with pytest.raises(DivergedError, match="prompt bad"):
        sampled_entropy([group("good", (-1.0,)), group("bad", (-1.0, float("nan")))])
