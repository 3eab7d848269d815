"""The tables of one-shot strategies and of sequential methods. To add one here: write its file, add its class.

From elsewhere a class is named ``module:Class``, or by an entry point of its package (``docs/adding_a_strategy.md``).
"""

from collections.abc import Mapping
from typing import Any

from knapsack_rl.allocation.rounds import SequentialMethod
from knapsack_rl.allocation.sequential.ar3po import Ar3po
from knapsack_rl.allocation.sequential.c_grpo import CGrpo
from knapsack_rl.allocation.sequential.cero import Cero
from knapsack_rl.allocation.sequential.dapo import Dapo
from knapsack_rl.allocation.sequential.dars import Dars
from knapsack_rl.allocation.sequential.duet import Duet
from knapsack_rl.allocation.sequential.greso import Greso
from knapsack_rl.allocation.sequential.gvm import GvmPilot
from knapsack_rl.allocation.sequential.lilo import Lilo
from knapsack_rl.allocation.sequential.ngu import Ngu
from knapsack_rl.allocation.sequential.pilot_commit import PilotCommit
from knapsack_rl.allocation.sequential.pods import Pods
from knapsack_rl.allocation.sequential.query_recycling import QueryRecycling
from knapsack_rl.allocation.sequential.ragen import RagenTopP
from knapsack_rl.allocation.sequential.reinforce_ada import ReinforceAda
from knapsack_rl.allocation.sequential.selection import Mopps, Pcl, Vade
from knapsack_rl.allocation.sequential.speed_rl import SpeedRl
from knapsack_rl.allocation.sequential.vigor import Vigor
from knapsack_rl.allocation.sequential.xrpo import Xrpo
from knapsack_rl.allocation.strategies.ada_est import AdaEst
from knapsack_rl.allocation.strategies.coba_paper import CobaPaper
from knapsack_rl.allocation.strategies.coba_released import CobaReleased
from knapsack_rl.allocation.strategies.e3 import E3
from knapsack_rl.allocation.strategies.gvm_light import GvmLight
from knapsack_rl.allocation.strategies.knapsack import Knapsack
from knapsack_rl.allocation.strategies.knapsack_released import KnapsackReleased
from knapsack_rl.allocation.strategies.knapsack_tokens import KnapsackTokens
from knapsack_rl.allocation.strategies.neyman import Neyman
from knapsack_rl.allocation.strategies.oracle import Oracle
from knapsack_rl.allocation.strategies.presets import DynaMo, Hit, KnapsackGreedy, KnapsackPosterior
from knapsack_rl.allocation.strategies.random_matched import RandomMatched
from knapsack_rl.allocation.strategies.rollout_gdro import RolloutGdro
from knapsack_rl.allocation.strategies.uniform import Uniform
from knapsack_rl.allocation.strategies.value import Value
from knapsack_rl.allocation.strategies.vip import Vip
from knapsack_rl.allocation.strategy import Strategy
from knapsack_rl.allocation.wrapped import INNER, Wrapped
from knapsack_rl.base.choices import NamedChoices
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.outside import Contract

Method = Strategy | SequentialMethod
"""Whatever an arm of a study may name."""

_CLASSES: tuple[type[Strategy], ...] = (
    AdaEst,
    CobaPaper,
    CobaReleased,
    DynaMo,
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
    RolloutGdro,
    Uniform,
    Value,
    Vip,
)
_SEQUENTIAL: tuple[type[SequentialMethod], ...] = (
    Ar3po,
    CGrpo,
    Cero,
    Dapo,
    Dars,
    Duet,
    Greso,
    GvmPilot,
    Lilo,
    Mopps,
    Ngu,
    Pcl,
    PilotCommit,
    Pods,
    QueryRecycling,
    RagenTopP,
    ReinforceAda,
    SpeedRl,
    Vade,
    Vigor,
    Xrpo,
)

_BY_NAME: dict[str, type[Method]] = {choice.name: choice for choice in _CLASSES}
_IN_ROUNDS = Contract(
    base=SequentialMethod,
    required=("name", "source", "rounds"),
    group="knapsack_rl.strategies",
    guide="docs/adding_a_method.md",
)
METHODS: NamedChoices[Method] = NamedChoices(
    "strategy",
    _BY_NAME | {choice.name: choice for choice in _SEQUENTIAL},
    contract=Contract(
        base=Strategy,
        required=("name", "source", "default_belief", "__call__"),
        group="knapsack_rl.strategies",
        guide="docs/adding_a_strategy.md",
        alternative=_IN_ROUNDS,
    ),
)


def strategy_names() -> tuple[str, ...]:
    """Names of the one-shot strategies, sorted: those that `build_strategy` and `allocate` know."""
    return tuple(sorted(choice.name for choice in _CLASSES))


def method_names() -> tuple[str, ...]:
    """Names of all that an arm may use, sorted: one-shot strategies and sequential methods."""
    return METHODS.names()


def build_method(name: str, options: Mapping[str, Any] | None = None) -> Method:
    """A one-shot strategy or a sequential method with its options.

    Args:
        name: One of `method_names`, of an installed package, or ``module:Class``.
        options: Its options; what is left out keeps its default.

    Raises:
        ConfigError: Unknown name or option, a class that is no method, or a value of the wrong type or range.
    """
    choice = METHODS.find(name)
    checked = METHODS.check_options(name, choice, options=options)
    if issubclass(choice, Wrapped):
        checked["inner"] = build_strategy(checked.get("of", INNER), checked.get("options"))
    return choice(**checked)


def build_strategy(name: str, options: Mapping[str, Any] | None = None) -> Strategy:
    """A one-shot strategy with its options: a function from beliefs to counts.

    Args:
        name: One of `strategy_names`, of an installed package, or ``module:Class``.
        options: Its options; what is left out keeps its default.

    Raises:
        ConfigError: As `build_method`; or the method draws in rounds and has no counts before it sees outcomes.
    """
    method = build_method(name, options)
    if isinstance(method, SequentialMethod):
        raise ConfigError(
            f"strategy {name!r} draws in rounds and has no counts before outcomes; it works in training and simulation."
            f" One-shot strategies: {', '.join(strategy_names())}"
        )
    return method


def check_strategy(name: str, options: Mapping[str, Any] | None = None) -> None:
    """Raise the ConfigError that `build_method` would raise, and do nothing else."""
    build_method(name, options)


def default_belief(name: str, options: Mapping[str, Any] | None = None) -> str:
    """Name of the tracker a method is meant to be used with (for a control: that of the strategy it controls).

    Raises:
        ConfigError: As `build_method`.
    """
    return build_method(name, options).default_belief
