"""What a study needs that it does not make itself."""

import json
from collections.abc import Mapping

from knapsack_rl.config import RunConfig, StudyConfig
from knapsack_rl.tasks import build_task


def needs_check(study: StudyConfig, runs: Mapping[str, RunConfig]) -> bool:
    """Whether anything must be downloaded, or a GPU or an extra library be there."""
    models = [study.models[name] for name in study.grid_models]
    extras = any(gpus_of(run) or run.sampler.kind == "vllm" for run in runs.values())
    task = build_task(study.task.name, study.task.options, seed=study.task.seed)
    return bool(task.needs().data) or any(model.hub or model.gguf for model in models) or extras


def gpus_of(run: RunConfig) -> int:
    """GPUs that the training of a run asks for; none where it takes what it finds."""
    engine = run.sampler.ranks_per_engine
    asks = run.sampler.device == "cuda" or (run.sampler.device == "auto" and engine > 1)
    return max(run.learner.gpus_asked_for, engine if asks else 0)


def fits_one_process(run: RunConfig) -> bool:
    """Whether one process trains and then evaluates the run, because neither asks for GPUs or ranks of its own."""
    return gpus_of(run) == 0 and run.learner.gpus == 1 and run.sampler.kind == "transformers"


def needs_json(study: StudyConfig) -> str:
    """What the check depends on, as JSON: a study whose needs are the same is not checked again."""
    parts = {
        "task": study.task.model_dump(mode="json", exclude_defaults=True),
        "models": {
            name: study.models[name].model_dump(mode="json", exclude_defaults=True) for name in study.grid_models
        },
        "learner": study.learner.model_dump(mode="json", exclude_defaults=True),
        "sampler": study.sampler.model_dump(mode="json", exclude_defaults=True),
        **({} if study.engine == "ours" else {"engine": study.engine}),
    }
    return json.dumps(parts, sort_keys=True)
