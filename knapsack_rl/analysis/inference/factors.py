"""What a run's resolved configuration says, flat: one value per factor, defaults of strategies and beliefs filled in.

Two runs that differ in one factor only are an ablation of it, whatever their arms are called.
"""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from knapsack_rl.allocation import build_method
from knapsack_rl.analysis.frames.schemas import FINISHED
from knapsack_rl.base.choices import option_names

Factors = dict[str, Any]
BUDGET, PROMPTS = "budget", "train.prompts_per_step"
_SECTIONS = ("loss", "optimizer")
_IGNORED_TRAIN = ("micro_batch_tokens", "save_every", "probe_rollouts")
"""Keys that change how a run is computed, not what it computes."""


def run_factors(config: Mapping[str, Any]) -> Factors:
    """The factors of one run.

    Keys: ``arm.strategy``, ``arm.options.*``, ``arm.belief``, ``arm.belief_options.*``, ``train.*``
    and ``budget``.

    Args:
        config: a resolved run, all keys.
    """
    arm, train = config["arm"], config["train"]
    strategy = build_method(arm["strategy"], arm["options"])
    options = {name: getattr(strategy, name) for name in option_names(type(strategy))}
    flat = {"arm.strategy": arm["strategy"], "arm.belief": arm["belief"], BUDGET: config["budget"]}
    flat |= {f"arm.options.{key}": _plain(value) for key, value in options.items()}
    flat |= {f"arm.belief_options.{key}": _plain(value) for key, value in arm["belief_options"].items()}
    for name in _SECTIONS:
        flat |= {f"train.{name}.{key}": _plain(value) for key, value in train[name].items()}
    ignored = {*_IGNORED_TRAIN, *_SECTIONS}
    return flat | {f"train.{key}": _plain(value) for key, value in train.items() if key not in ignored}


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else json.dumps(value, sort_keys=True)


def variants(runs: pd.DataFrame) -> pd.DataFrame:
    """The distinct variants of a study: finished runs that share everything but the seed.

    Args:
        runs: columns of ``TIDY_RUNS``.

    Returns:
        ``base, model, budget, arm, factors, run_ids``, one row per variant in grid order; ``base`` is the model without
        what its label says of the batch.
    """
    finished = runs[runs["status"] == FINISHED]
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for run in finished.itertuples(index=False):
        config = json.loads(str(run.config))
        factors = run_factors(config)
        key = (run.model, run.arm, json.dumps(factors, sort_keys=True))
        place = {"base": config["model_name"], "model": run.model, "budget": run.budget, "arm": run.arm}
        rows.setdefault(key, {**place, "factors": factors, "run_ids": []})["run_ids"].append(run.run_id)
    return pd.DataFrame(list(rows.values()), columns=["base", "model", "budget", "arm", "factors", "run_ids"])


def single_difference(first: Factors, second: Factors) -> tuple[str, str, str] | None:
    """The one factor in which two runs differ and its two values; None if they differ in none or in several.

    - Options of a belief count with the belief when the beliefs differ.
    - A budget may differ at equal prompts per step, or at equal rollouts per step (prompts and budget then differ
      together); the factor's name says which.
    - Strategies are no single factor: what they differ in is their whole rule.
    """
    keys = [key for key in {**first, **second} if first.get(key) != second.get(key)]
    if "arm.strategy" in keys:
        return None
    if "arm.belief" in keys:
        keys = [key for key in keys if not key.startswith("arm.belief_options.")]
    if sorted(keys) == [BUDGET, PROMPTS]:
        total_first, total_second = (factors[BUDGET] * factors[PROMPTS] for factors in (first, second))
        fixed = "rollouts per step fixed"
        return (f"budget, {fixed}", *_values(first, second, key=BUDGET)) if total_first == total_second else None
    if len(keys) != 1:
        return None
    name = "budget, prompts per step fixed" if keys == [BUDGET] else keys[0]
    return (name, *_values(first, second, key=keys[0]))


def _values(first: Factors, second: Factors, *, key: str) -> tuple[str, str]:
    return str(first.get(key, "default")), str(second.get(key, "default"))
