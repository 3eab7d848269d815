"""Writes the records of a made-up study with known truth, in the declared schemas."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from knapsack_rl.base.layout import RunPaths, StudyPaths
from knapsack_rl.config import RunConfig, StudyConfig, parse_study
from knapsack_rl.records import EVALS, PROBES, WALL_CLOCK_COLUMNS, publish_journal, table_of, write_json, write_table

TOKENS_PER_ROLLOUT = {"uniform": 10, "knapsack": 12}


@dataclass(frozen=True)
class Shape:
    """Size of a made-up study."""

    models: Sequence[str] = ("small",)
    arms: Sequence[str] = ("uniform", "knapsack")
    budgets: Sequence[int] = (8,)
    seeds: Sequence[int] = (0, 1, 2)
    steps: int = 6
    prompts_per_step: int = 8
    num_train: int = 16
    benchmarks: Sequence[str] = ("ops2", "ops3")
    problems: int = 5
    samples: int = 4
    every: int = 3
    probed: int = 12
    probe_samples: int = 8
    overrides: dict[str, Any] = field(default_factory=dict)
    strategies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Sections of arms that are neither the strategy uniform nor knapsack."""

    def study(self) -> StudyConfig:
        """The study this shape describes."""
        named = {"uniform": {"strategy": "uniform"}} | self.strategies
        return parse_study(
            {
                "name": "made_up",
                "task": {"name": "arithmetic"},
                "models": {name: {"path": f"models/{name}"} for name in self.models},
                "arms": {name: named.get(name, {"strategy": "knapsack"}) for name in self.arms},
                "grid": {
                    "models": list(self.models),
                    "arms": list(self.arms),
                    "budgets": list(self.budgets),
                    "seeds": list(self.seeds),
                },
                "train": {"steps": self.steps, "prompts_per_step": self.prompts_per_step},
                "evaluation": {"every": self.every, "samples": self.samples},
            },
            source="made up",
        )

    def runs(self) -> Iterator[RunConfig]:
        """Every run of the grid."""
        study = self.study()
        data = study.model_dump(mode="json")
        for model in self.models:
            for arm in self.arms:
                for budget in self.budgets:
                    for seed in self.seeds:
                        run_id = f"{model}-{arm}-n{budget}-s{seed}"
                        train = data["train"] | self.overrides.get(run_id, {})
                        yield RunConfig(
                            run_id=run_id,
                            study=study.name,
                            code_version=1,
                            model_name=model,
                            arm_name=arm,
                            budget=budget,
                            seed=seed,
                            model=data["models"][model],
                            arm=data["arms"][arm],
                            task=data["task"],
                            train=train,
                            evaluation=data["evaluation"],
                        )


def success_rates(run: RunConfig, num: int, *, step: int) -> np.ndarray:
    """True success rate per prompt at ``step``: U-shaped, rising with training and a little by seed."""
    rng = np.random.default_rng((run.seed, 7))
    logits = rng.normal(-0.6 if run.model_name == "small" else 0.2, 2.6, size=num)
    speed = 1.3 if run.arm_name == "uniform" else 1.8
    noise = np.random.default_rng((run.seed, len(run.arm_name), run.budget)).normal(0, 0.15)
    rise = (speed + noise) * np.log2(run.budget) / 3 * step / 60
    return 1 / (1 + np.exp(-(logits + rise)))


def counts_for(run: RunConfig, beliefs: list[float | None]) -> np.ndarray:
    """A knapsack-like allocation that spends exactly budget x prompts; uniform without beliefs."""
    num, total = len(beliefs), run.budget * len(beliefs)
    if run.arm_name == "uniform" or all(p is None for p in beliefs):
        return np.full(num, run.budget)
    weight = np.array([1.0 if p is None else p * (1 - p) ** 2 + 0.25 * p * (1 - p) for p in beliefs])
    weight[[p is None for p in beliefs]] = 0.15
    counts = np.full(num, 2)
    extra = weight / weight.sum() * (total - 2 * num) if weight.sum() else np.full(num, run.budget - 2.0)
    counts += np.floor(extra).astype(int)
    counts[np.argsort(-(extra % 1), kind="stable")[: total - counts.sum()]] += 1
    return counts


def journal_of(run: RunConfig, num_train: int) -> list[dict[str, Any]]:
    """Journal records of a run; ids, visits and beliefs are kept consistent."""
    rng = np.random.default_rng((run.seed, run.budget, len(run.arm_name)))
    order = np.random.default_rng(run.seed).permutation(num_train)
    visits, last = np.zeros(num_train, int), [None] * num_train
    records, position = [], 0
    for step in range(1, run.train.steps + 1):
        picked = [int(order[(position + i) % num_train]) for i in range(run.train.prompts_per_step)]
        epoch, position = position // num_train, position + run.train.prompts_per_step
        rates = success_rates(run, num_train, step=step)
        counts = counts_for(run, [last[i] for i in picked])
        groups = []
        for i, count in zip(picked, counts, strict=True):
            visits[i] += 1
            successes = int(rng.binomial(count, rates[i]))
            groups.append(
                {
                    "prompt_id": f"train-{i:04d}",
                    "kind": f"ops{2 + i % 3}",
                    "visit": int(visits[i]),
                    "p_belief": last[i],
                    "num_rollouts": int(count),
                    "num_rounds": 1,
                    "num_kept": int(count),
                    "num_successes": successes,
                    "num_truncated": 0,
                    "num_response_tokens": int(count) * TOKENS_PER_ROLLOUT.get(run.arm_name, 12),
                }
            )
            last[i] = successes / int(count)
        records.append(step_record(step, epoch, groups=groups))
    return records


