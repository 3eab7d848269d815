"""Build a small model, pre-train it on the task's demonstrations, save it."""

from pathlib import Path

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import BuildConfig, TaskConfig
from knapsack_rl.learner.imitation import imitate
from knapsack_rl.models import build_model, build_tokenizer, pick_device, save_model
from knapsack_rl.progress import Progress
from knapsack_rl.records.atomic import destination_folder
from knapsack_rl.tasks import build_task


def pretrain(task_config: TaskConfig, build: BuildConfig, *, output: Path) -> None:
    """Write the base model folder ``output`` (transformers layout); it appears whole or not at all.

    Raises:
        ConfigError: the task offers no vocabulary to build a model on.
    """
    destination_folder(output)
    task = build_task(task_config.name, task_config.options, seed=task_config.seed)
    if not task.vocabulary():
        raise ConfigError(f"task {task_config.name!r} has no vocabulary of its own; give models.<name>.path instead")
    tokenizer = build_tokenizer(task.vocabulary())
    model = build_model(build, tokenizer).to(pick_device("auto"))
    demonstrations = task.demonstrations(build.pretrain.demonstrations)
    # One call for all: the tokenizer's own overhead per call is larger than its work.
    prompts = tokenizer([each.prompt for each in demonstrations])["input_ids"]
    responses = tokenizer([each.response for each in demonstrations])["input_ids"]
    sequences = list(zip(prompts, responses, strict=True))
    with Progress("pretrain", total=build.pretrain.steps) as progress:
        imitate(
            model,
            sequences,
            config=build.pretrain,
            seed=build.seed,
            on_step=lambda step, loss: progress.update(step, loss=f"{loss:.3f}"),
        )
    save_model(output, model, tokenizer=tokenizer)
