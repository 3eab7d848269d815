"""On which terms arms were compared is told as it was."""

import pandas as pd
from made_up import Shape

from knapsack_rl.config import StopConfig
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


def test_runs_that_end_at_a_budget_are_compared_where_they_end():
    """Steps that cost more: at the ends as many rollouts, though not after equal steps."""
    study = Shape(arms=("uniform", "dapo"), strategies={"dapo": {"strategy": "dapo"}}).study()
    study = study.model_copy(update={"train": study.train.model_copy(update={"stop": StopConfig(num_rollouts=384)})})
    spent = {"uniform": {3: 192, 6: 384}, "dapo": {3: 385}}
    compute = pd.DataFrame(
        [
            {"model": "small", "budget": 8, "arm": arm, "step": step, "total_rollouts": total}
            for arm, by_step in spent.items()
            for step, total in by_step.items()
        ]
    )
    text = " ".join(terms(study, differences=pd.DataFrame([PAIR | {"arm": "dapo"}]), compute=compute))
    assert "Every arm generated as many rollouts as uniform." in text
    assert "They are compared where their runs end, at a budget." in text
    assert "equal steps" not in text


def test_nothing_to_compare():
    """One arm has no terms."""
    study = Shape(arms=("uniform",)).study()
    assert list(terms(study, differences=pd.DataFrame(), compute=pd.DataFrame())) == []