def step_record(step: int, epoch: int, *, groups: list[dict[str, Any]]) -> dict[str, Any]:
    """A journal record whose step columns agree with its groups."""
    totals = {name: sum(group[name] for group in groups) for name in groups[0] if name.startswith("num_")}
    updated = sum(g["num_rollouts"] for g in groups if 0 < g["num_successes"] < g["num_rollouts"])
    return {
        "step": step,
        "epoch": epoch,
        "num_prompts": len(groups),
        **totals,
        "num_rounds": 1,
        "num_prompt_tokens": 8 * totals["num_rollouts"],
        "num_updated_rollouts": updated,
        "num_updated_tokens": 20 * updated,
        **dict.fromkeys(("loss", "grad_norm", "updated_clip_frac", "updated_approx_kl", "updated_entropy"), 0.1),
        "num_probe_rollouts": 0,
        **dict.fromkeys(WALL_CLOCK_COLUMNS, 0.0),
        "allocate_s": 0.01,
        "sample_s": 1.0,
        "score_s": 0.05,
        "update_s": 0.5,
        "sync_s": 0.1,
        "step_s": 1.7,
        "groups": groups,
        "rounds": [],
    }


def evals_of(run: RunConfig, shape: Shape) -> list[dict[str, Any]]:
    """Per-sample evaluation facts; difficulty differs by benchmark, the base model is shared by all runs."""
    return [
        eval_row(run.run_id, (step, benchmark, problem, sample), reward=reward)
        for step in run.checkpoints
        for rank, benchmark in enumerate(shape.benchmarks)
        for problem, rewards in enumerate(rewards_of(run, shape, step=step, rank=rank))
        for sample, reward in enumerate(rewards)
    ]


def rewards_of(run: RunConfig, shape: Shape, *, step: int, rank: int) -> np.ndarray:
    """0 or 1 per problem and sample."""
    rng = np.random.default_rng((step, run.seed, rank, run.budget, len(run.arm_name)) if step else (rank, 11))
    rates = success_rates(run.model_copy(update={"seed": 99}), shape.problems, step=step)
    gain = (success_rates(run, 64, step=step) - success_rates(run, 64, step=0)).mean()
    rates = np.clip(rates * (1 - 0.1 * rank) + 0.4 * gain, 0, 1)
    return (rng.random((shape.problems, shape.samples)) < rates[:, None]).astype(int)


def eval_row(run_id: str, key: tuple[int, str, int, int], *, reward: int) -> dict[str, Any]:
    """One row of an evaluation; ``key`` is (step, benchmark, problem, sample)."""
    step, benchmark, problem, sample = key
    return {
        "run_id": run_id,
        "step": step,
        "benchmark": benchmark,
        "problem_id": f"{benchmark}-{problem:03d}",
        "kind": benchmark,
        "sample": sample,
        "reward": int(reward),
        "reason": "match",
        "num_response_tokens": 10,
        "truncated": False,
    }


def probe_of(run: RunConfig, shape: Shape) -> list[dict[str, Any]]:
    """Per-sample facts of the probe at the first and last checkpoint: draws at the true rates."""
    rng = np.random.default_rng((run.seed, run.budget, 5))
    rates = {step: success_rates(run, shape.num_train, step=step) for step in (0, run.train.steps)}
    return [
        {
            "run_id": run.run_id,
            "step": step,
            "prompt_id": f"train-{index:04d}",
            "kind": f"ops{2 + index % 3}",
            "sample": sample,
            "reward": int(rng.random() < rates[step][index]),
            "reason": "match",
            "num_response_tokens": 10,
            "truncated": False,
            "extracted": None,
        }
        for step in rates
        for index in range(min(shape.probed, shape.num_train))
        for sample in range(shape.probe_samples)
    ]


def write_run(results: Path, run: RunConfig, *, records: list[dict[str, Any]], evals: list[dict[str, Any]]) -> None:
    """Write what a finished run leaves behind."""
    paths = RunPaths(results, run.run_id)
    write_json(paths.folder / "config.json", run.model_dump(mode="json"))
    publish_journal(records, paths)
    manifest = {
        "created": "2026-01-01T00:00:00+00:00",
        "git_commit": "0" * 40,
        "git_dirty": False,
        "packages": {"numpy": "2.4.6"},
        "python": "3.11.2",
    }
    (paths.folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    write_table(paths.evals, table_of(evals, EVALS))


def write_study(root: Path, shape: Shape) -> tuple[StudyPaths, list[str]]:
    """Write a whole made-up study; returns its paths and run ids."""
    paths = StudyPaths.of("made_up", root)
    runs = list(shape.runs())
    for run in runs:
        write_run(paths.results, run, records=journal_of(run, shape.num_train), evals=evals_of(run, shape))
        write_table(paths.run(run.run_id).probe, table_of(probe_of(run, shape), PROBES))
    return paths, [run.run_id for run in runs]
