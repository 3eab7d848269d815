"""Which trainer trains a run, and what of a configuration another one than ours cannot do."""

from collections.abc import Iterator
from typing import Literal, Protocol

from knapsack_rl.config.learner import LearnerConfig
from knapsack_rl.config.sampler import SamplerConfig
from knapsack_rl.config.sections import EvaluationConfig
from knapsack_rl.config.train import TrainConfig

Engine = Literal["ours", "trl", "verl"]
"""Our trainer, TRL's GRPOTrainer (docs/trl.md), or verl (docs/verl.md), whose limits are checked when it starts."""


class _Run(Protocol):
    """What is looked at of a run's configuration (`knapsack_rl.config.RunConfig`)."""

    @property
    def engine(self) -> Engine: ...
    @property
    def train(self) -> TrainConfig: ...
    @property
    def learner(self) -> LearnerConfig: ...
    @property
    def sampler(self) -> SamplerConfig: ...
    @property
    def evaluation(self) -> EvaluationConfig: ...
    @property
    def rollouts_per_step(self) -> int: ...


def objections(run: _Run) -> Iterator[str]:
    """What a run asks for that its engine cannot do, one line each, with the remedy."""
    if run.engine == "trl":
        yield from _of_rollouts(run)
        yield from _of_loss(run)
        yield from _of_machine(run)


def _of_rollouts(run: _Run) -> Iterator[str]:
    train = run.train
    if train.stop is not None:
        yield f"train.stop: {train.stop.axis} {train.stop.limit} is not wired up for engine trl; leave it out"
    if train.low < 2:  # noqa: PLR2004 - a comparison needs two
        yield f"train.low: {train.low}, but a group of TRL's needs 2 rollouts; raise it"
    if run.rollouts_per_step % train.mini_batches:
        yield (
            f"train.mini_batches: {train.mini_batches} does not divide the {run.rollouts_per_step} rollouts of a step,"
            " and TRL's mini-batches are of one size; choose a divisor"
        )
    if run.sampler.kind != "transformers":
        yield f"sampler.kind: {run.sampler.kind} is not wired up for engine trl; use transformers"


def _of_loss(run: _Run) -> Iterator[str]:
    loss = run.train.loss
    for key in ("kl_coef", "entropy_coef"):
        if getattr(loss, key) > 0:
            yield f"train.loss.{key}: {getattr(loss, key):g}, but TRL's term is another one than ours; set it to 0"
    if loss.aggregation == "prompt":
        yield "train.loss.aggregation: prompt is not among TRL's; use token or sequence"
    if loss.advantage not in {"std", "none"}:
        yield f"train.loss.advantage: {loss.advantage} is not among TRL's; use std or none"


def _of_machine(run: _Run) -> Iterator[str]:
    learner = run.learner
    if learner.gpus > 1:
        yield f"learner.gpus: {learner.gpus}, but engine trl trains a study's run in one process; use 1"
    if learner.optimizer != "adamw":
        yield f"learner.optimizer: {learner.optimizer} is not wired up for engine trl; use adamw"
    if learner.weights_dtype != "float32":
        yield f"learner.weights_dtype: {learner.weights_dtype} is not wired up for engine trl; use float32"
    if run.evaluation.inside_training:
        yield "evaluation.inside_training: true is not wired up for engine trl; set it to false"
