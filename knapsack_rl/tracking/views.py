"""What MLflow shows of a study when a link is followed: columns of the runs table, and one comparison per cell.

A view is a tag of the experiment that holds the state of MLflow's page; an address names it, so that a browser that was
never there before shows the same. Keys of that state are MLflow 3.17's.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from knapsack_rl.config import RunConfig, StudyConfig

PREFIX = "mlflow.sharedViewState."
"""Start of the tag that holds a view of an experiment; its rest is the view's key in an address."""
COMPARED = "knapsack_rl.compared"
"""Tag of the runs that the comparisons show: MLflow's filter of runs has neither OR nor IN for tags."""
COLOR = "mlflow.runColor"
"""Tag with the colour that MLflow draws a run in."""

RUNS_VIEW = "runs"
MAIN_ARMS = ("uniform", "knapsack")
COLUMNS = (
    *("tags.`arm`", "tags.`budget`", "tags.`seed`"),
    *("metrics.`final/mean_ratio_rollouts`", "metrics.`final/mean_ratio_prompts`", "metrics.`final/average/avg_at_k`"),
    *("tags.`model`", "attributes.`Duration`"),
)
"""Of the runs table, beside the name of the run."""
CHARTS = "allocation/ratio|eval/average"
"""Charts that a comparison shows, as the regular expression in its search field; emptying that shows all."""


def compared_arms(study: StudyConfig) -> list[str]:
    """Uniform and knapsack where the study has both, else all its arms."""
    main = [arm for arm in study.grid_arms if arm in MAIN_ARMS]
    return main if len(main) == len(MAIN_ARMS) else list(study.grid_arms)


def cells(runs: Mapping[str, RunConfig]) -> list[tuple[str, int]]:
    """Model and budget of every cell of a study, in order."""
    return list(dict.fromkeys((run.model_label, run.budget) for run in runs.values()))


def cell_key(model: str, budget: int) -> str:
    """Key of a cell's view in an address: ``tiny-n8``, plain letters whatever the model's label."""
    return f"{''.join(letter if letter.isalnum() else '_' for letter in model)}-n{budget}"


def view_tags(runs: Mapping[str, RunConfig]) -> Iterator[tuple[str, str]]:
    """Tags of the experiment: the view of all runs, and of each cell's comparison."""
    yield PREFIX + RUNS_VIEW, json.dumps(_view(""))
    for model, budget in cells(runs):
        where = f"tags.`{COMPARED}` = 'yes' and tags.model = '{model}' and tags.budget = '{budget}'"
        yield PREFIX + cell_key(model, budget), json.dumps(_view(where) | {"chartsSearchFilter": CHARTS})


def arm_colors(runs: Mapping[str, RunConfig]) -> dict[str, str]:
    """Colour of each arm, that of the figures."""
    from knapsack_rl.analysis.drawing.looks import arm_looks

    looks = arm_looks({run.arm_name: run.arm.strategy for run in runs.values()})
    return {arm: look.color for arm, look in looks.items()}


def _view(search: str) -> dict[str, Any]:
    return {
        "searchFilter": search,
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": list(COLUMNS),
        "runsHiddenMode": "SHOW_ALL",
        "groupBy": None,
    }
