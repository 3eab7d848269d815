"""A whole run of a strategy and a belief over latent success rates.

Shapes: ``_I`` prompts of the pool, ``_P`` prompts of a step, ``_R`` rollouts of a step, one prompt after the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from knapsack_rl.allocation import AllocationRequest, SequentialMethod, build_method, default_belief
from knapsack_rl.allocation.value import knapsack_value
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import InputError
from knapsack_rl.base.order import EpochOrder
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.beliefs import build_tracker
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.grpo import effective_ratios
from knapsack_rl.simulation.drawing import Drawing, Visits
from knapsack_rl.simulation.knowledge import build_knowledge, feature_table
from knapsack_rl.simulation.pools import Pool, draw_rates
from knapsack_rl.simulation.prompts import draw_costs
from knapsack_rl.simulation.world import Drift, World


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationSpec:
    """What to simulate.

    Example: ``SimulationSpec(pool=POOLS["hard"], strategy="knapsack")`` is 17,000 prompts, 256 a step, 15 epochs.

    Raises:
        ConfigError: Unknown strategy, belief or option.
        InputError: A number that makes no run.
    """

    pool: Pool
    strategy: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the strategy."""
    belief: str | None = None
    """Registered tracker; None = the strategy's own."""
    belief_options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the tracker."""
    num_prompts: int = 17_000
    """Prompts I of the pool."""
    batch: int = 256
    """Prompts P of a step; an epoch's last, incomplete batch is dropped, as in training."""
    epochs: int = 15
    """Passes over the pool, each in its own order."""
    budget_per_prompt: int = 8
    """Mean rollouts per prompt of a step."""
    bounds: tuple[int, int] = (2, 128)
    """Fewest and most rollouts of a prompt in a step."""
    drift: Drift = field(default_factory=Drift)
    """How training moves the rates."""
    seed: int = 0
    """Seed of rates, order and rollouts; runs of one seed see the same prompts in the same order."""

    def __post_init__(self) -> None:
        """Check everything before anything is computed."""
        build_method(self.strategy, self.options)
        build_tracker(self.known_by, self.belief_options)
        for name, value in (("epochs", self.epochs), ("batch", self.batch)):
            if value < 1:
                raise InputError(f"{name} = {value} must be at least 1")
        if self.batch > self.num_prompts:
            raise InputError(f"a batch of {self.batch} is more than the {self.num_prompts} prompts of the pool")
        self.request(np.arange(self.batch), step=0, epoch=0)

    @property
    def known_by(self) -> str:
        """Name of the belief."""
        return self.belief or default_belief(self.strategy, self.options)

    def request(self, index_P: IntArray, *, step: int, epoch: int) -> AllocationRequest:
        """What a step asks of the strategy; AllocationError if no counts fit the bounds and the total."""
        return AllocationRequest(
            total=self.budget_per_prompt * len(index_P),
            low=self.bounds[0],
            high=self.bounds[1],
            prompt_ids=tuple(map(str, index_P.tolist())),
            step=step,
            epoch=epoch,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulation:
    """What happened."""

    spec: SimulationSpec
    steps: list[dict[str, float]]
    """Facts of every step; see `step_facts`."""
    last_epoch: Visits
    """Visits of the last epoch."""
    first_rate_I: FloatArray
    """True rates before training.  [I]"""
    last_rate_I: FloatArray
    """True rates after it.  [I]"""


def simulate(spec: SimulationSpec) -> Simulation:
    """Run a method with a belief over a pool; beliefs are one visit old, as in training."""
    world = World(draw_rates(spec.pool, spec.num_prompts, rng=_rng(spec, "rates")), drift=spec.drift)
    knowledge = build_knowledge(spec.known_by, spec.belief_options, world=world, rng=_rng(spec, "knowledge"))
    method = build_method(spec.strategy, spec.options)
    # the same stream as above: a belief and a strategy that both read features are told the same ones
    features = feature_table(world, rng=_rng(spec, "knowledge")) if method.reads_features else None
    order = EpochOrder(
        spec.num_prompts,
        batch=spec.batch,
        permutation=lambda epoch: _rng(spec, "order", epoch).permutation(spec.num_prompts),
    )
    state: Mapping[str, Any] = {}
    first_rate_I, facts, visits = world.rate(), [], []
    cost_I = draw_costs(first_rate_I, rng=_rng(spec, "costs"))
    per_epoch = spec.num_prompts // spec.batch
    for step in range(spec.epochs * per_epoch):
        epoch, index_P = order.epoch, np.array(order.take(spec.batch))
        request = replace(spec.request(index_P, step=step, epoch=epoch), cost_P=cost_I[index_P], features=features)
        drawing = Drawing(world, knowledge, order=order, rng=_rng(spec, "step", step))
        state = drawing.run(method, request, state=state)
        visit, beliefs = drawing.visit(cost_I)
        # A method of rounds draws more or less than the budget: it is judged against equal counts of what it drew.
        equal = float(visit.counts_P.mean()) if isinstance(method, SequentialMethod) else spec.budget_per_prompt
        facts.append({"step": step, "epoch": epoch, **step_facts(visit, beliefs, equal=equal)})
        if step >= (spec.epochs - 1) * per_epoch:
            visits.append(visit)
        drawing.learn(step)
        facts[-1]["mean_rate"] = float(world.rate().mean())
    return Simulation(
        spec=spec, steps=facts, last_epoch=_joined(visits), first_rate_I=first_rate_I, last_rate_I=world.rate()
    )


def step_facts(visit: Visits, beliefs: BeliefArrays, *, equal: float) -> dict[str, float]:
    """Facts of one step, where a uniform one gives every prompt ``equal`` rollouts.

    - ``ratio_rollouts``, ``ratio_prompts``: effective-gradient ratio, both ways;
    - ``objective``: sum of ``V(N, p)`` at the true rates; ``objective_uniform``: what equal counts would have had;
    - ``known_frac``: prompts with a belief; ``num_failed``: prompts with draws behind their belief and no success;
    - ``num_discoveries``: those among them that now had a success;
    - ``num_rollouts``, ``max_count``: rollouts of the step, and of its largest group;
    - ``token_ratio``: expected tokens of the step over those of equal counts.
    """
    counts_P, successes_P = visit.counts_P, visit.successes_P
    by_rollouts, by_prompts = effective_ratios(successes_P, counts_P)
    failed_P = (beliefs.draws_P > 0) & (beliefs.successes_P == 0)
    return {
        "num_rollouts": int(counts_P.sum()),
        "ratio_rollouts": by_rollouts,
        "ratio_prompts": by_prompts,
        "objective": float(knapsack_value(counts_P, visit.p_true_P).sum()),
        "objective_uniform": float(knapsack_value(equal, visit.p_true_P).sum()),
        "known_frac": float((~np.isnan(visit.p_belief_P)).mean()),
        "num_failed": int(failed_P.sum()),
        "num_discoveries": int((failed_P & (successes_P > 0)).sum()),
        "max_count": int(counts_P.max()),
        "token_ratio": float(visit.cost_P @ counts_P / (equal * visit.cost_P.sum())),
    }


def _rng(spec: SimulationSpec, *parts: object) -> np.random.Generator:
    return np.random.default_rng(derive_seed(spec.seed, "simulation", *parts))


def _joined(visits: list[Visits]) -> Visits:
    return Visits(
        p_true_P=np.concatenate([visit.p_true_P for visit in visits]),
        p_belief_P=np.concatenate([visit.p_belief_P for visit in visits]),
        counts_P=np.concatenate([visit.counts_P for visit in visits]),
        successes_P=np.concatenate([visit.successes_P for visit in visits]),
        cost_P=np.concatenate([visit.cost_P for visit in visits]),
    )
