"""The end of a run: three sentences with interval and verdict, whatever the numbers say."""

import pandas as pd
import pytest

from knapsack_rl.config import StopConfig, StudyConfig
from knapsack_rl.report.answer import three_sentences
from knapsack_rl.report.cost import stops_of

KEYS = ("model", "budget", "arm", "baseline", "metric", "num_seeds", "difference", "ci_low", "ci_high", "verdict")


def rows(*values):
    return pd.DataFrame([dict(zip(KEYS, value, strict=True)) for value in values])


def of(metric, difference, low, high, verdict, **other):
    key = {"model": "tiny", "budget": 8, "arm": "knapsack", "num_seeds": 12} | other
    return (
        key["model"],
        key["budget"],
        key["arm"],
        "uniform",
        metric,
        key["num_seeds"],
        difference,
        low,
        high,
        verdict,
    )


def spent(**rollouts):
    """Table `compute` of one cell: rollouts of each arm at two checkpoints."""
    return pd.DataFrame(
        [
            {"model": "tiny", "budget": 8, "arm": arm, "step": step, "total_rollouts": total * step}
            for arm, total in rollouts.items()
            for step in (24, 48)
        ]
    )


EQUAL = spent(uniform=512, knapsack=512, knapsack_posterior=512)


CLEAR, INSIDE = "interval excludes zero", "inside the interval"


def test_the_cell_with_most_replicates_is_told_with_its_verdicts():
    """Higher, lower, and not shown."""
    few = (None, None, "fewer than 3 seeds")
    table = rows(
        of("ratio_rollouts", 0.9, *few, budget=4, num_seeds=2),
        of("ratio_rollouts", 0.064, 0.055, 0.072, CLEAR, arm="knapsack_posterior"),
        of("ratio_rollouts", 0.204, 0.182, 0.226, CLEAR),
        of("ratio_prompts", -0.033, -0.044, -0.021, CLEAR),
        of("accuracy/average", -0.010, -0.021, 0.0005, INSIDE),
        of("accuracy/hard", 0.5, 0.4, 0.6, CLEAR),
    )
    heading, *sentences = three_sentences(table, EQUAL)
    assert heading.startswith(
        "knapsack against uniform at equal rollouts; tiny, N = 8 rollouts per prompt, 12 replicates"
    )
    assert len(sentences) == 3
    assert "+20.4 points [+18.2, +22.6]: higher" in sentences[0]
    assert "-3.3 points [-4.4, -2.1]: lower" in sentences[1]
    assert "-1.0 points [-2.1, +0.1]: no difference shown" in sentences[2]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("fewer than 3 seeds", "1 replicate: no interval, so nothing follows"),
        ("no spread between seeds", "no spread to judge it by"),
    ],
)
def test_what_gives_no_interval_is_no_verdict(verdict, words):
    """Two points are no result."""
    *_, sentence = three_sentences(rows(of("ratio_rollouts", 0.1, None, None, verdict, num_seeds=1)), EQUAL)
    assert words in sentence


def test_a_study_of_one_arm_says_why_there_is_no_answer():
    """Nothing to compare."""
    (line,) = three_sentences(rows(of("accuracy/hard", 0.5, 0.4, 0.6, CLEAR)), EQUAL)
    assert line.startswith("No pair of arms to compare")


def test_an_arm_that_spends_more_is_not_said_to_spend_the_same():
    """A method that draws in rounds is compared after equal steps, and the reader is told what that cost."""
    table = rows(of("accuracy/average", 0.02, 0.01, 0.03, CLEAR))
    heading, *_ = three_sentences(table, spent(uniform=512, knapsack=942))
    assert "knapsack against uniform after equal steps, with 1.84 times the rollouts;" in heading
    heading, *_ = three_sentences(table, spent(uniform=512))
    assert "after equal steps;" in heading


def runs(*ended):
    """Table `runs` of one seed of each arm."""
    arms = zip(("uniform", "knapsack"), ended, strict=True)
    return pd.DataFrame([{"model": "tiny", "budget": 8, "arm": arm, "ended": end} for arm, end in arms])


@pytest.mark.parametrize(
    ("spending", "ended", "words"),
    [
        ((1000, 1001), ("budget", "budget"), "uniform at equal rollouts; "),
        ((1000, 1040), ("budget", "budget"), "uniform at equal rollouts to within a step (1.04 times); "),
        ((500, 1000), ("budget not reached", "budget"), "2.00 times the rollouts, budget not reached in 1 of 2 runs; "),
    ],
)
def test_arms_that_end_at_a_budget_are_told_at_their_ends(spending, ended, words):
    """Where each ended, though the steps differ: uniform at 48, knapsack at 24."""
    uniform, knapsack = spent(uniform=spending[0] / 48), spent(knapsack=spending[1] / 24)
    compute = pd.concat([uniform, knapsack[knapsack["step"] == 24]])
    table = rows(of("accuracy/average", 0.1, 0.05, 0.15, CLEAR))
    heading, *_ = three_sentences(table, compute, stops={"tiny": StopConfig(num_rollouts=900)}, runs=runs(*ended))
    assert words in heading


def test_a_model_may_have_a_budget_of_its_own():
    """Over the study's; null takes it away."""
    study = StudyConfig.model_validate(
        {
            "name": "s",
            "task": {"name": "arithmetic"},
            "models": {
                "plain": {"path": "m"},
                "more": {"path": "m", "train": {"stop": {"num_rollouts": 70}}},
                "none": {"path": "m", "train": {"stop": None}},
            },
            "arms": {"uniform": {"strategy": "uniform"}},
            "grid": {"models": ["plain"], "arms": ["uniform"], "budgets": [8], "seeds": [0]},
            "train": {"steps": 4, "stop": {"num_rollouts": 60}},
        }
    )
    assert {name: stop.limit for name, stop in stops_of(study).items()} == {"plain": 60, "more": 70}
