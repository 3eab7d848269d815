"""Which run an MLflow run stands for: its tags and its parameters."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from knapsack_rl.config import RunConfig, run_hash

RUN_ID = "knapsack_rl.run_id"
CONFIG_HASH = "knapsack_rl.config_hash"
RECORDS_DIGEST = "knapsack_rl.records_digest"
"""Set as the last act of a sync: the MLflow run equals the records with this digest."""
KIND = "knapsack_rl.kind"
"""``train`` (one run of the grid) or ``summary`` (tables and figures of the study)."""

MAX_PARAM_LENGTH = 6000
"""MLflow refuses longer values."""


def run_tags(config: RunConfig, *, git_commit: str | None) -> dict[str, str]:
    """Tags of a training run."""
    return {
        KIND: "train",
        RUN_ID: config.run_id,
        CONFIG_HASH: run_hash(config),
        "mlflow.source.git.commit": git_commit or "unknown",
        "study": config.study,
        "model": config.model_label,
        "arm": config.arm_name,
        "strategy": config.arm.strategy,
        "belief": str(config.arm.belief),
        "budget": str(config.budget),
        "seed": str(config.seed),
    }


def run_params(config: RunConfig) -> dict[str, str]:
    """The resolved configuration, one parameter per value: ``{"train.optimizer.learning_rate": "0.00015", ...}``."""
    return {key: value[:MAX_PARAM_LENGTH] for key, value in _flatten(config.model_dump(mode="json"), prefix="")}


def _flatten(section: Mapping[str, Any], *, prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, prefix=f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value if isinstance(value, str) else json.dumps(value)
