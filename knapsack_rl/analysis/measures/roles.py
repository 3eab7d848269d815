"""What an arm is in a comparison: the baseline, a method, or a control that nobody would use."""

import json
from collections.abc import Sequence

from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.pairs import baseline_arm

BASELINE, METHOD, CONTROL = "baseline", "method", "control"

CONTROLS = ("oracle", "random_matched")
"""Strategies that are controls: one knows what no method can, the other deals a rule's counts to the wrong prompts."""


def arm_roles(frames: StudyFrames, *, also: Sequence[str] = ()) -> dict[str, str]:
    """Role of each arm with records, in order of appearance; an arm whose belief is an oracle's is a control, too.

    Args:
        frames: of the study.
        also: further controls.
    """
    baseline = baseline_arm(frames.steps)
    pairs = frames.steps[["arm", "strategy"]].drop_duplicates("arm").astype(str)
    informed = set(also) | _with_oracle(frames)
    return {
        arm: BASELINE if arm == baseline else CONTROL if strategy in CONTROLS or arm in informed else METHOD
        for arm, strategy in pairs.itertuples(index=False, name=None)
    }


def _with_oracle(frames: StudyFrames) -> set[str]:
    first = frames.runs.dropna(subset=["config"]).drop_duplicates("arm")
    beliefs = [json.loads(config).get("arm", {}).get("belief") for config in first["config"]]
    return {str(arm) for arm, belief in zip(first["arm"], beliefs, strict=True) if belief == "oracle"}
