"""Runs of a small study on fakes: what a study says, without a GPU."""

from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import parse_study
from knapsack_rl.integrations.verl.study_run import VerlRun
from knapsack_rl.prepare import prepare
from knapsack_rl.study import expand


def small_run(root, model_folder, *, arm="knapsack", train=None, evaluation=None, **sections):
    """A run of 4 steps over 8 problems, 4 a step with 8 rollouts each, evaluated and saved every 2 steps."""
    model_folder.mkdir(exist_ok=True)
    (model_folder / "config.json").touch()
    root.mkdir(exist_ok=True)
    study = parse_study(
        {
            "name": "fake",
            "task": {"name": "arithmetic", "options": {"num_train": 8, "num_per_benchmark": 2}},
            "models": {"m": {"path": str(model_folder)}},
            "arms": {"uniform": {"strategy": "uniform"}, "knapsack": {"strategy": "knapsack"}},
            "grid": {"models": ["m"], "arms": [arm], "budgets": [8], "seeds": [5]},
            "train": {
                "steps": 4,
                "prompts_per_step": 4,
                "mini_batches": 2,
                "save_every": 2,
                "keep_weights_every": 2,
                "max_response_tokens": 16,
                "micro_batch_tokens": 64,
            }
            | (train or {}),
            "evaluation": {"every": 2, "samples": 2, "max_response_tokens": 16, "inside_training": True}
            | (evaluation or {}),
            "sampler": {"kind": "vllm", "max_model_len": 48},
        }
        | sections,
        source="test",
    )
    (config,) = expand(study).values()
    paths = StudyPaths.of("fake", root)
    problems = paths.problems(config.problem_set)
    if not problems.train.exists():
        prepare(config.task, problems)
    return VerlRun(config=config, paths=paths.run(config.run_id), problems=problems, model_folder=model_folder)
