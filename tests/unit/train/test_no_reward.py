"""A run that earns nothing says why after a few steps, and what to change."""

from dataclasses import fields

import pytest

from knapsack_rl.records import StepFacts
from knapsack_rl.train.no_reward import NoReward


def _facts(step, *, right=0, cut=0, unanswered=0, rollouts=100):
    counts = {"num_rollouts": rollouts, "num_successes": right, "num_cut_off": cut, "num_no_answer": unanswered}
    others = {field.name: 0 for field in fields(StepFacts)} | {"groups": (), "rounds": ()}
    return StepFacts(**{**others, "step": step, **counts})


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"cut": 90},
            "0 of 300 responses were right (270 cut off, 0 without an answer, 30 wrong); raise train",
        ),
        ({"unanswered": 100}, "(0 cut off, 300 without an answer, 0 wrong); choose a prompt.template that asks"),
        ({}, "(0 cut off, 0 without an answer, 300 wrong); read some responses"),
        ({"right": 4, "cut": 91}, "12 of 300 responses were right (273 cut off"),
    ],
)
def test_a_run_without_rewards_is_told_of(facts, words):
    """At the third step, again at the tenth, and not in between."""
    watch = NoReward()
    lines = [watch.line(_facts(step, **facts)) for step in range(1, 11)]
    assert [step for step, line in enumerate(lines, start=1) if line] == [3, 10]
    assert lines[2].startswith("step 3: ")
    assert words in lines[2]


def test_a_run_with_rewards_is_left_alone():
    """A few right ones among the wrong are what training starts from."""
    watch = NoReward()
    assert not any(watch.line(_facts(step, right=1, cut=50)) for step in range(1, 40))
