"""Measures of difficulty classes, from the probe of fixed training problems before and after training."""

import pandas as pd

from knapsack_rl.analysis.claims.evidence import Finding, Missing, one, pair_up, per_run
from knapsack_rl.analysis.claims.subject import Subject
from knapsack_rl.analysis.measures.difficulty import EXTREMELY_HARD, moves

NO_PROBE = "a probe of training problems before and after training (evaluation.probe)"


def moved_up(subject: Subject) -> Finding:
    """Share of the problems never solved before training that are solved at least once after, arm minus uniform."""
    ends = moves(subject.frames.probes)
    hard = ends[ends["difficulty_before"] == EXTREMELY_HARD]
    if hard.empty:
        return Missing(NO_PROBE if ends.empty else "training problems that the base model never solves in the probe")
    values = per_run(hard.assign(value=(hard["difficulty_after"] > EXTREMELY_HARD).astype(float)))
    pairs = pair_up(values, str(subject.arm), baseline=str(subject.baseline))
    return one(pairs.assign(value=pairs["arm_value"] - pairs["baseline_value"]), runs_per_value=2)


def still_hard(subject: Subject) -> Finding:
    """Share of the probed problems that the arm's last checkpoint never solves."""
    ends = _of_arm(subject)
    return (
        one(per_run(ends.assign(value=(ends["difficulty_after"] == EXTREMELY_HARD).astype(float))))
        if len(ends)
        else Missing(NO_PROBE)
    )


def once_solved(subject: Subject) -> Finding:
    """Share of those that had a success in some rollout during training."""
    ends = _of_arm(subject)
    left = ends[ends["difficulty_after"] == EXTREMELY_HARD]
    if left.empty:
        return Missing(NO_PROBE if ends.empty else "problems that are still never solved")
    groups = subject.frames.groups
    wins = groups[groups["num_successes"] > 0][["run_id", "prompt_id"]].drop_duplicates().assign(won=1.0)
    merged = left.merge(wins, on=["run_id", "prompt_id"], how="left")
    return one(per_run(merged.assign(value=merged["won"].fillna(0.0))))


def _of_arm(subject: Subject) -> pd.DataFrame:
    ends = moves(subject.frames.probes)
    return ends[ends["arm"] == subject.arm]
