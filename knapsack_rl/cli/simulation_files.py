"""Tables, figures and summary of a simulation."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knapsack_rl.simulation import Simulation

if TYPE_CHECKING:
    import pandas as pd

CONTROLS = ("uniform", "knapsack_greedy", "knapsack", "knapsack_posterior")
"""Strategies of the estimation figure, beside the one simulated."""

DRAWS = (2, 4, 8, 16, 32, 64, 128, 0)
"""Draws behind an estimate; 0 = the rates are known."""

FAST_BATCH = 256
"""Prompts of the estimation figure's batches; a larger batch says the same more slowly."""


def write_simulation(arms: Sequence[Simulation], *, folder: Path) -> Iterator[str]:
    """Write every table and figure; gives the lines of the summary.

    Args:
        arms: the simulated strategies, the baseline first.
        folder: where to write; it exists.

    Raises:
        OutputError: a file cannot be written.
    """
    from knapsack_rl.records import write_text

    tables = _tables(arms)
    for name, frame in tables.items():
        write_text(folder / f"{name}.csv", frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    num_figures = _draw(tables, folder=folder, uniform=arms[0].spec.budget_per_prompt)
    yield from _summary(tables["epochs"])
    yield from (_judgement(arm) for arm in arms)
    yield f"{len(tables)} tables and {num_figures} figures are in {folder}"


def _tables(arms: Sequence[Simulation]) -> "dict[str, pd.DataFrame]":
    import pandas as pd

    from knapsack_rl.allocation import SequentialMethod, build_method
    from knapsack_rl.allocation.grids import value_rows
    from knapsack_rl.allocation.theorem import CURVE_RATES, theorem_rows
    from knapsack_rl.simulation.classes import allocation_rows
    from knapsack_rl.simulation.estimation import EstimationSpec, estimation_rows
    from knapsack_rl.simulation.judged import calibration_rows, judge_beliefs

    spec = arms[-1].spec
    still = EstimationSpec(
        pool=spec.pool,
        batch=min(spec.batch, FAST_BATCH),
        budget_per_prompt=spec.budget_per_prompt,
        bounds=spec.bounds,
        seed=spec.seed,
    )
    strategies: dict[str, Mapping[str, Any]] = {name: {} for name in CONTROLS}
    if not isinstance(build_method(spec.strategy, spec.options), SequentialMethod):  # that has no counts to judge
        strategies |= {spec.strategy: spec.options}
    steps = pd.concat([pd.DataFrame(arm.steps).assign(strategy=arm.spec.strategy) for arm in arms])
    counts = [pd.DataFrame(allocation_rows(arm.last_epoch)).assign(strategy=arm.spec.strategy) for arm in arms]
    return {
        "steps": steps,
        "epochs": epoch_means(steps),
        "allocation": pd.concat(counts),
        "calibration": pd.concat(
            [pd.DataFrame(calibration_rows(judge_beliefs(arm))).assign(strategy=arm.spec.strategy) for arm in arms]
        ),
        "estimation": pd.DataFrame(estimation_rows(still, strategies, draws=DRAWS)),
        "theorem1": pd.DataFrame(theorem_rows(CURVE_RATES, seed=spec.seed)),
        "value": pd.DataFrame(value_rows()),
    }


def epoch_means(steps: "pd.DataFrame") -> "pd.DataFrame":
    """Means over the steps of an epoch per strategy; ``gain`` and ``discovery_frac`` are ratios of sums."""
    epochs = steps.groupby(["strategy", "epoch"], sort=False)
    sums = epochs[["objective", "objective_uniform", "num_discoveries", "num_failed"]].sum()
    means = epochs[["ratio_rollouts", "ratio_prompts", "known_frac", "max_count", "token_ratio", "mean_rate"]].mean()
    return means.assign(
        gain=sums["objective"] / sums["objective_uniform"] - 1.0,
        discovery_frac=sums["num_discoveries"] / sums["num_failed"].where(sums["num_failed"] > 0),
        num_discoveries=sums["num_discoveries"],
    ).reset_index()


def _draw(tables: "dict[str, pd.DataFrame]", *, folder: Path, uniform: int) -> int:
    from knapsack_rl.analysis.drawing.save import save
    from knapsack_rl.analysis.drawing.style import house_style
    from knapsack_rl.analysis.products.estimation import draw_estimation
    from knapsack_rl.analysis.products.simulated_run import draw_counts, draw_epochs
    from knapsack_rl.analysis.products.theory import draw_gradient_curves, draw_theorem, draw_value_contour

    with house_style():
        figures = {
            "epochs": draw_epochs(tables["epochs"]),
            "allocation": draw_counts(tables["allocation"], uniform=uniform),
            "estimation": draw_estimation(tables["estimation"]),
            "theorem1": draw_theorem(tables["theorem1"]),
            "value_contour": draw_value_contour(tables["value"]),
            "gradient_curves": draw_gradient_curves(tables["value"]),
        }
        for name, figure in figures.items():
            save(figure, name, folder=folder)
    return len(figures)


def _summary(epochs: "pd.DataFrame") -> Iterator[str]:
    """One line per strategy: means over the epochs after the first, in which nothing is known yet."""
    repeats = epochs[epochs["epoch"] > 0] if epochs["epoch"].max() > 0 else epochs
    width = int(epochs["strategy"].str.len().max())
    for strategy, rows in repeats.groupby("strategy", sort=False):
        mean = rows.mean(numeric_only=True)
        yield (
            f"{strategy:<{width}}  effective ratio {mean['ratio_rollouts']:.3f} by rollouts, "
            f"{mean['ratio_prompts']:.3f} by prompts; value {mean['gain']:+.1%} over equal counts; "
            f"{_found(mean['discovery_frac'])}; largest group {mean['max_count']:.0f}; "
            f"{mean['token_ratio']:.2f} times the tokens; "
            f"mean rate at the end {rows['mean_rate'].iloc[-1]:.3f}"
        )


def _judgement(arm: Simulation) -> str:
    """How good an arm's beliefs were in the last epoch."""
    from knapsack_rl.simulation.judged import PROBE_DRAWS, judge_beliefs

    spec, judged = arm.spec, judge_beliefs(arm)
    if not judged.num_known:
        return f"belief {spec.known_by} under {spec.strategy}: nothing was known yet in the last epoch"
    return (
        f"belief {spec.known_by} under {spec.strategy}, last epoch, by a probe of {PROBE_DRAWS}: "
        f"mean absolute error {judged.mean_absolute_error:.3f}, "
        f"root mean square error {judged.root_mean_square_error:.3f} without the probe's noise, "
        f"correlation {judged.correlation:.3f}; {judged.num_unknown} of "
        f"{judged.num_known + judged.num_unknown} visits without a belief"
    )


def _found(share: float) -> str:
    return "no prompt had failed before" if share != share else f"{share:.1%} of failed prompts found"  # noqa: PLR0124 - NaN
