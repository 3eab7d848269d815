"""What the models wrote: a few responses of each arm at the first and the last step, as the records kept them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.records import SAMPLES, read_table

RULE = (
    "Of each arm the first run of the study that kept texts, at its first and its last step. Prompts of a step are"
    " sorted by the share of their rollouts that succeeded in it, and taken evenly spaced from the hardest to the"
    " easiest (train.sampled_prompts of them); of each the first rollout, and the first with the other outcome, if"
    " there is one. Nothing is chosen for what it says. Long texts lack their middle."
)

NONE_KEPT = (
    "No texts were kept: train.sampled_prompts is 0, the runs are older than that key, or another trainer made them."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """Responses of one run at one step."""

    step: int
    rows: tuple[dict[str, Any], ...]
    """Rows of ``SAMPLES``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSamples:
    """What is shown of one arm."""

    arm: str
    run_id: str
    steps: tuple[Sampled, ...]


def arm_samples(paths: StudyPaths, runs: pd.DataFrame) -> Iterator[ArmSamples]:
    """The first run of each arm with texts; arms without any are left out.

    Args:
        paths: of the study.
        runs: table ``runs``; its order is the study's.

    Raises:
        InputError: a file of texts cannot be read.
    """
    for arm, of_arm in runs.groupby("arm", sort=False):
        kept = (run_id for run_id in of_arm["run_id"] if paths.run(run_id).samples.is_file())
        if run_id := next(kept, None):
            yield ArmSamples(arm=str(arm), run_id=run_id, steps=tuple(_ends(paths, run_id)))


def _ends(paths: StudyPaths, run_id: str) -> Iterator[Sampled]:
    rows = read_table(paths.run(run_id).samples, SAMPLES).to_pylist()
    steps = [row["step"] for row in rows]
    for step in sorted({min(steps), max(steps)}):
        yield Sampled(step=step, rows=tuple(row for row in rows if row["step"] == step))
