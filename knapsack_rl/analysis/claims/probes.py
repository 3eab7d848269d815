"""Measures of difficulty classes, from the probe of fixed training problems before and after training."""

from knapsack_rl.analysis.claims.evidence import Finding, Missing, one
from knapsack_rl.analysis.claims.subject import Subject

NO_PROBE = "a probe of training problems before and after training (evaluation.probe)"


def moved_up(subject: Subject) -> Finding:
    """Share of the problems never solved before training that are solved at least once after, arm minus uniform."""
    rows = subject.discoveries
    if rows["discovered"].isna().all():
        return Missing(NO_PROBE if rows.empty else "training problems that the base model never solves in the probe")
    pairs = subject.paired(rows.assign(value=rows["discovered"]))
    return one(pairs.assign(value=pairs["arm_value"] - pairs["baseline_value"]), runs_per_value=2)


def still_hard(subject: Subject) -> Finding:
    """Share of the probed problems that the arm's last checkpoint never solves."""
    return _of_arm(subject, "never_solved_after", else_needs=NO_PROBE)


def once_solved(subject: Subject) -> Finding:
    """Share of those that had a success in some rollout during training."""
    return _of_arm(subject, "solved_in_training", else_needs="problems that are still never solved")


def _of_arm(subject: Subject, outcome: str, *, else_needs: str) -> Finding:
    rows = subject.discoveries[subject.discoveries["arm"] == subject.arm]
    if rows[outcome].isna().all():
        return Missing(NO_PROBE if rows.empty else else_needs)
    return one(rows.assign(value=rows[outcome]))
