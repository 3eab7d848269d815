"""Tidy frames of a study whose true effects are set by hand: what the claims must find in them is known."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from knapsack_rl.analysis.frames.schemas import FINISHED, TIDY_EVALS, TIDY_GROUPS, TIDY_PROBES, TIDY_RUNS, TIDY_STEPS
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.config import parse_run

ARMS = {"uniform": {"strategy": "uniform"}, "knapsack": {"strategy": "knapsack"}}
SAMPLES = 10_000
"""Many samples of one problem per benchmark: accuracy is then set to four digits."""


@dataclass(frozen=True)
class Truth:
    """What is true of a made-up study; noise differs by seed."""

    arms: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: ARMS)
    models: tuple[str, ...] = ("small",)
    sizes: tuple[int, ...] = (1000,)
    budgets: tuple[int, ...] = (8,)
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 40
    every: int = 10
    prompts: int = 4
    train: Mapping[str, Any] = field(default_factory=dict)
    noise: float = 0.002

    gain: Mapping[str, float] = field(default_factory=dict)
    """Final accuracy above uniform's, by arm or benchmark or model or ``n<budget>``; they add up."""
    speed: float = 1.0
    """How much faster than uniform the method learns."""
    ratio: tuple[float, float] = (0.5, 0.5)
    """Effective-gradient ratio by rollouts of uniform and of the method."""
    fall: float = 0.0
    """By how much uniform's ratio falls from the third quarter to the last."""
    wrong: tuple[float, float] = (0.3, 0.1)
    """All-wrong minus all-correct share of prompts, first and last quarter."""
    at_low: float = 0.5
    """Share of the method's repeat visits at the lower bound."""
    largest: int = 100
    favourite: float = 0.1
    """Realised success rate of the most favoured prompt."""
    believed: float = 0.5
    """Rate that was believed of every prompt."""
    informed_from: int = 3
    """First step in which the method knows any rate."""
    allocate_s: float = 0.001
    step_s: float = 1.0
    solved: tuple[float, float] = ()
    """Share of 200 never solved probe problems that uniform and the method solve after training; empty: no probe."""
    eval_kinds: Mapping[str, str] = field(default_factory=lambda: {"easy": "a", "hard": "b"})


def frames_of(truth: Truth) -> StudyFrames:
    """The frames of a study in which ``truth`` holds."""
    runs, steps, groups, evals, probes = [], [], [], [], []
    for model, arm, budget, seed in product(truth.models, truth.arms, truth.budgets, truth.seeds):
        keys = _keys(truth, model=model, arm=arm, budget=budget, seed=seed)
        rng = np.random.default_rng((list(truth.models).index(model), list(truth.arms).index(arm), budget, seed))
        noise = truth.noise * rng.normal()
        runs.append(_run(truth, keys))
        steps.append(_steps(truth, keys, noise=noise))
        groups.append(_groups(truth, keys, noise=noise))
        evals.append(_evals(truth, keys, noise=noise))
        probes.append(_probes(truth, keys))
    return StudyFrames(
        steps=pd.concat(steps, ignore_index=True),
        groups=pd.concat(groups, ignore_index=True),
        evals=pd.concat(evals, ignore_index=True),
        probes=pd.concat(probes, ignore_index=True),
        runs=pd.DataFrame(runs, columns=TIDY_RUNS.names),
    )


def _keys(truth: Truth, **key: Any) -> dict[str, Any]:
    run_id = f"{key['model']}-{key['arm']}-n{key['budget']}-s{key['seed']}"
    return {"run_id": run_id, **key, "strategy": truth.arms[key["arm"]]["strategy"]}


def _run(truth: Truth, keys: Mapping[str, Any]) -> dict[str, Any]:
    arm = dict(truth.arms[keys["arm"]])
    train = arm.pop("train", {})  # a resolved run has an arm's keys of `train` among its own
    config = parse_run(
        {
            **{name: keys[name] for name in ("run_id", "budget", "seed")},
            "study": "truth",
            "code_version": 1,
            "model_name": keys["model"],
            "arm_name": keys["arm"],
            "model": {"path": keys["model"]},
            "arm": arm,
            "task": {"name": "arithmetic"},
            "evaluation": {},
            "train": {"steps": truth.steps, "prompts_per_step": truth.prompts, **truth.train, **train},
        },
        source="truth",
    )
    size = dict(zip(truth.models, truth.sizes, strict=True))[keys["model"]]
    return {
        **keys,
        "status": FINISHED,
        "config": json.dumps(config.model_dump(mode="json")),
        "num_parameters": size,
        "num_gpus": None,
    }


