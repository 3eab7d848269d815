"""What a step's time goes into, what a rollout costs by difficulty, and whether uneven allocation costs more."""

import pandas as pd

from knapsack_rl.analysis.frames.parts import parts_of
from knapsack_rl.analysis.frames.schemas import ARM_KEYS, CELL_KEYS, RUN_KEYS
from knapsack_rl.analysis.frames.study import StudyFrames, in_grid_order
from knapsack_rl.analysis.inference.pairs import baseline_arm, log_ratios, pair_up, ratio_interval
from knapsack_rl.analysis.inference.stats import seed_means
from knapsack_rl.analysis.measures.difficulty import CLASSES, difficulty_class
from knapsack_rl.analysis.measures.spent import FLOPS, GPU_SECONDS, SECONDS, TOKENS, add_spent
from knapsack_rl.records import WALL_CLOCK_COLUMNS

PER_ROLLOUT = {"tokens": TOKENS, "flops": FLOPS, "seconds": SECONDS, "gpu_s": GPU_SECONDS}


def cost_table(frames: StudyFrames) -> pd.DataFrame:
    """Cost per rollout of every arm, and the ratio to uniform within a seed, at equal rollouts.

    ``what``: response tokens, operations, seconds of training steps, GPU seconds, and seconds of each phase (its name
    ends in ``_s``). The ratio is a geometric mean over paired seeds with a 95% t-interval on the logarithms: an
    interval above 1 says that uneven allocation costs more, one around 1 that these runs show no difference.

    Returns:
        ``model, budget, arm, what, num_seeds, per_rollout, share_of_step, baseline, ratio, ratio_low, ratio_high``;
        ``share_of_step`` is NaN for what is no time.
    """
    runs = _per_run(frames)
    baseline = baseline_arm(frames.steps)
    keys = [*ARM_KEYS, "what"]
    means = seed_means(runs, keys, values=["per_rollout", "share_of_step"])
    spare = [f"{name}_{end}" for name in ("per_rollout", "share_of_step") for end in ("low", "high")]
    table = means.drop(columns=[*spare, "strategy"]).assign(baseline=baseline)
    pairs = pair_up(runs, [*CELL_KEYS, "what"], baseline=baseline, columns=["per_rollout"])
    ratios = [
        {**dict(zip((*CELL_KEYS, "arm", "what"), key, strict=True)), **_ratio(rows)}
        for key, rows in pairs.groupby([*CELL_KEYS, "arm", "what"], sort=False)
    ]
    columns = [*CELL_KEYS, "arm", "what", "ratio", "ratio_low", "ratio_high"]
    joined = table.merge(pd.DataFrame(ratios, columns=columns), on=columns[:4], how="left")
    known = joined[joined["per_rollout"].notna()]
    return in_grid_order(known, frames.steps).astype({"num_seeds": "Int64"})


def _per_run(frames: StudyFrames) -> pd.DataFrame:
    """Cost per rollout and share of the step's time, one row per run and kind of cost."""
    steps = add_spent(frames.steps, frames.runs)
    by_run = steps.groupby([*ARM_KEYS, "seed", "run_id"], sort=False)
    rollouts = by_run["num_rollouts"].sum()
    totals = by_run[list(PER_ROLLOUT.values())].last().set_axis(list(PER_ROLLOUT), axis=1)
    phases = by_run[[name for name in WALL_CLOCK_COLUMNS if name != "step_s"]].sum()
    costs = (
        totals.join(phases).div(rollouts, axis=0).melt(ignore_index=False, var_name="what", value_name="per_rollout")
    )
    shares = phases.div(by_run["step_s"].sum(), axis=0).melt(
        ignore_index=False, var_name="what", value_name="share_of_step"
    )
    keys = [*ARM_KEYS, "seed", "run_id", "what"]
    return costs.reset_index().merge(shares.reset_index(), on=keys, how="left")


def _ratio(pairs: pd.DataFrame) -> dict[str, float]:
    found = ratio_interval(log_ratios(pairs["arm_per_rollout"], pairs["baseline_per_rollout"]))
    return {"ratio": found.mean, "ratio_low": found.low, "ratio_high": found.high}


def tokens_by_difficulty(frames: StudyFrames) -> pd.DataFrame:
    """Response tokens per rollout and share of all rollouts, by the class of a group's own success rate, per arm.

    The classes are those of ``difficulty.CLASSES``, as the released code has them.

    Returns:
        ``model, budget, arm, difficulty, num_seeds, tokens_per_rollout, rollouts_frac`` with intervals over seeds.
    """
    keys = [*ARM_KEYS, "seed", "run_id"]
    sums = pd.concat([_sums_by_difficulty(rows) for rows in parts_of(frames.groups, ["run_id"])], ignore_index=True)
    sums = sums.set_index([*keys, "difficulty"])
    # A class that a run never met has a share of zero there, and no tokens per rollout.
    sums = sums.unstack("difficulty", fill_value=0).stack("difficulty", future_stack=True).reset_index()  # noqa: PD010, PD013
    whole = sums.groupby("run_id", observed=True)["num_rollouts"].transform("sum")
    rated = sums.assign(
        tokens_per_rollout=sums["num_response_tokens"] / sums["num_rollouts"],
        rollouts_frac=sums["num_rollouts"] / whole,
    )
    means = seed_means(rated, [*ARM_KEYS, "difficulty"], values=["tokens_per_rollout", "rollouts_frac"])
    means = means.sort_values("difficulty", kind="stable")
    means = means.assign(difficulty=[CLASSES[place] for place in means["difficulty"]])
    return in_grid_order(means.drop(columns="strategy"), frames.steps).astype({"num_seeds": "Int64"})


def _sums_by_difficulty(groups: pd.DataFrame) -> pd.DataFrame:
    """Rollouts and tokens of one run by class 0..4: ``RUN_KEYS, difficulty, num_rollouts, num_response_tokens``."""
    place_G = difficulty_class(groups["num_successes"], groups["num_rollouts"])
    sums = groups[["num_rollouts", "num_response_tokens"]].groupby(place_G.to_numpy()).sum()
    return sums.rename_axis("difficulty").reset_index().assign(**{key: groups[key].iloc[0] for key in RUN_KEYS})
