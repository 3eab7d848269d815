"""Standings: accuracy differences from the baseline, adjusted p-values and ranks, one row per cell and arm."""

from collections.abc import Sequence

import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.adjust import holm, paired_p_value
from knapsack_rl.analysis.inference.pairs import baseline_arm, by_seed, compare_pairs, pair_up
from knapsack_rl.analysis.inference.ranking import rank_uncertainty
from knapsack_rl.analysis.inference.replicates import improvement_interval, probability_of_improvement
from knapsack_rl.analysis.inference.stats import seed_means
from knapsack_rl.analysis.measures.benchmarks import AVERAGE, benchmark_scores, final_scores
from knapsack_rl.analysis.measures.effort import AXES, run_effort
from knapsack_rl.analysis.measures.roles import BASELINE, CONTROL, arm_roles

KEYS = [*CELL_KEYS, "arm"]


COLUMNS = [
    *(*KEYS, "role", "num_seeds", "rank", "rank_low", "rank_high", "first", "pass_at_1", "pass_at_k", "k", *AXES),
    *(name + end for name in ("difference", "improvement", "pass_at_k_difference") for end in ("", "_low", "_high")),
    *("p_value", "p_holm"),
]


def standings(frames: StudyFrames, controls: Sequence[str] = ()) -> pd.DataFrame:
    """Every arm of each cell that has more than one, the largest accuracy difference first.

    Args:
        frames: of the study.
        controls: arms that are controls beside those of `measures.roles.CONTROLS`.

    Returns:
        ``COLUMNS``: scores and amounts are means over replicates, differences have their t-intervals, and ``p_holm`` is
        adjusted over all arms of the cell. The baseline has no difference and is ranked at 0; controls have no rank.
        Empty for a study without a baseline or without another arm.
    """
    baseline = baseline_arm(frames.steps)
    if baseline is None or len(frames.steps["arm"].unique()) == 1:
        return pd.DataFrame(columns=COLUMNS)
    scores, roles = _compared_at(frames.evals), arm_roles(frames, also=controls)
    runs = scores.merge(run_effort(frames)[["run_id", *AXES]], on="run_id")
    table = seed_means(runs, [*KEYS, "k"], values=["pass_at_1", "pass_at_k", *AXES])
    table = table.assign(role=table["arm"].map(roles)).merge(_scores(scores, baseline), on=KEYS, how="left")
    cells = [_ranked(rows, scores) for _, rows in table.groupby(list(CELL_KEYS), sort=False) if len(rows) > 1]
    joined = pd.concat(cells, ignore_index=True) if cells else pd.DataFrame(columns=COLUMNS)
    return joined.astype(dict.fromkeys(("num_seeds", "rank", "rank_low", "rank_high", "k"), "Int64"))[COLUMNS]


def _compared_at(evals: pd.DataFrame) -> pd.DataFrame:
    """``pass_at_1, pass_at_k`` (0..1) of every run, average over benchmarks, at the checkpoint of ``final_scores``."""
    scores = final_scores(benchmark_scores(evals))
    return scores[scores["benchmark"] == AVERAGE].rename(columns={"avg_at_k": "pass_at_1"}).reset_index(drop=True)


def compared(pairs: pd.DataFrame, name: str) -> pd.DataFrame:
    """Differences of pairs by cell and arm: ``KEYS, name, name_low, name_high``."""
    rows = [
        {**dict(zip(KEYS, key, strict=True)), **compare_pairs(of_arm)}
        for key, of_arm in pairs.groupby(KEYS, sort=False)
    ]
    found = pd.DataFrame(rows, columns=[*KEYS, "difference", "ci_low", "ci_high"])
    return found.rename(columns={"difference": name, "ci_low": f"{name}_low", "ci_high": f"{name}_high"})


def _scores(scores: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Differences in pass@1 and pass@k, the first with p-values and the probability of improvement."""
    one, of_k = (
        pair_up(scores.rename(columns={score: "value"}), baseline=baseline) for score in ("pass_at_1", "pass_at_k")
    )
    chances = [(*key, *_chance(of_arm)) for key, of_arm in one.groupby(KEYS, sort=False)]
    found = compared(one, "difference").merge(pd.DataFrame(chances, columns=[*KEYS, *_CHANCE]), on=KEYS)
    adjusted = found.groupby(list(CELL_KEYS), sort=False)["p_value"].transform(holm)
    return found.assign(p_holm=adjusted).merge(compared(of_k, "pass_at_k_difference"), on=KEYS)


_CHANCE = ("p_value", "improvement", "improvement_low", "improvement_high")


def _chance(pairs: pd.DataFrame) -> tuple[float, ...]:
    known = pairs.dropna(subset=["arm_value", "baseline_value"])
    arm_S, baseline_S = known["arm_value"].to_numpy(), known["baseline_value"].to_numpy()
    chance = probability_of_improvement(arm_S, baseline_S)
    return (paired_p_value(arm_S, baseline_S), chance, *improvement_interval(arm_S, baseline_S))


def _ranked(table: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """The rows of a cell with their ranks, the largest difference first."""
    cell = scores.merge(table[list(CELL_KEYS)].drop_duplicates(), on=list(CELL_KEYS))
    values_SA = by_seed({str(arm): rows.rename(columns={"pass_at_1": "value"}) for arm, rows in cell.groupby("arm")})
    estimate_A = table.set_index("arm")["difference"].where(table["role"].to_numpy() != BASELINE, 0.0)
    ranks = rank_uncertainty(values_SA, estimate_A.where(table["role"].to_numpy() != CONTROL))
    order = estimate_A.sort_values(ascending=False, kind="stable", na_position="last").index
    return table.merge(ranks, left_on="arm", right_index=True).set_index("arm").loc[order].reset_index()
