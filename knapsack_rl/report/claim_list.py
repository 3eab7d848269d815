"""The claims as a list for readers: in words, with verdict and number, by the role they have in the plan."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from knapsack_rl.analysis.claims.plan import CONFIRMATORY
from knapsack_rl.analysis.claims.words import MISSING_BUDGET, fold_claims
from knapsack_rl.report.statements import counted

ROLES: Mapping[str, str] = {
    CONFIRMATORY: "Chosen before the runs, and adjusted for their number (Holm)",
    "descriptive": "Others of the paper (R) and in circulation (L), descriptive and not adjusted",
    "task": "Whether the task looks like the paper's, which says nothing of the method",
    "check": "Checks of formulas and of the code",
}
"""Heading of each role of ``plan.yaml``, in the order shown."""

CODES = (
    "The codes are rows of knapsack_rl/analysis/claims/catalogue.yaml, which says how each claim is measured: R is a"
    " claim of the paper (arXiv 2509.25849), L a looser one in circulation about methods of this kind."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    """One verdict."""

    code: str
    budget: str
    """Empty for a claim about all budgets together."""
    says: str
    verdict: str
    number: str
    """What was measured, with its interval."""
    measured: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimGroup:
    """Verdicts of one role."""

    heading: str
    counts: str
    is_open: bool
    """Shown without unfolding."""
    lines: tuple[ClaimLine, ...]


def claim_groups(claims: pd.DataFrame) -> Iterator[ClaimGroup]:
    """The table ``claims`` by role; roles that a study has no claim of are left out."""
    shown = fold_claims(claims)
    for role, heading in ROLES.items():
        mine = claims["role"] == role
        if mine.any():
            yield ClaimGroup(
                heading=heading,
                counts=counted(claims[mine]),
                is_open=role == CONFIRMATORY,
                lines=tuple(_line(row) for row in shown[mine].to_dict("records")),
            )


def _line(row: Mapping[Hashable, str]) -> ClaimLine:
    return ClaimLine(
        code=row["claim"],
        budget="" if row["N"] == MISSING_BUDGET else row["N"],
        says=row["what is claimed"],
        verdict=row["verdict"],
        number=row["this study [95% interval]"],
        measured=row["measured here"],
    )
