"""The command that asks what an allocator would do, without a model."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knapsack_rl.cli.grouping import grouped
from knapsack_rl.cli.options import read_mapping

if TYPE_CHECKING:
    from knapsack_rl.simulation import SimulationSpec

BASELINE = "uniform"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateOptions:
    """Options of ``knapsack-rl simulate``."""

    pool: Annotated[str, typer.Option(help="hard, middle or late; see docs/simulation.md.")] = "hard"
    strategy: Annotated[str, typer.Option(help="A strategy that `knapsack-rl methods` lists, or module:Class.")] = (
        "knapsack"
    )
    options: Annotated[str, typer.Option(help="Options of the strategy as JSON.")] = "{}"
    belief: Annotated[
        str | None, typer.Option(help="A belief that it lists, or module:Class; the strategy's own if absent.")
    ] = None
    belief_options: Annotated[str, typer.Option(help="Options of the belief as JSON.")] = "{}"
    budget_per_prompt: Annotated[int, typer.Option(help="Mean rollouts per prompt.")] = 8
    low: Annotated[int, typer.Option(help="Fewest rollouts of a prompt.")] = 2
    high: Annotated[int, typer.Option(help="Most rollouts of a prompt.")] = 128
    prompts: Annotated[int, typer.Option(help="Prompts of the pool.")] = 17_000
    batch: Annotated[int, typer.Option(help="Prompts of a step; one allocation each.")] = 256
    epochs: Annotated[int, typer.Option(help="Passes over the pool.")] = 15
    drift_own: Annotated[float, typer.Option(help="Logits a prompt gains from its own signal.")] = 0.3
    drift_shared: Annotated[float, typer.Option(help="Logits all prompts gain per epoch of signal.")] = 0.4
    drift_per_rollout: Annotated[bool, typer.Option(help="A group teaches in proportion to its rollouts.")] = False
    seed: Annotated[int, typer.Option(help="Seed of rates, order and rollouts.")] = 0
    output: Annotated[Path, typer.Option(help="Folder for tables and figures.")]


def simulate(options: SimulateOptions) -> None:
    r"""Simulate training on latent success rates; writes tables (CSV) and figures (PNG, PDF), prints a summary.

    \b
    Example: knapsack-rl simulate --pool hard --strategy knapsack --prompts 17000 --batch 256 --epochs 15 --output sim
    """
    from knapsack_rl.base.extras import need
    from knapsack_rl.cli.simulation_files import write_simulation
    from knapsack_rl.records import ensure_writable
    from knapsack_rl.simulation import simulate as run

    need("pandas", "seaborn")
    spec = _spec(options)
    ensure_writable(options.output)
    arms = [run(spec)]
    if spec.strategy != BASELINE:  # the same prompts in the same order, with the same belief to call a prompt failed
        baseline = replace(spec, strategy=BASELINE, options={}, belief=spec.known_by)
        arms.insert(0, run(baseline))
    for line in write_simulation(arms, folder=options.output):
        typer.echo(line)


def _spec(options: SimulateOptions) -> "SimulationSpec":
    from knapsack_rl.simulation import Drift, SimulationSpec, find_pool

    return SimulationSpec(
        pool=find_pool(options.pool),
        strategy=options.strategy,
        options=read_mapping(options.options, "--options"),
        belief=options.belief,
        belief_options=read_mapping(options.belief_options, "--belief-options"),
        num_prompts=options.prompts,
        batch=options.batch,
        epochs=options.epochs,
        budget_per_prompt=options.budget_per_prompt,
        bounds=(options.low, options.high),
        drift=Drift(own=options.drift_own, shared=options.drift_shared, per_rollout=options.drift_per_rollout),
        seed=options.seed,
    )


COMMANDS = {"simulate": grouped(simulate)}
