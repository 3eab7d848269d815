"""Descriptions and links in MLflow: from the study to the comparison of its arms, from a run to its uniform twin."""

import json
from collections.abc import Mapping
from urllib.parse import quote

from knapsack_rl.config import RunConfig, StudyConfig

NOTE = "mlflow.note.content"
"""Tag that MLflow shows as the description (Markdown)."""

VIEW = "mlflow.sharedViewState."
"""Start of the tag that holds a view of an experiment; its rest is the view's key in an address."""

COMPARISON = "arms"
COMPARED = "knapsack_rl.compared"
"""Tag of the runs that the comparison shows: MLflow's filter of runs has neither OR nor IN for tags."""

MAIN_ARMS = ("uniform", "knapsack")
RUNS_TAB = "workflowType=machine_learning"
"""Without it MLflow 3 opens an experiment as one of GenAI traces, unless the browser remembers another choice."""

BASELINE_STRATEGY = "uniform"


def experiment_tags(study: StudyConfig, experiment_id: str, *, summary_id: str) -> dict[str, str]:
    """Description of the study's experiment, and the view its first link opens."""
    arms = compared_arms(study)
    view = {
        "searchFilter": f"tags.`{COMPARED}` = 'yes'",
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "groupBy": {
            "aggregateFunction": "average",
            "groupByKeys": [{"mode": "tag", "groupByData": name} for name in ("model", "budget", "arm")],
        },
    }
    at = f"#/experiments/{experiment_id}/runs"
    # MLflow shows the first lines at first, so the links come first.
    note = f"""- [Compare {" and ".join(arms)}]({at}?viewStateShareKey={COMPARISON}&compareRunsMode=CHART&{RUNS_TAB}): \
one line per model, budget and arm, averaged over seeds
- [All runs as charts]({at}?compareRunsMode=CHART&{RUNS_TAB})
- [Tables and figures]({at}/{summary_id}/artifacts)
- The report with intervals and claims: `results/{study.name}/report.html`

Rollout-budget allocation for GRPO at matched compute: models {", ".join(study.grid_models)}; \
arms {", ".join(study.grid_arms)}; N = {", ".join(map(str, study.grid_budgets))} rollouts per prompt; \
seeds {", ".join(map(str, study.grid_seeds))}.

Metrics: `train/` what a step did, `allocation/` where its rollouts went and how many carried a gradient, `eval/` \
held-out accuracy, `seconds/` where the time went, `final/` one number per run. Step = training step; 0 is the base \
model.
"""
    return {NOTE: note, f"{VIEW}{COMPARISON}": json.dumps(view)}


def compared_arms(study: StudyConfig) -> list[str]:
    """Uniform and knapsack where the study has both, else all its arms."""
    main = [arm for arm in study.grid_arms if arm in MAIN_ARMS]
    return main if len(main) == len(MAIN_ARMS) else list(study.grid_arms)


def run_note(config: RunConfig, runs: Mapping[str, RunConfig], *, ids: Mapping[str, str], experiment_id: str) -> str:
    """Description of a run: what it is, its study, and its comparison with the baseline of the same cell and seed.

    Args:
        config: the run.
        runs: all runs of the study.
        ids: MLflow's id by run id.
        experiment_id: MLflow's id of the study.
    """
    first = (
        f"Arm `{config.arm_name}` of study [{config.study}](#/experiments/{experiment_id}/runs?{RUNS_TAB}): model"
        f" {config.model_label}, N = {config.budget} rollouts per prompt, seed {config.seed}."
    )
    twin = next((name for name, other in runs.items() if name in ids and _is_baseline_of(other, config)), None)
    lines = [f"- Records: `results/{config.study}/runs/{config.run_id}`"]
    if twin:
        wanted = quote(json.dumps([ids[twin], ids[config.run_id]]))
        where = quote(json.dumps([experiment_id]))
        lines.insert(0, f"- [Compare with {twin}](#/compare-runs?runs={wanted}&experiments={where})")
    return "\n\n".join([first, "\n".join(lines)])


def _is_baseline_of(other: RunConfig, config: RunConfig) -> bool:
    same = (other.model_label, other.budget, other.seed) == (config.model_label, config.budget, config.seed)
    return same and other.arm.strategy == BASELINE_STRATEGY != config.arm.strategy
