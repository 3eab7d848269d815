"""The composition root: from a resolved configuration to the objects of a run. Heavy imports happen here, on use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knapsack_rl.allocation import Method, build_method, default_belief
from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.base.ranks import ONE_RANK, Ranks
from knapsack_rl.base.types import Prompt, SamplingOptions
from knapsack_rl.beliefs import NeedsFeatures, Tracker, build_tracker, hashed_features
from knapsack_rl.config import RunConfig
from knapsack_rl.learner import Learner
from knapsack_rl.records.prompts import read_train_prompts
from knapsack_rl.sampler import Sampler, build_sampler
from knapsack_rl.scoring import BenchmarkPrompts, benchmark_prompts
from knapsack_rl.tasks import Task, build_task
from knapsack_rl.train.dealt import DealtSampler
from knapsack_rl.train.history import PromptHistory
from knapsack_rl.train.policy import build_learner
from knapsack_rl.train.stream import PromptStream

if TYPE_CHECKING:
    import torch


@dataclass(slots=True, kw_only=True)
class Parts:
    """The objects of a run. Stream, tracker with the strategy's state, and learner carry state; the rest do not."""

    config: RunConfig
    task: Task
    stream: PromptStream
    tracker: Tracker
    strategy: Method
    sampler: Sampler
    learner: Learner
    ranks: Ranks = ONE_RANK
    """The processes that train this run together."""
    num_gpus: int = 0
    """GPUs that the run holds, over all ranks."""
    features: Mapping[str, FloatArray] | None = None
    """Feature vector of every training prompt, for strategies that predict rates from features.  [F] each"""
    benchmark_prompts: BenchmarkPrompts | None = None
    """How problems become prompts in an evaluation inside training; None: as the sampler does it."""
    strategy_state: Mapping[str, Any] = field(default_factory=dict)
    history: PromptHistory = field(default_factory=PromptHistory)


def build_parts(config: RunConfig, *, prompts_file: Path, model_folder: Path, ranks: Ranks = ONE_RANK) -> Parts:
    """Load model and problems and put a run together, on each of its ranks.

    Raises:
        ConfigError, InputError: something named in the configuration does not exist or cannot be used.
    """
    prompts = read_train_prompts(prompts_file)
    stream = PromptStream(prompts, batch_size=config.train.prompts_per_step, seed=config.seed)
    device = _device(config)
    sampler, learner = _engines(config, model_folder, device=device, ranks=ranks)
    strategy = build_method(config.arm.strategy, config.arm.options)
    # DEVIATION: features are hashed n-grams of the text; VIP embeds prompts with a model.
    belief = config.arm.belief or default_belief(config.arm.strategy, config.arm.options)
    return Parts(
        config=config,
        task=build_task(config.task.name, config.task.options, seed=config.task.seed),
        stream=stream,
        tracker=build_belief(belief, config.arm.belief_options, prompts=prompts),
        strategy=strategy,
        sampler=sampler,
        learner=learner,
        ranks=ranks,
        num_gpus=num_gpus(config, on_gpu=(device.type == "cuda", _samples_on_gpu(config)), num_ranks=ranks.size),
        features=hashed_features({prompt.id: prompt.text for prompt in prompts}) if strategy.reads_features else None,
        benchmark_prompts=benchmark_prompts(model_folder, prompt=config.model.prompt.on_benchmarks()),
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


def _device(config: RunConfig) -> "torch.device":
    from knapsack_rl.models import pick_device

    return pick_device(config.learner.device, gpus=config.learner.gpus)


def num_gpus(config: RunConfig, *, on_gpu: tuple[bool, bool], num_ranks: int) -> int:
    """GPUs that a run holds, over all ranks: learner and sampler share them where both are on one.

    Args:
        config: of the run.
        on_gpu: whether its learner and its sampler are.
        num_ranks: processes that train it; an engine of one rank alone may have several GPUs.
    """
    learner, sampler = on_gpu
    return max(num_ranks if learner else 0, max(num_ranks, config.sampler.ranks_per_engine) if sampler else 0)


def _samples_on_gpu(config: RunConfig) -> bool:
    from knapsack_rl.models import pick_device

    return pick_device(config.sampler.device).type == "cuda"


def _engines(config: RunConfig, model_folder: Path, *, device: "torch.device", ranks: Ranks) -> tuple[Sampler, Learner]:
    from knapsack_rl.models import load_tokenizer

    train = config.train
    tokenizer = load_tokenizer(model_folder)
    learner = build_learner(config, model_folder, tokenizer=tokenizer, device=device, ranks=ranks)
    sampler = build_sampler(
        model_folder,
        config=config.sampler,
        prompt=config.model.prompt,
        options=SamplingOptions(temperature=train.temperature, max_response_tokens=train.max_response_tokens),
        dtype=config.learner.dtype,
        learner_ranks=ranks,
    )
    if ranks.size == 1:
        return sampler, learner
    return DealtSampler(sampler, ranks, ranks_per_engine=config.sampler.ranks_per_engine), learner
