"""Is the gradient that a method trains on the right one? Its expectation on a bandit whose policy stands still.

Each prompt is answered by a policy of its own with one logit and success rate p: the score of a rollout is r - p, and
the gradient of the mean success is p q at that prompt (q = 1 - p). With more answers the score has more entries, but a
method sees rewards alone: its expected gradient keeps its direction there and changes by the same factor. Beliefs learn
from step to step as in training; the policy does not, so that every step estimates one and the same gradient.

The difference from the true gradient is taken apart in three terms, after CUBE's decomposition:

- budget: prompts weigh unequally, in expectation, because they are drawn or kept unequally often;
- baseline: what the advantage does at counts as they were, with outcomes that are independent of them;
- fusion: what is left. It is zero if the counts that are trained on depend on the past alone. Stopping rules, filters
  and down-sampling choose counts by the very outcomes that are then averaged.

Terms may cancel: the bias is their sum, and `Bias.strength` is what is left of it at an equal size of step.

Shapes: ``_C`` classes of prompts of equal rate, ``_B`` blocks of steps, ``_X`` the three gradients beside the true one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from knapsack_rl.allocation import AllocationRequest, Kept, Method
from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.base.errors import InputError
from knapsack_rl.base.order import EpochOrder
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.grpo import token_weights
from knapsack_rl.grpo.advantage import Advantage
from knapsack_rl.grpo.aggregation import Aggregation
from knapsack_rl.simulation.bias_terms import Bias
from knapsack_rl.simulation.drawing import Drawing
from knapsack_rl.simulation.exact_gradients import advantage_factor, group_gradient
from knapsack_rl.simulation.knowledge import build_knowledge, feature_table
from knapsack_rl.simulation.world import Drift, World

RATES = (0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasSpec:
    """What is drawn.

    Example: ``BiasSpec(method=build_method("dapo"))``.
    """

    method: Method
    belief: str | None = None
    """Registered tracker; None = the method's own."""
    belief_options: Mapping[str, Any] = field(default_factory=dict)
    rates: tuple[float, ...] = RATES
    """Success rates of the classes, inside 0..1."""
    copies: int = 32
    """Prompts of each rate."""
    batch: int = 56
    """Prompts of a step."""
    budget: int = 8
    """Mean rollouts per prompt."""
    bounds: tuple[int, int] = (2, 128)
    steps: int = 300
    blocks: int = 30
    """Blocks of steps whose spread gives the standard errors."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what would give no number."""
        if not all(0 < rate < 1 for rate in self.rates):
            raise InputError(f"rates = {self.rates}: a prompt at 0 or 1 has no gradient; give rates inside 0..1")
        if self.steps < self.blocks or self.blocks <= len(self.rates):
            raise InputError(
                f"steps = {self.steps} and blocks = {self.blocks}: need more blocks than the {len(self.rates)} rates,"
                " and as many steps as blocks"
            )

    def rng(self, *parts: object) -> np.random.Generator:
        """A stream of the audit."""
        return np.random.default_rng(derive_seed(self.seed, "bias", *parts))