def _steps(truth: Truth, keys: Mapping[str, Any], *, noise: float) -> pd.DataFrame:
    step = np.arange(1, truth.steps + 1)
    quarter = np.ceil(4 * step / truth.steps)
    uniform = keys["strategy"] == "uniform"
    ratio = truth.ratio[0 if uniform else 1] - truth.fall * (quarter == 4) + noise * (1 + 0.3 * (quarter == 4))
    ratio += 0.02 * ((step + keys["seed"]) % 3 == 0)
    blind = truth.ratio[0] + noise
    ratio = ratio if uniform else np.where(step >= truth.informed_from, ratio, blind)
    waste = np.interp(quarter, [1, 4], truth.wrong) + noise
    rollouts = keys["budget"] * truth.prompts
    rows = pd.DataFrame({name: np.ones(step.size) for name in TIDY_STEPS.names if name not in keys})
    rows = rows.assign(
        step=step,
        repeat_frac=(step > 2).astype(float),
        known_frac=(step >= truth.informed_from).astype(float),
        ratio_rollouts=ratio,
        ratio_prompts=ratio,
        all_wrong_prompts=0.3 + waste / 2,
        all_correct_prompts=0.3 - waste / 2,
        num_rollouts=rollouts,
        total_rollouts=rollouts * step,
        total_response_tokens=10 * rollouts * step,
        num_prompt_tokens=5 * rollouts,
        num_response_tokens=10 * rollouts,
        num_updated_tokens=8 * rollouts,
        allocate_s=truth.allocate_s * (1 + abs(noise)),
        step_s=truth.step_s,
    )
    return _with(keys, rows)


def _groups(truth: Truth, keys: Mapping[str, Any], *, noise: float) -> pd.DataFrame:
    step = np.repeat(np.arange(1, truth.steps + 1), 10)
    place = np.tile(np.arange(10), truth.steps)
    at_low = place / 10 < truth.at_low + 0.1 * (step % (5 + keys["seed"]) == 0)
    rows = pd.DataFrame({name: np.ones(step.size) for name in TIDY_GROUPS.names if name not in keys})
    counts = np.where(at_low, 2, 9)
    counts[place == 9] = truth.largest + keys["seed"] % 2
    wins = np.where(place == 9, (truth.favourite + noise) * counts, 1)
    rows = rows.assign(step=step, prompt_id=[f"p{i}" for i in place], kind="a", num_rollouts=counts)
    return _with(keys, rows.assign(visit=2, p_belief=truth.believed, num_successes=wins))


def _evals(truth: Truth, keys: Mapping[str, Any], *, noise: float) -> pd.DataFrame:
    names = (keys["arm"], keys["model"], f"n{keys['budget']}")
    method = keys["strategy"] != "uniform"
    rows = []
    for step in range(0, truth.steps + 1, truth.every):
        share = min(1.0, step / truth.steps * (truth.speed if method else 1.0))
        for benchmark, kind in truth.eval_kinds.items():
            gain = truth.gain.get(keys["arm"], 0.0)
            gain += sum(truth.gain.get(name, 0.0) for name in (*names[1:], benchmark)) if method else 0.0
            rate = 0.2 + (0.3 + gain + noise) * share
            right = round(rate * SAMPLES)
            rows.append((step, benchmark, f"{benchmark}-0", kind, SAMPLES, right, 0, 10 * SAMPLES, None, None))
    columns = [name for name in TIDY_EVALS.names if name not in keys]
    return _with(keys, pd.DataFrame(rows, columns=columns))


def _probes(truth: Truth, keys: Mapping[str, Any]) -> pd.DataFrame:
    columns = [name for name in TIDY_PROBES.names if name not in keys]
    if not truth.solved:
        return _with(keys, pd.DataFrame([], columns=columns))
    method = int(keys["strategy"] != "uniform")
    share = truth.solved[method] + 0.005 * keys["seed"] * (1 + method)
    rows = [
        (step, f"p{problem}", "a", 16, int(step > 0 and problem < share * 200))
        for step in (0, truth.steps)
        for problem in range(200)
    ]
    return _with(keys, pd.DataFrame(rows, columns=columns))


def _with(keys: Mapping[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([pd.DataFrame(dict(keys), index=rows.index), rows], axis=1)
