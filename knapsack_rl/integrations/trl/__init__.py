"""The allocator inside TRL: `KnapsackGRPOTrainer` takes the place of ``trl.GRPOTrainer``. See docs/trl.md.

``trainer`` and what it is made of import TRL when they are asked for; ``versions``, ``slots``, ``advantages``,
``metrics`` and ``identity`` do without it.
"""

from typing import TYPE_CHECKING, Any

from knapsack_rl.integrations.settings import AllocationSettings

if TYPE_CHECKING:
    from knapsack_rl.integrations.trl.trainer import KnapsackGRPOTrainer

__all__ = ["AllocationSettings", "KnapsackGRPOTrainer"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attribute
    """Import TRL on first use of the trainer.

    Raises:
        ConfigError: TRL is not installed, or in a version that was not tested.
    """
    if name != "KnapsackGRPOTrainer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from knapsack_rl.integrations.trl.versions import require_trl

    require_trl()
    from knapsack_rl.integrations.trl.trainer import KnapsackGRPOTrainer

    return KnapsackGRPOTrainer
