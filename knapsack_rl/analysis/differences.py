"""Every arm against uniform allocation: differences within a seed, with intervals over seeds."""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.benchmarks import AVERAGE, benchmark_scores, final_scores
from knapsack_rl.analysis.compute import accuracy_curves, match_at_equal_compute
from knapsack_rl.analysis.frames import ARM_KEYS, CELL_KEYS, StudyFrames, in_grid_order
from knapsack_rl.analysis.spent import TOKENS
from knapsack_rl.analysis.stats import MIN_SEEDS, Interval, paired_difference
from knapsack_rl.analysis.zero_gradient import from_first_belief

BASELINE_STRATEGY = "uniform"

VERDICT_CLEAR = "interval excludes zero"
VERDICT_INSIDE = "inside the interval"
VERDICT_FEW = f"fewer than {MIN_SEEDS} seeds"
VERDICT_NONE = "not measured"
VERDICT_FLAT = "no spread between seeds"
"""All differences are the same number, as on tiny studies: an interval without width is no evidence."""

ROUNDING = 1e-12

COLUMNS = (
    *CELL_KEYS,
    "arm",
    "baseline",
    "metric",
    "step",
    "num_seeds",
    "arm_mean",
    "baseline_mean",
    "difference",
    "ci_low",
    "ci_high",
    "verdict",
)


_PAIR_KEYS = (*CELL_KEYS, "arm", "baseline", "metric")


def differences(frames: StudyFrames, baseline: str | None = None) -> pd.DataFrame:
    """One row per cell, arm other than the baseline, and metric; empty for a study without anything to compare.

    The baseline is the arm of that name, else the first whose strategy is ``uniform``.

    Metrics: ``ratio_rollouts`` and ``ratio_prompts`` (means from the arm's first known belief on, over steps that
    both arms' runs of the cell trained), ``accuracy/average`` and ``accuracy/<benchmark>`` (avg@k at ``step``, the
    cell's last shared checkpoint), ``pass_at_k/average``, and ``accuracy_equal_tokens`` (average accuracy where both
    runs of a seed have generated the same number of response tokens, the most that both reached).

    ``difference`` is the mean over seeds of arm minus baseline and ``ci_*`` its 95% t-interval; ``num_seeds`` counts
    the seeds for which both arms have a value, and the means are over those.
    """
    chosen = baseline or baseline_arm(frames.steps)
    arms = [arm for arm in frames.steps["arm"].unique() if chosen and arm != chosen]
    ratios = [_paired(ratio_values(frames.steps, arm, baseline=chosen), chosen) for arm in arms]
    scores = _paired(score_values(frames.evals), chosen)
    pairs = pd.concat([*ratios, scores, _paired_at_equal_tokens(frames, chosen)], ignore_index=True)
    rows = [
        {
            **dict(zip(_PAIR_KEYS, key, strict=True)),
            "step": group["step"].iloc[0],
            **compare_pairs(group, other="baseline"),
        }
        for key, group in pairs.groupby(list(_PAIR_KEYS), sort=False)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"step": "Int64"})
    return in_grid_order(table, frames.steps)


def verdict(difference: Interval) -> str:
    """What an interval allows to be said: a difference inside its interval is called that."""
    if difference.num == 0:
        return VERDICT_NONE
    if difference.num < MIN_SEEDS:
        return VERDICT_FEW
    if difference.high - difference.low < ROUNDING:
        return VERDICT_FLAT
    return VERDICT_CLEAR if difference.low > 0 or difference.high < 0 else VERDICT_INSIDE


def baseline_arm(frame: pd.DataFrame) -> str | None:
    """The arm ``uniform`` if its strategy is that, else the first arm with that strategy; None if there is none.

    The name goes first so that the answer does not depend on the order of the runs.
    """
    found = frame.loc[frame["strategy"] == BASELINE_STRATEGY, "arm"]
    if found.empty:
        return None
    return BASELINE_STRATEGY if (found == BASELINE_STRATEGY).any() else str(found.iloc[0])


def compare_pairs(pairs: pd.DataFrame, *, other: str) -> dict[str, object]:
    """Summary of a metric that two arms have for the same seeds.

    Args:
        pairs: ``arm_value`` and ``<other>_value``, one row per seed; rows that lack one of them do not count.
        other: what the second is called, e.g. ``baseline``.

    Returns:
        ``num_seeds, arm_mean, <other>_mean, difference, ci_low, ci_high, verdict``.
    """
    valid = pairs.dropna(subset=["arm_value", f"{other}_value"])
    found = paired_difference(valid["arm_value"], valid[f"{other}_value"])
    return {
        "num_seeds": found.num,
        "arm_mean": valid["arm_value"].mean(),
        f"{other}_mean": valid[f"{other}_value"].mean(),
        "difference": found.mean,
        "ci_low": found.low,
        "ci_high": found.high,
        "verdict": verdict(found),
    }


