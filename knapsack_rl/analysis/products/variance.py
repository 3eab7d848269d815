"""Where the variance of a paired difference in final accuracy comes from: replicates, problems, samples.

Problems are the unit within a pair of runs, samples lie within a problem (Miller 2024, arXiv 2411.00640, sections 2.2,
3 and 4). Of a replicate with base model, seed and problems of its own these three are one part, "replicates".
"""

import json

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.pairs import baseline_arm, pair_up
from knapsack_rl.analysis.measures.benchmarks import final_scores

PAIR = [*CELL_KEYS, "arm", "seed"]
PARTS = ["var_samples", "var_problems"]

FEWEST = 2
"""Values without which there is no variance: replicates, problems of a benchmark, samples of a problem."""

COLUMNS = [
    *(*CELL_KEYS, "arm", "baseline", "num_seeds", "difference", "se", "se_within_pair"),
    *("var_total", "var_replicates", *reversed(PARTS), "se_endless_samples", "se_endless_problems"),
]


def variance_table(frames: StudyFrames) -> pd.DataFrame:
    """Variance of one replicate's difference (arm minus baseline, average accuracy), and its three parts.

    The parts are unbiased and add up to ``var_total``, so that one may come out below zero. ``se`` is that of the mean
    over replicates, ``se_within_pair`` what one pair of runs says of itself with problems as the unit (root mean
    square), and ``se_endless_*`` what more samples per problem, or more problems, would leave of ``se`` at most.

    Returns:
        ``COLUMNS``. Parts that need replicates with problems of their own are NaN where these share problems: what
        they share does not differ between them.
    """
    baseline = baseline_arm(frames.steps)
    problems = _paired_problems(frames.evals, baseline)
    own = _own_problems(frames.runs)
    pairs = _per_pair(problems)
    rows = [
        {
            **dict(zip([*CELL_KEYS, "arm"], key, strict=True)),
            "baseline": baseline,
            **_split(group, shared=not own),
        }
        for key, group in pairs.groupby([*CELL_KEYS, "arm"], sort=False, observed=True)
    ]
    return in_grid_order(pd.DataFrame(rows, columns=COLUMNS), frames.steps).astype({"num_seeds": "Int64"})


def _own_problems(runs: pd.DataFrame) -> bool:
    """Whether seeds have problem sets of their own; the names of problems do not tell, as every set counts from 0."""
    configs = [json.loads(config) for config in runs["config"].dropna()]
    return bool(configs) and all(config.get("problem_set") for config in configs)


def _paired_problems(evals: pd.DataFrame, baseline: str | None) -> pd.DataFrame:
    """Per pair and problem the difference of the shares of right samples, and the variance that samples give it."""
    final = final_scores(evals)
    rate, num = final["num_correct"] / final["num_samples"], final["num_samples"]
    noise = rate * (1 - rate) / (num - 1).where(num >= FEWEST)
    final = final.assign(rate=rate, noise=noise)
    keys = [*CELL_KEYS, "benchmark", "problem_id"]
    both = pair_up(final, keys, baseline=baseline, columns=["rate", "noise"], how="inner")
    difference, noise = both["arm_rate"] - both["baseline_rate"], both["arm_noise"] + both["baseline_noise"]
    return both.assign(difference=difference, noise=noise)


def _per_pair(problems: pd.DataFrame) -> pd.DataFrame:
    """Difference of every pair, and its variance over problems and over samples: benchmarks weigh the same."""
    groups = problems.groupby([*PAIR, "benchmark"], sort=False, observed=True)
    num = groups.size()
    per_benchmark = (
        groups["difference"]
        .agg(["mean", "var"])
        .assign(
            within=lambda part: part["var"] / num,
            samples=groups["noise"].agg(lambda noise: noise.mean(skipna=False)) / num,
        )
    )
    pairs = per_benchmark.groupby(level=PAIR, sort=False, observed=True)
    count = pairs.size()
    sums = {name: pairs[name].agg(lambda part: part.sum(skipna=False)) / count**2 for name in ("within", "samples")}
    return pairs["mean"].mean().rename("difference").to_frame().assign(**sums).reset_index()


def _split(pairs: pd.DataFrame, *, shared: bool) -> dict[str, float]:
    num = len(pairs)
    total = pairs["difference"].var(ddof=1) if num >= FEWEST else np.nan
    within, samples = pairs["within"].mean(), pairs["samples"].mean()
    between = np.nan if shared else total - within
    return {
        "num_seeds": num,
        "difference": pairs["difference"].mean(),
        "se": _root(total / num),
        "se_within_pair": _root(within),
        "var_total": total,
        "var_replicates": between,
        "var_problems": np.nan if shared else within - samples,
        "var_samples": samples,
        "se_endless_samples": _root((total - samples) / num),
        "se_endless_problems": _root(between / num),
    }


def _root(variance: float) -> float:
    """Square root; a variance that was estimated below zero counts as none."""
    return float(np.sqrt(max(variance, 0.0))) if not np.isnan(variance) else np.nan
