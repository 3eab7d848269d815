"""On which terms arms were compared is told as it was."""

import pandas as pd
from made_up import Shape

from knapsack_rl.report.terms import terms

PAIR = {"model": "small", "budget": 8, "baseline": "uniform"}


def told(*, arms=("uniform", "knapsack"), strategies=None, **times):
    """Sentences for a study of those arms, of which some generated that many times the baseline's rollouts."""
    study = Shape(arms=arms, strategies=strategies or {}).study()
    compute = pd.DataFrame(
        [
            {"model": "small", "budget": 8, "arm": arm, "step": step, "total_rollouts": 64 * step * times.get(arm, 1)}
            for arm in arms
            for step in (3, 6)
        ]
    )
    differences = pd.DataFrame([PAIR | {"arm": arm} for arm in arms[1:]])
    return " ".join(terms(study, differences=differences, compute=compute))


def test_one_shot_arms_share_prompts_and_rollouts():
    """Where it is so it is said."""
    assert told() == (
        "Every arm generated as many rollouts as uniform."
        " All arms share seeds and see the same prompts in the same order."
    )


def test_arms_that_spent_more_are_named_with_how_much():
    """Equal steps are no equal rollouts."""
    text = told(arms=("uniform", "knapsack", "dapo"), strategies={"dapo": {"strategy": "dapo"}}, dapo=1.5)
    assert "Not all arms generated as many rollouts as uniform: dapo 1.50 times." in text
    assert "The arms uniform, knapsack share seeds" in text
    assert "Drawing in rounds, with prompts of their own choice where the method says so: dapo." in text
    assert "Every arm" not in text


def test_nothing_to_compare():
    """One arm has no terms."""
    study = Shape(arms=("uniform",)).study()
    assert list(terms(study, differences=pd.DataFrame(), compute=pd.DataFrame())) == []
