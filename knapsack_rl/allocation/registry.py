"""The table of strategies. To add one: write its file in ``strategies``, add its class here."""

from collections.abc import Mapping
from typing import Any

from knapsack_rl.allocation.strategies.ada_est import AdaEst
from knapsack_rl.allocation.strategies.coba_paper import CobaPaper
from knapsack_rl.allocation.strategies.coba_released import CobaReleased
from knapsack_rl.allocation.strategies.e3 import E3
from knapsack_rl.allocation.strategies.gvm_light import GvmLight
from knapsack_rl.allocation.strategies.hit import Hit
from knapsack_rl.allocation.strategies.knapsack import Knapsack
from knapsack_rl.allocation.strategies.knapsack_greedy import KnapsackGreedy
from knapsack_rl.allocation.strategies.knapsack_posterior import KnapsackPosterior
from knapsack_rl.allocation.strategies.knapsack_released import KnapsackReleased
from knapsack_rl.allocation.strategies.knapsack_tokens import KnapsackTokens
from knapsack_rl.allocation.strategies.neyman import Neyman
from knapsack_rl.allocation.strategies.oracle import Oracle
from knapsack_rl.allocation.strategies.random_matched import RandomMatched
from knapsack_rl.allocation.strategies.uniform import Uniform
from knapsack_rl.allocation.strategies.value import Value
from knapsack_rl.allocation.strategies.vip import Vip
from knapsack_rl.allocation.strategy import Strategy
from knapsack_rl.beliefs.options import NamedChoices

_CLASSES: tuple[type[Strategy], ...] = (
    AdaEst,
    CobaPaper,
    CobaReleased,
    E3,
    GvmLight,
    Hit,
    Knapsack,
    KnapsackGreedy,
    KnapsackPosterior,
    KnapsackTokens,
    Neyman,
    KnapsackReleased,
    Oracle,
    RandomMatched,
    Uniform,
    Value,
    Vip,
)
_STRATEGIES: NamedChoices[Strategy] = NamedChoices("strategy", {choice.name: choice for choice in _CLASSES})


def strategy_names() -> tuple[str, ...]:
    """Names that `build_strategy` knows, sorted."""
    return _STRATEGIES.names()


def build_strategy(name: str, options: Mapping[str, Any] | None = None) -> Strategy:
    """A strategy with its options.

    Args:
        name: One of `strategy_names`.
        options: Its options; what is left out keeps its default.

    Raises:
        ConfigError: Unknown name or option, or a value of the wrong type or range.
    """
    return _STRATEGIES.build(name, options)


def check_strategy(name: str, options: Mapping[str, Any] | None = None) -> None:
    """Raise the ConfigError that `build_strategy` would raise, and do nothing else."""
    _STRATEGIES.build(name, options)


def default_belief(name: str, options: Mapping[str, Any] | None = None) -> str:
    """Name of the tracker a strategy is meant to be used with (for a control: that of the strategy it controls).

    Raises:
        ConfigError: As `build_strategy`.
    """
    return _STRATEGIES.build(name, options).default_belief
