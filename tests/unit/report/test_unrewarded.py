"""What the report says of runs that earned nothing."""

import pandas as pd

from knapsack_rl.report.statements import unrewarded

COLUMNS = ["run_id", "num_rollouts", "num_successes", "num_cut_off", "num_no_answer"]


def test_runs_without_a_reward_are_told_of_with_the_remedy():
    """Those alone are counted, and the largest part says what to change."""
    runs = pd.DataFrame([("a", 100, 0, 70, 20), ("b", 100, 40, 60, 0), ("c", 50, 0, 5, 0)], columns=COLUMNS)
    said = unrewarded(runs)
    assert said.startswith("2 of 3 runs earned nothing, and so had no gradient at all: 0 of 150 responses were right")
    assert "(75 cut off, 20 without an answer, 55 wrong); raise train.max_response_tokens" in said
    assert said.endswith(".")


def test_rewarded_runs_are_not_mentioned():
    """No box on the page of an ordinary study."""
    assert unrewarded(pd.DataFrame([("b", 100, 1, 99, 0)], columns=COLUMNS)) == ""
