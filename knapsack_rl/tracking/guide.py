"""Descriptions and links in MLflow: from the study to the comparison of its arms, from a run to its uniform twin."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from knapsack_rl.config import RunConfig, StudyConfig
from knapsack_rl.tracking.views import cell_key, cells, compared_arms, view_tags

NOTE = "mlflow.note.content"
"""Tag that MLflow shows as the description (Markdown)."""

RUNS_TAB = "workflowType=machine_learning"
"""Without it MLflow 3 opens an experiment as one of GenAI traces, unless the browser remembers another choice."""

BASELINE_STRATEGY = "uniform"


def experiment_tags(
    study: StudyConfig, runs: Mapping[str, RunConfig], *, experiment_id: str, summary_id: str
) -> dict[str, str]:
    """Description of the study's experiment, and the views its links open."""
    at = f"#/experiments/{experiment_id}/runs"
    arms = " and ".join(compared_arms(study))
    # MLflow shows the first lines at first, so the links come first.
    compare = "\n".join(
        f"- [Compare {arms}: {model}, N = {budget}]"
        f"({at}?viewStateShareKey={cell_key(model, budget)}&compareRunsMode=CHART&{RUNS_TAB})"
        for model, budget in cells(runs)
    )
    note = f"""{compare}
- [The answer, tables, figures and report](#/experiments/{experiment_id}/runs/{summary_id})
- [All runs as charts]({at}?compareRunsMode=CHART&{RUNS_TAB})

Rollout-budget allocation for GRPO at matched compute: models {", ".join(study.grid_models)}; \
arms {", ".join(study.grid_arms)}; N = {", ".join(map(str, study.grid_budgets))} rollouts per prompt; \
seeds {", ".join(map(str, study.grid_seeds))}.

A comparison has one line per run, in the colour that its arm has in the figures, and shows both effective-gradient \
ratios and the average accuracy; empty its search field for all charts.

Metrics: `train/` what a step did, `allocation/` where its rollouts went and how many carried a gradient, `eval/` \
held-out accuracy, `seconds/` where the time went, `final/` one number per run. Step = training step; 0 is the base \
model.
"""
    return {NOTE: note, **dict(view_tags(runs))}


def summary_note(study: StudyConfig, answer: Sequence[str]) -> str:
    """Description of the run that holds a study's tables and figures: the answer, then what lies where."""
    told = "\n".join(f"> {line.strip()}\n>" for line in answer)
    return f"""{told}

Artifacts: `report.html` (download it and open it in a browser), `tables/`, `figures/`, `study.json`.
Metrics: `difference/<model>-n<N>/<arm>/<metric>` against the baseline after equal steps, with its 95% interval.
On disk: `results/{study.name}/`, `figures/{study.name}/`.
"""


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
