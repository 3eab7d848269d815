"""A rollout log of uniform training whose true success rates are known, and what an audit of it should find.

Shapes: ``_I`` prompts of the pool, ``_P`` prompts of a step, ``_G`` groups of the log, ``_N`` rollouts of a group.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knapsack_rl.allocation.value import knapsack_value, p_nonzero_gradient
from knapsack_rl.audit.gain import Estimate, gain_of
from knapsack_rl.audit.groups import group_rollouts
from knapsack_rl.audit.reading import Rollouts
from knapsack_rl.audit.replay import Rule, replay
from knapsack_rl.audit.run import judged_groups, only_groups
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.records import write_text
from knapsack_rl.simulation.pools import Pool, draw_rates
from knapsack_rl.simulation.world import Drift, World


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSpec:
    """What to simulate.

    Example: ``LogSpec(pool=POOLS["hard"])`` is 256 prompts, 64 a step, 8 visits with 8 rollouts each.
    """

    pool: Pool
    num_prompts: int = 256
    batch: int = 64
    epochs: int = 8
    rollouts: int = 8
    drift: Drift = field(default_factory=Drift)
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedLog:
    """Groups in the order of steps and, within a step, of prompts."""

    step_G: IntArray
    prompt_G: IntArray
    success_GN: npt.NDArray[np.bool_]
    rate_G: FloatArray
    """True rates.  [G]"""

    def rollouts(self) -> Rollouts:
        """What a reader would make of the log."""
        num_groups, num = self.success_GN.shape
        zero_R = np.zeros(num_groups * num, dtype=np.int64)
        success_R = self.success_GN.ravel()
        return Rollouts(
            step_R=np.repeat(self.step_G, num),
            prompt_R=np.repeat(self.prompt_G, num),
            group_R=zero_R,
            part_R=zero_R,
            reward_R=success_R.astype(np.float64),
            success_R=success_R,
            length_R=zero_R - 1,
            unit="",
            notes=(),
        )


def simulate_log(spec: LogSpec) -> SimulatedLog:
    """Train uniformly on a pool; an epoch's last, incomplete batch is dropped, as in training."""
    rng = np.random.default_rng(derive_seed(spec.seed, "rollout log"))
    world = World(draw_rates(spec.pool, spec.num_prompts, rng=rng), drift=spec.drift)
    per_epoch = spec.num_prompts // spec.batch
    groups = []
    for step in range(spec.epochs * per_epoch):
        if step % per_epoch == 0:
            order_I = rng.permutation(spec.num_prompts)
        index_P = np.sort(order_I[step % per_epoch * spec.batch :][: spec.batch])
        rate_P, drawn_P = world.rate(index_P), np.full(spec.batch, spec.rollouts)
        success_PN = rng.random((spec.batch, spec.rollouts)) < rate_P[:, None]
        groups.append((np.full(spec.batch, step + 1), index_P, success_PN, rate_P))
        world.learn(index_P, drawn_P, successes_P=success_PN.sum(axis=1))
    step_G, prompt_G, success_GN, rate_G = (np.concatenate(each) for each in zip(*groups, strict=True))
    return SimulatedLog(step_G=step_G, prompt_G=prompt_G, success_GN=success_GN, rate_G=rate_G)


def write_log(log: SimulatedLog, path: Path) -> None:
    """Write JSON lines with ``step``, ``prompt`` and ``reward``, as a trainer would."""
    rows = zip(log.step_G.tolist(), log.prompt_G.tolist(), log.success_GN.tolist(), strict=True)
    lines = (
        json.dumps({"step": step, "prompt": f"prompt {prompt}", "reward": float(success)}) + "\n"
        for step, prompt, successes in rows
        for success in successes
    )
    write_text(path, "".join(lines))


def audited_gain(log: SimulatedLog, strategy: str) -> Mapping[str, tuple[float, Estimate]]:
    """The true gain of a strategy's counts over equal counts, and what an audit of the log makes of it.

    Returns:
        By measure, ``value``, ``prompts`` and ``rollouts``, the truth and the estimate; see `Gain`.
    """
    groups = group_rollouts(log.rollouts())
    judged_G, equal_G = judged_groups(groups)
    assigned = replay(groups, Rule(strategy=strategy))
    counts_G, equal_G, rate_G = assigned.counts_G[judged_G], equal_G[judged_G], log.rate_G[judged_G]
    found = gain_of(only_groups(groups, judged_G), counts_G, rate_G=assigned.rate_G[judged_G], equal_G=equal_G)
    given_G, even_G = p_nonzero_gradient(counts_G, rate_G), p_nonzero_gradient(equal_G, rate_G)
    value = knapsack_value(counts_G, rate_G).sum() / knapsack_value(equal_G, rate_G).sum() - 1
    return {
        "value": (float(value), found.value),
        "prompts": (float((given_G - even_G).mean()), found.prompts),
        "rollouts": (float((counts_G * given_G - equal_G * even_G).sum() / counts_G.sum()), found.rollouts),
    }
