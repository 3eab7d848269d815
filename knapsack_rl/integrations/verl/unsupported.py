"""What of a study's run verl cannot do as our trainer does; each is one line that names the key and the remedy."""

from collections.abc import Iterator

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import RunConfig


def check_supported(config: RunConfig) -> None:
    """Raise the first objection to a run.

    Raises:
        ConfigError: verl has no counterpart of a key's value.
    """
    for objection in (*_machine(config), *_objective(config), *_measurement(config)):
        raise ConfigError(f"{config.run_id}: {objection}")


def _machine(config: RunConfig) -> Iterator[str]:
    learner, sampler = config.learner, config.sampler
    if learner.device == "cpu" or sampler.device == "cpu":
        yield "learner.device, sampler.device: verl runs on GPUs only; set them to cuda or auto, or the engine to ours"
    if sampler.kind != "vllm":
        yield f"sampler.kind: is {sampler.kind!r}, and verl samples with a server; set sampler: vllm"
    if learner.optimizer != "adamw":
        yield f"learner.optimizer: verl runs are set up with adamw alone, not {learner.optimizer!r}"
    if config.model.build or config.model.gguf:
        yield "model: verl is used with models on disk or from the hub; give the model as `path` or `hub`"
    if sampler.max_model_len is None:
        yield "sampler.max_model_len: verl must be told the longest prompt and response together; set it"
    elif sampler.max_model_len <= config.train.max_response_tokens:
        yield (
            f"sampler.max_model_len: {sampler.max_model_len} leaves no room for a prompt beside"
            f" train.max_response_tokens ({config.train.max_response_tokens}); raise it"
        )
    elif config.train.micro_batch_tokens < sampler.max_model_len:
        yield (
            f"train.micro_batch_tokens: {config.train.micro_batch_tokens} cannot hold one row of"
            f" sampler.max_model_len ({sampler.max_model_len}) tokens; raise it"
        )


def _objective(config: RunConfig) -> Iterator[str]:
    train = config.train
    if train.stop is not None:
        yield f"train.stop: {train.stop.axis} {train.stop.limit} is not wired up for engine verl; leave it out"
    if train.loss.advantage not in {"std", "none"}:
        yield f"train.loss.advantage: {train.loss.advantage} is not among verl's; set it to std or none"
    if train.loss.aggregation == "prompt":
        yield "train.loss.aggregation: verl has no mean over prompts; set it to token or sequence"
    if train.prompts_per_step % train.mini_batches:
        yield (
            f"train.mini_batches: {train.prompts_per_step} prompts per step cannot be cut into {train.mini_batches}"
            " equal mini-batches, as verl wants them; make train.prompts_per_step a multiple"
        )


def _measurement(config: RunConfig) -> Iterator[str]:
    train, evaluation = config.train, config.evaluation
    if not evaluation.inside_training:
        yield "evaluation.inside_training: verl evaluates while it trains; set it to true"
    if evaluation.max_response_tokens != train.max_response_tokens:
        yield (
            f"evaluation.max_response_tokens: is {evaluation.max_response_tokens}, and verl has one limit for training"
            f" and evaluation; set it to train.max_response_tokens ({train.max_response_tokens})"
        )
    if evaluation.probe.prompts:
        yield "evaluation.probe.prompts: verl answers no sample of training problems apart; set it to 0"
    unsaved = [step for step in config.kept_weights if step % train.save_every and step != train.steps]
    if unsaved:
        yield (
            f"train.save_every: weights of step {unsaved[0]} are to be kept, and verl saves every {train.save_every}"
            " steps; make train.keep_weights_every a multiple of it"
        )