def _paired(values: pd.DataFrame, baseline: str | None) -> pd.DataFrame:
    """Pair every arm's value with its cell's baseline value of the same seed and metric (NaN where there is none).

    Args:
        values: long, with ``ARM_KEYS, seed, metric, step, value``.
        baseline: its arm; None if there is nothing to compare with.
    """
    keys = [*CELL_KEYS, "metric", "seed"]
    # A seed that an override repeats within an arm is one seed: average it before pairing.
    per_seed = values.groupby([*keys, "arm"], sort=False)[["value", "step"]].mean().reset_index()
    reference = per_seed.loc[per_seed["arm"] == baseline, [*keys, "value"]]
    treated = per_seed[per_seed["arm"] != baseline] if baseline else per_seed.iloc[:0]
    pairs = treated.merge(reference.rename(columns={"value": "baseline_value"}), on=keys, how="left")
    return pairs.rename(columns={"value": "arm_value"}).assign(baseline=baseline)


def ratio_values(steps: pd.DataFrame, arm: str | None, *, baseline: str | None) -> pd.DataFrame:
    """Both effective-gradient ratios of the runs of two arms, over the same steps: see ``from_first_belief``.

    Args:
        steps: of the study.
        arm: from whose first known belief on.
        baseline: the other.

    Returns:
        As ``mean_ratios``.
    """
    pair = steps[steps["arm"].isin([arm, baseline])]
    return mean_ratios(pair, from_first_belief(pair, arm=arm))


def mean_ratios(steps: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    """Both effective-gradient ratios of every run, means over those of its steps that count.

    Args:
        steps: of the runs that are compared.
        counted: some of them; of these the steps that all runs of a cell trained are averaged.

    Returns:
        Long: ``ARM_KEYS, seed, step, metric, value``; ``step`` is NaN, for the value belongs to no single step.
    """
    last = steps.groupby([*CELL_KEYS, "run_id"])["step"].max().groupby(level=list(CELL_KEYS)).min()
    counted = counted.join(last.rename("shared_last"), on=list(CELL_KEYS))
    counted = counted[counted["step"] <= counted["shared_last"]]
    metrics = ["ratio_rollouts", "ratio_prompts"]
    runs = steps[["run_id", *ARM_KEYS, "seed"]].drop_duplicates()
    means = runs.join(counted.groupby("run_id")[metrics].mean(), on="run_id").assign(step=np.nan)
    return means.melt([*ARM_KEYS, "seed", "step"], metrics, var_name="metric")


def score_values(evals: pd.DataFrame) -> pd.DataFrame:
    """avg@k of every run on average and per benchmark, and pass@k on average, at its cell's last shared checkpoint.

    Returns:
        Long: ``ARM_KEYS, seed, step, metric, value`` with the metrics of ``differences``.
    """
    final = final_scores(benchmark_scores(evals))
    average, single = final[final["benchmark"] == AVERAGE], final[final["benchmark"] != AVERAGE]
    parts = [
        average.assign(metric=f"accuracy/{AVERAGE}", value=average["avg_at_k"]),
        single.assign(metric="accuracy/" + single["benchmark"], value=single["avg_at_k"]),
        average.assign(metric=f"pass_at_k/{AVERAGE}", value=average["pass_at_k"]),
    ]
    return pd.concat(parts, ignore_index=True)[[*ARM_KEYS, "seed", "step", "metric", "value"]]


def _paired_at_equal_tokens(frames: StudyFrames, baseline: str | None) -> pd.DataFrame:
    curves = accuracy_curves(frames)
    rows = []
    for (model, budget, seed), runs in curves.groupby([*CELL_KEYS, "seed"], sort=False):
        reference = _first_run(runs[runs["arm"] == baseline])
        for arm in runs.loc[runs["arm"] != baseline, "arm"].unique() if baseline else ():
            match = match_at_equal_compute(_first_run(runs[runs["arm"] == arm]), reference, axis=TOKENS)
            rows.append((model, budget, arm, baseline, "accuracy_equal_tokens", seed, match.treated, match.baseline))
    columns = [*_PAIR_KEYS, "seed", "arm_value", "baseline_value"]
    return pd.DataFrame(rows, columns=columns).assign(step=np.nan)


def _first_run(runs: pd.DataFrame) -> pd.DataFrame:
    """One run's rows: a seed repeated within an arm by an override is the same run twice."""
    return runs[runs["run_id"] == runs["run_id"].iloc[0]] if len(runs) else runs
