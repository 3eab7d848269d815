"""The typed configuration of a study and of one run (pydantic). May import ``base`` only.

Strategy, belief and task names are plain strings here and their options plain mappings: ``study`` checks them
against the registries, so that this package knows no algorithm.
"""

from knapsack_rl.config.learner import LearnerConfig
from knapsack_rl.config.load import (
    compact_json,
    evaluation_hash,
    load_study,
    parse_run,
    parse_study,
    resume_hash,
    run_hash,
)
from knapsack_rl.config.run import RunConfig
from knapsack_rl.config.sampler import SamplerConfig
from knapsack_rl.config.sections import (
    ArmConfig,
    Batch,
    BuildConfig,
    EvaluationConfig,
    GridConfig,
    ModelConfig,
    PretrainConfig,
    ProbeConfig,
    PromptConfig,
    TaskConfig,
    TrackingConfig,
)
from knapsack_rl.config.study import StudyConfig
from knapsack_rl.config.train import LossConfig, OptimizerConfig, StopConfig, TrainConfig

__all__ = [
    "ArmConfig",
    "Batch",
    "BuildConfig",
    "EvaluationConfig",
    "GridConfig",
    "LearnerConfig",
    "LossConfig",
    "ModelConfig",
    "OptimizerConfig",
    "PretrainConfig",
    "ProbeConfig",
    "PromptConfig",
    "RunConfig",
    "SamplerConfig",
    "StopConfig",
    "StudyConfig",
    "TaskConfig",
    "TrackingConfig",
    "TrainConfig",
    "compact_json",
    "evaluation_hash",
    "load_study",
    "parse_run",
    "parse_study",
    "resume_hash",
    "run_hash",
]
