"""The composition root: from a resolved configuration to the objects of a run. Heavy imports happen here, on use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knapsack_rl.allocation import Strategy, build_strategy, default_belief
from knapsack_rl.base.types import Prompt
from knapsack_rl.beliefs import NeedsFeatures, Tracker, build_tracker, hashed_features
from knapsack_rl.config import RunConfig
from knapsack_rl.learner import Learner
from knapsack_rl.records.prompts import read_train_prompts
from knapsack_rl.sampler import Sampler
from knapsack_rl.study import step_totals
from knapsack_rl.tasks import Task, build_task
from knapsack_rl.train.history import PromptHistory
from knapsack_rl.train.stream import PromptStream


@dataclass(slots=True, kw_only=True)
class Parts:
    """The objects of a run. Stream, tracker with the strategy's state, and learner carry state; the rest do not."""

    config: RunConfig
    task: Task
    stream: PromptStream
    tracker: Tracker
    strategy: Strategy
    sampler: Sampler
    learner: Learner
    totals: tuple[int, ...]
    """Rollouts of each step, step 1 first."""
    features: Mapping[str, NDArray[np.float64]] | None = None
    """Feature vector of every training prompt, for strategies that predict rates from features.  [F] each"""
    strategy_state: Mapping[str, Any] = field(default_factory=dict)
    history: PromptHistory = field(default_factory=PromptHistory)


def build_parts(config: RunConfig, *, prompts_file: Path, model_folder: Path) -> Parts:
    """Load model and problems and put a run together.

    Raises:
        ConfigError, InputError: something named in the configuration does not exist or cannot be used.
    """
    prompts = read_train_prompts(prompts_file)
    stream = PromptStream(prompts, batch_size=config.train.prompts_per_step, seed=config.seed)
    sampler, learner = _engines(config, model_folder)
    belief = config.arm.belief or default_belief(config.arm.strategy, config.arm.options)
    return Parts(
        config=config,
        task=build_task(config.task.name, config.task.options, seed=config.task.seed),
        stream=stream,
        tracker=build_belief(belief, config.arm.belief_options, prompts=prompts),
        strategy=build_strategy(config.arm.strategy, config.arm.options),
        sampler=sampler,
        learner=learner,
        totals=step_totals(config),
        features=hashed_features({prompt.id: prompt.text for prompt in prompts}),
    )


def build_belief(name: str, options: Mapping[str, Any], *, prompts: Sequence[Prompt]) -> Tracker:
    """A fresh tracker, told of every training prompt what it wants to know: features of the text, if it needs any.

    Raises:
        ConfigError: unknown name or option.
    """
    tracker = build_tracker(name, options)
    if isinstance(tracker, NeedsFeatures):
        tracker.set_features(hashed_features({prompt.id: prompt.text for prompt in prompts}))
    return tracker


def _engines(config: RunConfig, model_folder: Path) -> tuple[Sampler, Learner]:
    from knapsack_rl.learner.loss import LossOptions
    from knapsack_rl.learner.policy import OptimizerOptions, PolicyLearner
    from knapsack_rl.models import load_model, load_tokenizer
    from knapsack_rl.sampler.hf_engine import HFSampler, SamplingOptions

    train = config.train
    tokenizer = load_tokenizer(model_folder)
    learner = PolicyLearner(
        load_model(model_folder),
        tokenizer,
        loss=LossOptions(
            clip_low=train.clip_low,
            clip_high=train.clip_high,
            dual_clip=train.dual_clip,
            kl_coef=train.kl_coef,
            entropy_coef=train.entropy_coef,
        ),
        optimizer=OptimizerOptions(
            learning_rate=train.learning_rate,
            weight_decay=train.weight_decay,
            max_grad_norm=train.max_grad_norm,
            micro_batch_tokens=train.micro_batch_tokens,
            temperature=train.temperature,
        ),
    )
    sampler = HFSampler(
        load_model(model_folder),
        tokenizer,
        options=SamplingOptions(temperature=train.temperature, max_response_tokens=train.max_response_tokens),
    )
    return sampler, learner