def audit_bias(spec: BiasSpec, *, advantages: Sequence[Advantage], aggregations: Sequence[Aggregation]) -> list[Bias]:
    """The bias of a method under every advantage and aggregation, from the same draws.

    Every step adds what it trains on: token weights of the project's losses, one token per rollout, times advantage and
    score. Advantages that a method sets itself take the place of the study's in the actual gradient alone.
    """
    world = World(np.repeat(spec.rates, spec.copies), drift=Drift(own=0.0, shared=0.0))
    variants = [(advantage, aggregation) for advantage in advantages for aggregation in aggregations]
    sums = np.zeros((len(variants), spec.blocks, len(spec.rates), 3))
    block_T = np.arange(spec.steps) * spec.blocks // spec.steps
    for block, groups in zip(block_T.tolist(), _steps(spec, world), strict=True):
        sums[:, block] += _contributions(spec, groups, advantages=advantages, aggregations=aggregations)
    means = sums / np.bincount(block_T)[None, :, None, None]
    rate_C = np.array(spec.rates)
    true_C = rate_C * (1 - rate_C) / len(rate_C)
    return [
        Bias(advantage=advantage, aggregation=aggregation, true_C=true_C, parts_XBC=mean_BCX.transpose(2, 0, 1))
        for (advantage, aggregation), mean_BCX in zip(variants, means, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Group:
    """A prompt that is trained on."""

    place: int
    """Its class."""
    rewards_G: FloatArray
    """Of the rollouts kept."""
    advantages_G: FloatArray | None
    """The method's own."""

    def gradients(self, rate: float, advantage: Advantage) -> FloatArray:
        """Mean over its rollouts of the true gradient, the decoupled and the actual one.  [3]."""
        found = _gradients(len(self.rewards_G), int(self.rewards_G.sum()), rate=rate, advantage=advantage)
        if self.advantages_G is None:
            return found
        return np.array([*found[:2], np.mean(self.advantages_G * (self.rewards_G - rate))])


@cache
def _gradients(size: int, won: int, *, rate: float, advantage: Advantage) -> FloatArray:
    true = rate * (1 - rate)
    decoupled = true * advantage_factor(size, rate, advantage=advantage)
    return np.array([true, decoupled, group_gradient(size, won, rate=rate, advantage=advantage)])


def _steps(spec: BiasSpec, world: World) -> Iterator[list[_Group]]:
    """What every step trains on; beliefs see all that was drawn."""
    belief = spec.belief or spec.method.default_belief
    knowledge = build_knowledge(belief, spec.belief_options, world=world, rng=spec.rng("knowledge"))
    features = feature_table(world, rng=spec.rng("knowledge")) if spec.method.reads_features else None
    size = len(world)
    order = EpochOrder(size, batch=spec.batch, permutation=lambda epoch: spec.rng("order", epoch).permutation(size))
    state: Mapping[str, Any] = {}
    for step in range(spec.steps):
        request = AllocationRequest(
            total=spec.budget * spec.batch,
            low=spec.bounds[0],
            high=spec.bounds[1],
            step=step,
            epoch=order.epoch,
            prompt_ids=tuple(map(str, order.take(spec.batch))),
            cost_P=np.ones(spec.batch),
            features=features,
        )
        drawing = Drawing(world, knowledge, order=order, rng=spec.rng("step", step))
        state = drawing.run(spec.method, request, state=state)
        rewards, kept = drawing.rewards(), drawing.update.kept
        chosen = dict.fromkeys(rewards, Kept()) if kept is None else kept
        yield [
            _group(int(prompt_id) // spec.copies, np.asarray(rewards[prompt_id]), kept=mine)
            for prompt_id, mine in chosen.items()
        ]
        drawing.learn(step)


def _group(place: int, drawn_G: FloatArray, *, kept: Kept) -> _Group:
    kept_G = drawn_G if kept.rollouts is None else drawn_G[list(kept.rollouts)]
    return _Group(place, kept_G, kept.advantages_G)


def _contributions(
    spec: BiasSpec, groups: Sequence[_Group], *, advantages: Sequence[Advantage], aggregations: Sequence[Aggregation]
) -> FloatArray:
    """The three gradients of one step, by variant and class.  [advantages x aggregations, C, 3]."""
    found = np.zeros((len(advantages), len(aggregations), len(spec.rates), 3))
    place_P = [group.place for group in groups]
    shares = [_shares(groups, aggregation) for aggregation in aggregations]
    for first, advantage in enumerate(advantages):
        gradient_PX = [group.gradients(spec.rates[group.place], advantage) for group in groups]
        for second, share_P in enumerate(shares):
            np.add.at(found[first, second], place_P, share_P[:, None] * np.reshape(gradient_PX, (-1, 3)))
    return found.reshape(-1, len(spec.rates), 3)


def _shares(groups: Sequence[_Group], aggregation: Aggregation) -> FloatArray:
    """Weight of each group in the loss, over all of its rollouts together."""
    owner_R = np.repeat(np.arange(len(groups)), [len(group.rewards_G) for group in groups])
    weight_R = token_weights(np.ones(len(owner_R)), owner_R, aggregation=aggregation)
    return np.asarray(np.bincount(owner_R, weights=weight_R, minlength=len(groups)), dtype=np.float64)
