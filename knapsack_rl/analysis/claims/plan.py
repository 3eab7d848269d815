"""The plan of the analysis, read from ``plan.yaml`` beside this file: what is confirmatory, at which N, and effects."""

from collections.abc import Mapping
from importlib import resources
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

Unit = Literal["share", "points", "percent", "times", "saved", "seconds", "rollouts", "rate"]
Role = Literal["confirmatory", "task", "check", "descriptive"]

CONFIRMATORY: Role = "confirmatory"


class Effect(BaseModel):
    """A distance from the line, on the scale of the measure, and how it is called."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: float = Field(gt=0)
    words: str


class Plan(BaseModel):
    """What was decided before looking."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paper_budget: int
    confirmatory: tuple[str, ...]
    task: tuple[str, ...]
    check: tuple[str, ...]
    effects: Mapping[Unit, Effect]

    @model_validator(mode="after")
    def _one_role_each(self) -> Self:
        named = [*self.confirmatory, *self.task, *self.check]
        if twice := sorted({claim for claim in named if named.count(claim) > 1}):
            raise ValueError(f"{', '.join(twice)}: named twice; a claim has one role")
        return self

    def role(self, claim: str, *, budget: int | None) -> Role:
        """Of a claim judged at ``budget`` (None: over all): off the paper's N, nothing is confirmatory."""
        if claim in self.confirmatory:
            return CONFIRMATORY if budget in (None, self.paper_budget) else "descriptive"
        return "task" if claim in self.task else "check" if claim in self.check else "descriptive"

    def in_order(self, budgets: tuple[int, ...]) -> tuple[int, ...]:
        """The paper's N first, then the others."""
        return tuple(sorted(budgets, key=lambda budget: (budget != self.paper_budget, budget)))


def _read() -> Plan:
    text = resources.files(__package__).joinpath("plan.yaml").read_text(encoding="utf-8")
    return Plan.model_validate(yaml.safe_load(text))


PLAN = _read()
"""The one plan, the same for every study."""
