"""Published numbers beside ours: reference rows with their source, never averaged with anything of ours."""

from importlib import resources

import pandas as pd

from knapsack_rl.analysis.benchmarks import AVERAGE
from knapsack_rl.analysis.differences import score_values
from knapsack_rl.analysis.frames import ARM_KEYS, StudyFrames
from knapsack_rl.analysis.stats import seed_means

OURS = "this study"
COLUMNS = ["source", "what", "model", "arm", "setting", "num_seeds", "accuracy", "accuracy_low", "accuracy_high"]


def published_rows() -> pd.DataFrame:
    """What is published: ``source, what, model, arm, setting, benchmark, value`` (0..1), single runs all of them."""
    with resources.files(__package__).joinpath("published.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream)


def published_table(frames: StudyFrames) -> pd.DataFrame:
    """Final average accuracy of this study's arms, then the published reference rows.

    Rows are never combined: models, data, lengths and benchmarks differ between sources. Published rows are single
    runs and have no interval.
    """
    scores = score_values(frames.evals)
    average = scores[scores["metric"] == f"accuracy/{AVERAGE}"].rename(columns={"value": "accuracy"})
    ours = seed_means(average, list(ARM_KEYS), values=["accuracy"])
    ours = ours.assign(source=OURS, what="own run", setting=[f"N = {budget}" for budget in ours["budget"]])
    theirs = published_rows().rename(columns={"value": "accuracy"}).assign(num_seeds=1)
    theirs = theirs.assign(accuracy_low=float("nan"), accuracy_high=float("nan"))
    return pd.concat([ours[COLUMNS], theirs[COLUMNS]], ignore_index=True).astype({"num_seeds": "Int64"})
