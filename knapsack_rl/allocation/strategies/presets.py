"""Strategies with their options set, by the names that studies and papers know them by. They take no options."""

from dataclasses import dataclass, field
from typing import ClassVar

from knapsack_rl.allocation.strategies.knapsack import Knapsack
from knapsack_rl.allocation.strategies.neyman import Neyman
from knapsack_rl.allocation.strategies.value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class KnapsackGreedy(Knapsack):
    """The optimisation problem of the paper alone: ``knapsack`` with ``fallback: false``.

    Source: arXiv 2509.25849v1.
    """

    name: ClassVar[str] = "knapsack_greedy"
    source: ClassVar[str] = "arXiv 2509.25849"

    fallback: bool = field(default=False, init=False)
    alpha: float = field(default=0.9, init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnapsackPosterior(Value):
    """Most total ``E[V(N, p)]`` with p ~ Beta(a, b): ``value`` with ``value: product, posterior: true``.

    One rule for seen, unseen, failed and solved prompts: none is certain to be hopeless or solved, so none needs a
    special case. Point and unknown beliefs are read as counts on top of a Beta(1, 1) prior. Ties are random.

    Source: value of arXiv 2509.25849v1; the averaging is ours.
    """

    name: ClassVar[str] = "knapsack_posterior"
    source: ClassVar[str] = "arXiv 2509.25849, averaged over a Beta posterior"

    value: str = field(default="product", init=False)
    posterior: bool = field(default=True, init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit(Value):
    """HORA, most prompts with a success: ``value`` with ``value: hit, posterior: true``; leans to hard prompts.

    The mean value is ``1 - E[(1-p)^N] = 1 - B(a, b+N) / B(a, b)`` with p ~ Beta(a, b). For the plug-in rule ``1 - q^N``
    use ``value`` without ``posterior``.

    Source: arXiv 2605.07114 (HORA), after its uniform probe.
    """

    name: ClassVar[str] = "hit"
    source: ClassVar[str] = "arXiv 2605.07114"

    value: str = field(default="hit", init=False)
    posterior: bool = field(default=True, init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DynaMo(Neyman):
    """DynaMO's allocation, N in proportion to ``sqrt(p (1 - p))`` within the bounds: ``neyman`` with ``variance``.

    Exact: the rule. Guess: p is the run's belief. What else the method changes is no allocation and left out.

    Source: arXiv 2602.19208 (DynaMO), second-hand.
    """

    name: ClassVar[str] = "dynamo"
    source: ClassVar[str] = "arXiv 2602.19208, second-hand"

    weight: str = field(default="variance", init=False)
    epsilon: float = field(default=0.001, init=False)
