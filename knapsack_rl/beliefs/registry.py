"""The table of trackers. To add one here: write its file, add its class; from elsewhere it is named `module:Class`."""

from collections.abc import Mapping
from typing import Any

from knapsack_rl.base.choices import NamedChoices
from knapsack_rl.base.outside import Contract
from knapsack_rl.beliefs.beta import BetaPosterior
from knapsack_rl.beliefs.cumulative import Cumulative
from knapsack_rl.beliefs.discounted_beta import DiscountedBeta
from knapsack_rl.beliefs.ema import Ema
from knapsack_rl.beliefs.kernel_beta import KernelBeta
from knapsack_rl.beliefs.last_visit import LastVisit
from knapsack_rl.beliefs.learned import Learned
from knapsack_rl.beliefs.newest16 import Newest16
from knapsack_rl.beliefs.oracle import Oracle
from knapsack_rl.beliefs.sliding import Sliding
from knapsack_rl.beliefs.tracker import Tracker

_CLASSES: tuple[type[Tracker], ...] = (
    BetaPosterior,
    Cumulative,
    DiscountedBeta,
    Ema,
    KernelBeta,
    LastVisit,
    Learned,
    Newest16,
    Oracle,
    Sliding,
)
TRACKERS: NamedChoices[Tracker] = NamedChoices(
    "belief",
    {choice.name: choice for choice in _CLASSES},
    contract=Contract(
        base=Tracker,
        required=("name", "source", "observe", "predict", "state_dict", "load_state_dict"),
        group="knapsack_rl.beliefs",
        guide="docs/adding_a_strategy.md",
        inherits=False,
    ),
)


def tracker_names() -> tuple[str, ...]:
    """Names of our trackers, sorted."""
    return TRACKERS.names()


def build_tracker(name: str, options: Mapping[str, Any] | None = None) -> Tracker:
    """A fresh tracker.

    Args:
        name: One of `tracker_names`, of an installed package, or ``module:Class``.
        options: Its options; what is left out keeps its default.

    Raises:
        ConfigError: Unknown name or option, a class that is no tracker, or a value of the wrong type or range.
    """
    return TRACKERS.build(name, options)


def check_tracker(name: str, options: Mapping[str, Any] | None = None) -> None:
    """Raise the ConfigError that `build_tracker` would raise, and do nothing else."""
    TRACKERS.build(name, options)
