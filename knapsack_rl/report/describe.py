"""What a study is, in words, from its configuration."""

from pathlib import PurePath

from knapsack_rl.config import ArmConfig, ModelConfig, StudyConfig, TrainConfig
from knapsack_rl.study.grid import grid_keys


def describe_study(study: StudyConfig) -> list[tuple[str, str]]:
    """Label and text of each fact a reader needs before the results."""
    train, evaluation = study.train, study.evaluation
    budgets = ", ".join(str(budget) for budget in study.grid_budgets)
    rollouts = ", ".join(str(budget * train.prompts_per_step) for budget in study.grid_budgets)
    spent = f"N = {budgets} rollouts per prompt on average ({rollouts} per step), bounds {train.low}..{train.high}"
    sampled = f"{evaluation.samples} samples per problem at temperature {evaluation.temperature:g}"
    return [
        ("Task", study.task.name + _options(study.task.options)),
        ("Models", "; ".join(_model(name, study.models[name]) for name in study.grid_models)),
        ("Arms", "; ".join(_arm(name, study.arms[name]) for name in study.grid_arms)),
        ("Budgets", spent),
        ("Runs", _runs(study)),
        (
            "Training",
            f"{_length(train)} of {train.prompts_per_step} prompts, loss averaged by {train.loss.aggregation}",
        ),
        ("Evaluation", f"every {evaluation.every} steps, {sampled}"),
    ]


def _length(train: TrainConfig) -> str:
    """When a run ends."""
    if train.stop is None:
        return f"{train.steps} steps"
    what = train.stop.axis.removeprefix("num_").replace("_", " ")
    return f"until {train.stop.limit:,} {what} are generated, at most {train.steps} steps"


def _runs(study: StudyConfig) -> str:
    counts = sorted({len(block.seeds) for block in study.grid})
    one = f"{counts[0]} seed{'s' if counts[0] > 1 else ''} each"
    seeds = one if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds per block"
    replicates = "; each seed has problems and a base model of its own" if study.task.per_seed else ""
    return f"{len(grid_keys(study))}, with {seeds}{replicates}"


def _options(options: dict[str, object]) -> str:
    return f" ({', '.join(f'{key}: {value}' for key, value in options.items())})" if options else ""


def _model(name: str, model: ModelConfig) -> str:
    if model.build is None:
        # The folder's own name only: where it lies on somebody's disk is nobody's business.
        return f"{name} ({model.hub or PurePath(str(model.path or model.gguf)).name})"
    return f"{name} (built here, {model.build.num_layers} layers of width {model.build.hidden_size})"


def _arm(name: str, arm: ArmConfig) -> str:
    belief = f", belief {arm.belief}" if arm.belief else ""
    return f"{name} (strategy {arm.strategy}{belief}{_options(arm.options)})"
