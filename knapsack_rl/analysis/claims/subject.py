"""Whose claims are tested: a study's records, the arm that stands for the method, and the uniform arm."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from knapsack_rl.analysis.claims.evidence import Missing
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.pairs import baseline_arm, pairs_of
from knapsack_rl.analysis.measures.benchmarks import AVERAGE, score_values
from knapsack_rl.analysis.measures.difficulty import discovery_rows
from knapsack_rl.analysis.measures.ratios import ratio_values
from knapsack_rl.analysis.measures.reach import reach_values
from knapsack_rl.base.errors import InputError

METHODS = ("knapsack", "knapsack_released", "knapsack_greedy")
"""Strategies that stand for the paper's method; the first that a study has is tested."""

NO_METHOD = f"an arm whose strategy is {METHODS[0]}, beside a uniform one"


@dataclass(frozen=True)
class Subject:
    """Records and the two arms.

    Example: ``Subject(frames, arm="knapsack", baseline="uniform")``.
    """

    frames: StudyFrames
    arm: str | None
    """None if the study has no arm of the method."""
    baseline: str | None

    @property
    def has_both(self) -> bool:
        """Whether there is anything to compare."""
        return self.arm is not None and self.baseline is not None

    @cached_property
    def budgets(self) -> tuple[int, ...]:
        """Budgets that the study has runs of, ascending."""
        return tuple(sorted(int(budget) for budget in self.frames.steps["budget"].unique()))

    def at_budget(self, budget: int) -> "Subject":
        """The same arms at one budget."""
        return Subject(self.frames.at_budget(budget), self.arm, self.baseline)

    @cached_property
    def ratios(self) -> pd.DataFrame:
        """``ratio_values`` of the two arms."""
        return ratio_values(self.frames.steps, self.arm, baseline=self.baseline)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """``score_values`` of all arms."""
        return score_values(self.frames.evals)

    @cached_property
    def reach(self) -> pd.DataFrame:
        """``reach_values`` of the two arms at the highest target."""
        found = reach_values(self.frames, str(self.arm), baseline=str(self.baseline))
        return found[found["level"] == 1.0]

    @cached_property
    def discoveries(self) -> pd.DataFrame:
        """``discovery_rows`` of all arms."""
        return discovery_rows(self.frames)

    def pairs(self, values: pd.DataFrame, metric: str) -> pd.DataFrame:
        """One metric of the two arms side by side, by model, budget and seed."""
        return self.paired(values[values["metric"] == metric])

    def paired(self, values: pd.DataFrame) -> pd.DataFrame:
        """Values of the two arms side by side, by model, budget and seed, where both are known."""
        return pairs_of(values, str(self.arm), baseline=str(self.baseline))

    def accuracy_pairs(self) -> pd.DataFrame:
        """Final average accuracy of the two arms."""
        return self.pairs(self.scores, f"accuracy/{AVERAGE}")

    def steps_of(self, arm: str | None) -> pd.DataFrame:
        """Training steps of one arm."""
        return self.frames.steps[self.frames.steps["arm"] == arm]


def subject_of(frames: StudyFrames, arm: str | None = None) -> Subject:
    """The subject of a study; ``arm`` chooses another arm than the first of the paper's method.

    Raises:
        InputError: the study has no such arm, or it is the baseline.
    """
    baseline = baseline_arm(frames.steps)
    known = list(frames.steps["arm"].unique())
    if arm is None:
        return Subject(frames, _method_arm(frames.steps), baseline)
    if arm not in known or arm == baseline:
        others = [name for name in known if name != baseline]
        raise InputError(f"{arm}: no arm to test claims on; choose one of {', '.join(others)}")
    return Subject(frames, arm, baseline)


def _method_arm(steps: pd.DataFrame) -> str | None:
    """Of the arms with a strategy the one named like it: the others are ablations of it; else the first."""
    for strategy in METHODS:
        found = steps.loc[steps["strategy"] == strategy, "arm"]
        if len(found):
            return strategy if (found == strategy).any() else str(found.iloc[0])
    return None


def both_arms(subject: Subject) -> Missing | None:
    """What is missing for a comparison, if anything."""
    return None if subject.has_both else Missing(NO_METHOD)
