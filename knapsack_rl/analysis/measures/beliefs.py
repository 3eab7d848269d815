"""How good the beliefs were: against the outcomes of the step they were made for, and against the probe.

A belief is made before its step, so the step's rewards are an independent sample of what it predicts. ``_G`` = rows of
the groups frame.
"""

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.parts import codes_of, first_rows, parts_of
from knapsack_rl.analysis.frames.remember import once_per_frame
from knapsack_rl.analysis.frames.schemas import RUN_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.periods import at_last_step, window_of
from knapsack_rl.analysis.measures.gradient_split import split_steps
from knapsack_rl.analysis.measures.objective import perfect_gains
from knapsack_rl.base.arrays import FloatArray

VALUES = ("known", "bias", "squared_error", "correlation", "objective_gain", "objective_belief_gain", "perfect_gain")

LEAST_RISE = 2.0
"""Standard errors by which success rates must have changed between visits before a lag is read off them."""

_SUMS = ("n", "p", "r", "pp", "rr", "pr", "noise", "rows")


def quality_steps(frames: StudyFrames) -> pd.DataFrame:
    """Per run and step: share of prompts with a belief, and the beliefs against the step's own outcomes.

    ``bias`` is mean belief minus mean success rate. ``rmse`` is the root of the mean squared error less the outcomes'
    own noise ``r (1 - r) / (n - 1)``, over groups of two and more; ``correlation`` is Pearson's with noisy outcomes,
    hence below 1 even for known rates. All are NaN in a step without beliefs. ``perfect_gain`` is what the best counts
    would be worth beyond equal counts if the success rates of the step's window were known.
    """
    sums = _sums_of_steps(frames.groups)
    n = sums["n"].where(sums["n"] > 0)
    variance_p = sums["pp"] / n - (sums["p"] / n) ** 2
    variance_r = sums["rr"] / n - (sums["r"] / n) ** 2
    spread = (variance_p * variance_r).clip(lower=0) ** 0.5
    squared = (sums["pp"] - 2 * sums["pr"] + sums["rr"] - sums["noise"]) / n
    quality = sums[["run_id", "step"]].assign(
        known=sums["n"] / sums["rows"],
        bias=(sums["p"] - sums["r"]) / n,
        squared_error=squared,
        correlation=(sums["pr"] / n - sums["p"] * sums["r"] / n**2) / spread.where(spread > 0),
    )
    steps = split_steps(frames).merge(quality, on=["run_id", "step"])
    steps = steps.assign(window=window_of(steps))
    return steps.merge(perfect_gains(frames)[["run_id", "window", "perfect_gain"]], on=["run_id", "window"], how="left")


@once_per_frame
def _sums_of_steps(groups: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([_step_sums(rows) for rows in parts_of(groups, ["run_id"])], ignore_index=True)


def _step_sums(groups: pd.DataFrame) -> pd.DataFrame:
    """Sums over each step's groups with a belief: rows, belief p, success rate r, squares, product and r's noise."""
    belief_G = groups["p_belief"].to_numpy(dtype=np.float64)
    drawn_G = groups["num_rollouts"].to_numpy(dtype=np.float64)
    used_G = (~np.isnan(belief_G) & (drawn_G > 1)).astype(np.float64)
    p_G = np.nan_to_num(belief_G) * used_G
    r_G = np.divide(groups["num_successes"].to_numpy(), drawn_G, out=np.zeros_like(drawn_G), where=drawn_G > 0) * used_G
    noise_G = r_G * (1 - r_G) / np.maximum(drawn_G - 1, 1)
    columns = (used_G, p_G, r_G, p_G * p_G, r_G * r_G, p_G * r_G, noise_G, np.ones_like(p_G))
    sums = dict(zip(_SUMS, columns, strict=True))
    code_G, num = codes_of(groups, ["run_id", "step"])
    totals = {name: np.bincount(code_G, weights=column, minlength=num) for name, column in sums.items()}
    keyed = groups[["run_id", "step"]].iloc[first_rows(code_G)].reset_index(drop=True)
    return keyed.astype({"run_id": "str"}).assign(**totals)


@once_per_frame
def lag_rows(groups: pd.DataFrame) -> pd.DataFrame:
    """How many visits the beliefs of each run lag behind: mean of outcome minus belief over mean rise per visit.

    A belief that repeats the outcome of the visit before lags by 1, a perfect one by 0. NaN unless success rates moved
    by ``LEAST_RISE`` standard errors between visits: without a drift there is nothing to lag behind.
    """
    return pd.concat([_lag_of_run(rows) for rows in parts_of(groups, ["run_id"])], ignore_index=True)


def _lag_of_run(groups: pd.DataFrame) -> pd.DataFrame:
    code_G, _ = codes_of(groups, ["prompt_id"])
    order_G = np.lexsort((groups["visit"].to_numpy(), code_G))
    rate_G = (groups["num_successes"].to_numpy() / groups["num_rollouts"].to_numpy())[order_G]
    same_G = np.diff(code_G[order_G], prepend=-1) == 0
    rise_G = np.where(same_G, np.diff(rate_G, prepend=np.nan), np.nan)
    behind_G = rate_G - groups["p_belief"].to_numpy(dtype=np.float64)[order_G]
    both_G = ~np.isnan(rise_G) & ~np.isnan(behind_G)
    kept = pd.DataFrame({"rise": rise_G[both_G], "behind": behind_G[both_G]})
    by_run = kept.groupby(np.zeros(len(kept), dtype=np.int64))
    means = by_run[["rise", "behind"]].mean()
    error = by_run["rise"].std() / np.sqrt(by_run.size())
    clear = means["rise"].abs() > LEAST_RISE * error
    lag = (means["behind"] / means["rise"]).where(clear)
    return groups[list(RUN_KEYS)].head(len(lag)).assign(lag=lag.to_numpy())


def probe_rows(frames: StudyFrames) -> pd.DataFrame:
    """Root mean squared error of each run's last beliefs against its probe of the last checkpoint, noise removed."""
    last = at_last_step(frames.probes)
    last = last[last["step"] > 0]
    probed = frames.groups[frames.groups["prompt_id"].isin(last["prompt_id"])]
    probed = probed[["run_id", "prompt_id", "visit", "p_belief"]].astype({"run_id": "str", "prompt_id": "str"})
    newest = probed.sort_values("visit", kind="stable").groupby(["run_id", "prompt_id"])["p_belief"].last().rename("p")
    joined = last.merge(newest.reset_index(), on=["run_id", "prompt_id"], how="left")
    squared = _squared_error(joined["p"].to_numpy(), joined["num_correct"].to_numpy(), drawn=joined["num_samples"])
    means = joined.assign(squared=squared).groupby(list(RUN_KEYS), sort=False)["squared"].mean()
    return (means.clip(lower=0) ** 0.5).rename("probe_rmse").reset_index()


def _squared_error(p: FloatArray, won: FloatArray, *, drawn: "pd.Series[int]") -> FloatArray:
    rate = won / drawn.to_numpy()
    return np.asarray((p - rate) ** 2 - rate * (1 - rate) / (drawn.to_numpy() - 1))
