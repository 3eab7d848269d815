"""The runs that a grid names, before their settings are resolved."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import Batch, GridConfig, StudyConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class GridKey:
    """What names one run of a grid."""

    model: str
    arm: str
    budget: int
    batch: Batch
    prompts_per_step: int | None
    """Prompts of a step where the total is fixed, None where `train` says it."""
    seed: int

    @property
    def run_id(self) -> str:
        """``<model>-<arm>-n<budget>-s<seed>``, with ``-total_fixed`` after the budget where the total is fixed."""
        mark = "" if self.batch == "prompts_fixed" else f"-{self.batch}"
        return f"{self.model}-{self.arm}-n{self.budget}{mark}-s{self.seed}"


def grid_keys(study: StudyConfig) -> dict[str, GridKey]:
    """All runs by id, in grid order.

    Where both batches are asked for, the budget at which they coincide is run once, as ``prompts_fixed``.

    Raises:
        ConfigError: a total that no budget divides.
    """
    prompts_per_step = study.train.prompts_per_step
    return {key.run_id: key for block in study.grid for key in _block_keys(block, prompts_per_step)}


def _block_keys(grid: GridConfig, prompts_per_step: int) -> Iterator[GridKey]:
    for model, arm, (budget, batch, prompts), seed in product(
        grid.models, grid.arms, _budgets(grid, prompts_per_step), grid.seeds
    ):
        yield GridKey(model=model, arm=arm, budget=budget, batch=batch, prompts_per_step=prompts, seed=seed)


def _budgets(grid: GridConfig, prompts_per_step: int) -> list[tuple[int, Batch, int | None]]:
    found: list[tuple[int, Batch, int | None]] = []
    for batch, budget in product(grid.batches, grid.budgets):
        if batch == "prompts_fixed":
            found.append((budget, batch, None))
            continue
        total = grid.rollouts_per_step or 0
        if total % budget:
            raise ConfigError(f"grid.rollouts_per_step: {total} is no multiple of the budget {budget}; change either")
        if "prompts_fixed" not in grid.batches or total // budget != prompts_per_step:
            found.append((budget, batch, total // budget))
    return found
