"""The baseline at other N beside the arms of a cell: what tuning N alone does at as many rollouts a step."""

from dataclasses import replace

import pandas as pd

from knapsack_rl.analysis.frames.schemas import CELL_KEYS, OF_ROWS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.pairs import baseline_arm

TOTAL_MARK = ", total fixed"
"""What `RunConfig.model_label` adds to the name of a model whose steps have one total at every N."""

Homes = dict[tuple[str, int], int]
"""The budget of the cell that a cell of one total is shown in."""


def with_other_budgets(frames: StudyFrames) -> tuple[StudyFrames, list[str]]:
    """The frames with the baseline's runs at other N of one total moved into the cell they are a control of.

    That cell has the same model, and its baseline has generated as many rollouts in its first step. The runs become an
    arm named for their N, ``uniform_n16``; other arms at other N are left out. Without such runs the frames are
    returned as they are.

    Returns:
        The frames, and the names of the new arms.
    """
    baseline = baseline_arm(frames.steps)
    homes = _homes(frames.steps[frames.steps["arm"] == baseline])
    if not homes:
        return frames, []
    moved = {name: _moved(getattr(frames, name), homes, baseline=str(baseline)) for name in (*OF_ROWS, "runs")}
    names = dict.fromkeys(f"{baseline}_n{budget}" for _, budget in homes)
    return replace(frames, **moved), list(names)


def _homes(steps: pd.DataFrame) -> Homes:
    first = steps.drop_duplicates("run_id").drop_duplicates(list(CELL_KEYS))
    keys = first[list(CELL_KEYS)].itertuples(index=False, name=None)
    cells = dict(zip(keys, first["num_rollouts"], strict=True))
    return {
        (model, budget): home
        for (model, budget), total in cells.items()
        if model.endswith(TOTAL_MARK)
        for (other, home), others_total in cells.items()
        if other == model.removesuffix(TOTAL_MARK) and others_total == total
    }


def _moved(frame: pd.DataFrame, homes: Homes, *, baseline: str) -> pd.DataFrame:
    text = {name: frame[name].astype("object") for name in ("model", "arm")}
    model, budget = text["model"].astype("string").fillna(""), frame["budget"]
    at_other = model.str.endswith(TOTAL_MARK).to_numpy(dtype=bool)
    parts = [frame[~at_other].assign(**{name: column[~at_other] for name, column in text.items()})]
    for (label, other), home in homes.items():
        mine = ((model == label) & (budget == other) & (text["arm"] == baseline)).fillna(value=False).to_numpy(bool)
        arm, name = f"{baseline}_n{other}", label.removesuffix(TOTAL_MARK)
        parts.append(frame[mine].assign(model=name, arm=arm, budget=home))
    return pd.concat([part for part in parts if len(part)] or [frame[~at_other]], ignore_index=True)
