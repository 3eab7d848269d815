"""What a study is, in words, from its configuration."""

from pathlib import PurePath

from knapsack_rl.config import ArmConfig, ModelConfig, StudyConfig


def describe_study(study: StudyConfig) -> list[tuple[str, str]]:
    """Label and text of each fact a reader needs before the results."""
    grid, train, evaluation = study.grid, study.train, study.evaluation
    num_runs = len(grid.models) * len(grid.arms) * len(grid.budgets) * len(grid.seeds)
    budgets = ", ".join(str(budget) for budget in grid.budgets)
    rollouts = ", ".join(str(budget * train.prompts_per_step) for budget in grid.budgets)
    spent = f"N = {budgets} rollouts per prompt on average ({rollouts} per step), bounds {train.low}..{train.high}"
    sampled = f"{evaluation.samples} samples per problem at temperature {evaluation.temperature:g}"
    return [
        ("Task", study.task.name + _options(study.task.options)),
        ("Models", "; ".join(_model(name, study.models[name]) for name in grid.models)),
        ("Arms", "; ".join(_arm(name, study.arms[name]) for name in grid.arms)),
        ("Budgets", spent),
        ("Runs", f"{num_runs}, with {len(grid.seeds)} seed{'s' if len(grid.seeds) > 1 else ''} each"),
        (
            "Training",
            f"{train.steps} steps of {train.prompts_per_step} prompts, loss averaged by {train.loss_aggregation}",
        ),
        ("Evaluation", f"every {evaluation.every} steps, {sampled}"),
    ]


def _options(options: dict[str, object]) -> str:
    return f" ({', '.join(f'{key}: {value}' for key, value in options.items())})" if options else ""


def _model(name: str, model: ModelConfig) -> str:
    if model.build is None:
        # The folder's own name only: where it lies on somebody's disk is nobody's business.
        return f"{name} ({PurePath(str(model.path)).name})"
    return f"{name} (built here, {model.build.num_layers} layers of width {model.build.hidden_size})"


def _arm(name: str, arm: ArmConfig) -> str:
    belief = f", belief {arm.belief}" if arm.belief else ""
    return f"{name} (strategy {arm.strategy}{belief}{_options(arm.options)})"
