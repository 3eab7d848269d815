"""Published numbers beside ours: reference rows with their source, never averaged with anything of ours."""

from importlib import resources

import pandas as pd

from knapsack_rl.analysis.frames.schemas import ARM_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.stats import seed_means
from knapsack_rl.analysis.measures.benchmarks import common_k, score_values

OURS = "this study"
VALUES = ["accuracy", "accuracy_low", "accuracy_high"]
COLUMNS = ["source", "what", "model", "arm", "setting", "benchmark", "score", "num_seeds", *VALUES]


def published_rows() -> pd.DataFrame:
    """What is published, single runs all of it: ``source, what, model, arm, setting, benchmark, score, value`` (0..1).

    Benchmarks are named as in the source: a ``MATH`` of one is not the ``MATH500`` of another. Averages are those
    printed there.
    """
    with resources.files(__package__).joinpath("published.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream)


def published_table(frames: StudyFrames) -> pd.DataFrame:
    """Final accuracy of this study's arms on average and per benchmark, then the published reference rows.

    Rows are never combined: models, data, lengths and benchmarks differ between sources. Published rows are single
    runs and have no interval.
    """
    theirs = published_rows().rename(columns={"value": "accuracy"}).assign(num_seeds=1)
    theirs = theirs.assign(accuracy_low=float("nan"), accuracy_high=float("nan"))
    return pd.concat([_ours(frames)[COLUMNS], theirs[COLUMNS]], ignore_index=True).astype({"num_seeds": "Int64"})


def _ours(frames: StudyFrames) -> pd.DataFrame:
    values = score_values(frames.evals).rename(columns={"value": "accuracy"})
    means = seed_means(values, [*ARM_KEYS, "metric"], values=["accuracy"])
    kind, benchmark = (means["metric"].str.partition("/")[part] for part in (0, 2))
    k = common_k(frames.evals)
    return means.assign(
        source=OURS,
        what="own run",
        setting=[f"N = {budget}" for budget in means["budget"]],
        benchmark=benchmark,
        score=kind.map({"accuracy": f"avg@{k}", "pass_at_k": f"pass@{k}"}),
    )
