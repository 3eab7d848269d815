"""All claims of one study, judged, with p-values adjusted within the confirmatory family."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from knapsack_rl.analysis.claims.catalogue import CLAIMS, LOG_SCALES, Claim
from knapsack_rl.analysis.claims.evidence import Finding, Missing
from knapsack_rl.analysis.claims.judge import judge
from knapsack_rl.analysis.claims.plan import CONFIRMATORY, PLAN
from knapsack_rl.analysis.claims.pooling import pool_spread
from knapsack_rl.analysis.claims.subject import Subject, both_arms, subject_of
from knapsack_rl.analysis.claims.verdict import Judgement
from knapsack_rl.analysis.frames.collect import collect
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.adjust import holm
from knapsack_rl.base.errors import InputError

NUMBERS = ("value", "low", "high")


def claims_table(frames: StudyFrames, arm: str | None = None) -> pd.DataFrame:
    """Every claim, what this study shows, and the verdict, in the catalogue's order.

    Claims about a budget have a row for each N of the study, the paper's first; ``budget`` is missing for the others,
    which are over all. ``role`` is the plan's. ``p_value`` is two-sided against the threshold, ``p_holm`` the same
    adjusted over the confirmatory family (Holm). Neither is there where nothing was tested: below three seeds, without
    spread, and for what follows from formulas. Numbers of the unit "times" are ratios, of "saved" shares; the others
    are shares, seconds or counts as they were measured.

    Args:
        frames: of the study.
        arm: the arm tested against uniform; the first of the paper's method if left out.

    Returns:
        ``claim, budget, role, says, measured, arm, side, threshold, upper, unit, value, low, high, member, num_seeds,
        num_runs, p_value, p_holm, verdict, takes``.

    Raises:
        InputError: the study has no such arm.
    """
    subject = subject_of(frames, arm)
    at = {budget: subject.at_budget(budget) for budget in PLAN.in_order(subject.budgets)}
    rows = [row for claim in CLAIMS for row in _rows(claim, at if claim.per_budget else {None: subject})]
    table = pd.DataFrame(rows).astype({"budget": "Int64"})
    tested = table["p_value"].where(table["role"] == CONFIRMATORY)
    return table.assign(p_holm=holm(tested))[COLUMNS]


COLUMNS = [
    *(
        "claim",
        "budget",
        "role",
        "says",
        "measured",
        "arm",
        "side",
        "threshold",
        "upper",
        "unit",
        *NUMBERS,
        "member",
        "num_seeds",
        "num_runs",
    ),
    *("p_value", "p_holm", "verdict", "takes"),
]


def claims_of(results: Path, *, arm: str | None = None) -> pd.DataFrame:
    """The claims table of ``results/<study>``, from the records of every run that is finished there.

    Raises:
        InputError: no finished run below ``results``, a damaged file, or no such arm.
    """
    folder = results / "runs"
    run_ids = sorted(path.name for path in folder.glob("[!.]*") if path.is_dir()) if folder.is_dir() else []
    if not run_ids:
        raise InputError(f"{results}: holds no runs; give the folder of a study, e.g. results/arithmetic")
    return claims_table(collect(results, run_ids), arm)


def judge_claim(claim: Claim, subject: Subject) -> Judgement:
    """The verdict of the subject's records on one claim."""
    return judge(_find(claim, subject), claim.judged_at)


def _find(claim: Claim, subject: Subject) -> Finding:
    missing: Missing | None = both_arms(subject) if claim.line.pair else None
    return missing or claim.find(subject)


def _rows(claim: Claim, at: Mapping[int, Subject] | Mapping[None, Subject]) -> Iterator[dict[str, object]]:
    """One row per budget (None: all together), with a common spread."""
    findings = pool_spread([_find(claim, subject) for subject in at.values()])
    for (budget, subject), finding in zip(at.items(), findings, strict=True):
        yield _row(claim, judge(finding, claim.judged_at), arm=subject.arm, budget=budget)


def _row(claim: Claim, judged: Judgement, *, arm: str | None, budget: int | None) -> dict[str, object]:
    facts = asdict(judged) | claim.line.model_dump(include={"side", "threshold", "upper", "unit"})
    from_scale = LOG_SCALES.get(claim.line.unit, (float, float))[1]
    facts |= {name: float(from_scale(facts[name])) for name in NUMBERS}
    role = PLAN.role(claim.id, budget=budget)
    about = {"claim": claim.id, "budget": budget, "role": role, "says": claim.says, "measured": claim.measured}
    return {**about, "arm": arm, **facts, "member": facts["label"]}
