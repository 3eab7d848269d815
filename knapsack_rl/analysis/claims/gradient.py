"""Measures of zero-gradient groups, of the allocation, and of its cost in time."""

import json
from collections.abc import Callable, Iterator

import pandas as pd

from knapsack_rl.analysis.claims.evidence import Finding, Missing, one, per_run
from knapsack_rl.analysis.claims.subject import NO_METHOD, Subject
from knapsack_rl.analysis.frames.parts import parts_of
from knapsack_rl.analysis.frames.schemas import RUN_KEYS
from knapsack_rl.analysis.inference.periods import from_first_belief, in_quarter
from knapsack_rl.analysis.measures.concentration import largest_per_step

NO_BASELINE = "an arm whose strategy is uniform"
WASTEFUL = 0.6
"""R1: the effective-gradient ratio below which a step counts as wasteful."""
LARGEST_REPORTED = 93
"""R4: rollouts of the most favoured prompt in the paper."""
NO_BELIEF = "steps of a repeat visit in which the arm knows success rates: more epochs, or more rollouts in each"
PAPER_ROLLOUTS = 2048
"""Rollouts per step in the paper: 256 prompts, 8 each."""


def wasteful_steps(subject: Subject) -> Finding:
    """Share of the uniform arm's steps whose effective-gradient ratio is below ``WASTEFUL``."""
    steps = subject.steps_of(subject.baseline)
    if steps.empty:
        return Missing(NO_BASELINE)
    return one(per_run(steps.assign(value=(steps["ratio_rollouts"] < WASTEFUL).astype(float))), counts=True)


def late_fall(subject: Subject) -> Finding:
    """The uniform arm's effective-gradient ratio in the last quarter of training minus that in the third."""
    steps = subject.steps_of(subject.baseline)
    if steps.empty:
        return Missing(NO_BASELINE)
    keyed = steps.assign(value=steps["ratio_rollouts"])
    third, last = (per_run(keyed[in_quarter(steps, number)]).set_index(list(RUN_KEYS))["value"] for number in (3, 4))
    return one((last - third).reset_index())


def early_waste(subject: Subject) -> Finding:
    """All-wrong minus all-correct share of prompts in the uniform arm's first quarter."""
    return _kind_of_waste(subject, 1, sign=1.0)


def late_waste(subject: Subject) -> Finding:
    """All-correct minus all-wrong share of prompts in the uniform arm's last quarter."""
    return _kind_of_waste(subject, 4, sign=-1.0)


def _kind_of_waste(subject: Subject, quarter: int, *, sign: float) -> Finding:
    steps = subject.steps_of(subject.baseline)
    if steps.empty:
        return Missing(NO_BASELINE)
    chosen = steps[in_quarter(steps, quarter)]
    return one(per_run(chosen.assign(value=sign * (chosen["all_wrong_prompts"] - chosen["all_correct_prompts"]))))


def ratio_points(subject: Subject) -> Finding:
    """Effective-gradient ratio by rollouts, arm minus uniform, in points, from the first known belief on."""
    return _ratio(subject, lambda arm, baseline: arm - baseline)


def ratio_relative(subject: Subject) -> Finding:
    """The same, relative to uniform's ratio."""
    return _ratio(subject, lambda arm, baseline: arm / baseline - 1)


def _ratio(subject: Subject, gain: Callable[["pd.Series[float]", "pd.Series[float]"], "pd.Series[float]"]) -> Finding:
    pairs = subject.pairs(subject.ratios, "ratio_rollouts")
    if pairs.empty:
        return Missing(NO_BELIEF)
    return one(pairs.assign(value=gain(pairs["arm_value"], pairs["baseline_value"])), runs_per_value=2)


def share_at_bound(subject: Subject) -> Finding:
    """Share of the arm's visits, from its first known belief on, that got the lower bound."""
    lows = {run_id: json.loads(config)["train"]["low"] for run_id, config in _configs(subject).items()}
    values = _of_runs(subject, lambda groups: (groups["num_rollouts"] == lows[groups["run_id"].iloc[0]]).mean())
    return one(values) if len(values) else Missing(NO_BELIEF)


def largest_count(subject: Subject) -> Finding:
    """The most rollouts that any prompt of a run got in one step; the mean over cells, per seed."""
    values = _of_runs(subject, lambda groups: groups["num_rollouts"].max())
    if values.empty:
        return Missing(NO_BELIEF)
    found = one(values, counts=True)
    runs = [json.loads(config) for config in _configs(subject).values()]
    if any(run["budget"] * run["train"]["prompts_per_step"] < PAPER_ROLLOUTS for run in runs):
        return Missing(f"steps of {PAPER_ROLLOUTS} rollouts as in the paper: the tail grows with them", shows=found)
    if any(run["train"]["high"] < LARGEST_REPORTED for run in runs):
        return Missing(f"an upper bound train.high of {LARGEST_REPORTED} at least", shows=found)
    return found


def rate_of_favourite(subject: Subject) -> Finding:
    """Share of right rollouts of the prompt with most of them, mean over steps.

    What it turned out to be and not what was believed of it: a rule that favours low rates picks those underestimated.
    The counts were dealt before the outcome, so the outcome is not selected on.
    """
    values = _of_runs(subject, _rate_of_favourite)
    return one(values) if len(values) else Missing(NO_BELIEF)


def _rate_of_favourite(groups: pd.DataFrame) -> float:
    favourites = largest_per_step(groups)
    return float((favourites["num_successes"] / favourites["num_rollouts"]).mean())


def solver_seconds(subject: Subject) -> Finding:
    """Seconds per step that the arm's allocation takes."""
    steps = subject.steps_of(subject.arm)
    return one(per_run(steps.assign(value=steps["allocate_s"]))) if len(steps) else Missing(NO_METHOD)


def solver_share(subject: Subject) -> Finding:
    """Allocation's share of the arm's step time."""
    steps = subject.steps_of(subject.arm)
    if steps.empty or not steps["step_s"].any():
        return Missing(NO_METHOD)
    sums = steps.groupby(list(RUN_KEYS), sort=False)[["allocate_s", "step_s"]].sum()
    return one((sums["allocate_s"] / sums["step_s"]).rename("value").reset_index())


def _informed(subject: Subject) -> Iterator[pd.DataFrame]:
    """The groups of the arm's steps from its first known belief on, a run at a time."""
    steps = from_first_belief(subject.steps_of(subject.arm), arm=subject.arm).groupby("run_id", sort=False)["step"]
    kept = {run_id: numbers.to_numpy() for run_id, numbers in steps}
    for rows in parts_of(subject.frames.groups, ["run_id"]):
        run_id = rows["run_id"].iloc[0]
        if run_id in kept:
            yield rows[rows["step"].isin(kept[run_id])]


def _of_runs(subject: Subject, measure: Callable[[pd.DataFrame], float]) -> pd.DataFrame:
    """A number of each of the arm's runs, from its groups from the first known belief on: ``RUN_KEYS, value``."""
    rows = [{**groups[list(RUN_KEYS)].iloc[0], "value": float(measure(groups))} for groups in _informed(subject)]
    return pd.DataFrame(rows, columns=[*RUN_KEYS, "value"])


def _configs(subject: Subject) -> dict[str, str]:
    runs = subject.frames.runs
    mine = runs[(runs["arm"] == subject.arm) & runs["config"].notna()]
    return dict(zip(mine["run_id"], mine["config"], strict=True))
