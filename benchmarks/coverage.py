"""How often intervals over replicates hold the truth: `python benchmarks/coverage.py` (a minute or two).

Differences of known mean 0 are drawn, normal and skewed; each interval is the product's own code, and the percentile
bootstrap beside them the one that is not printed. The simulation's own noise is about 0.5 points.
"""

import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from knapsack_rl.analysis.inference.replicates import improvement_interval, studentised_interval
from knapsack_rl.analysis.inference.stats import mean_interval
from knapsack_rl.analysis.products.beside_reference import beside_reference

CELLS = 2000
NUMBERS = (3, 6, 12)
DRAWS: dict[str, Callable[..., np.ndarray]] = {
    "normal": lambda rng, size: rng.normal(size=size),
    "skewed (exponential)": lambda rng, size: rng.exponential(size=size) - 1.0,
}


def paired_t(values: np.ndarray) -> tuple[float, float]:
    """Of differences, as in the tables `differences` and `replicates`."""
    found = mean_interval(values)
    return found.low, found.high


def percentile(values: np.ndarray) -> tuple[float, float]:
    """The bootstrap that is not printed."""
    drawn = values[np.random.default_rng(0).integers(0, values.size, (999, values.size))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


INTERVALS = {
    "paired t": paired_t,
    "studentised bootstrap": studentised_interval,
    "percentile bootstrap (not printed)": percentile,
}


def held(draw: Callable[..., np.ndarray], *, num: int, interval: Callable[[np.ndarray], tuple[float, float]]) -> float:
    """Share of cells whose interval holds 0; NaN where none is given."""
    cells = draw(np.random.default_rng(num), (CELLS, num))
    bounds = np.array([interval(values) for values in cells])
    return float(((bounds[:, 0] <= 0) & (bounds[:, 1] >= 0)).mean()) if np.isfinite(bounds).all() else np.nan


def welch(num: int) -> float:
    """Of two studies with ``num`` and 12 replicates, by the table `beside_reference`."""
    rng = np.random.default_rng(num)
    tables = [_differences(rng.normal(size=(CELLS, size))) for size in (num, 12)]
    both = beside_reference(*tables)
    return float(((both["distance_low"] <= 0) & (both["distance_high"] >= 0)).mean())


def _differences(cells: np.ndarray) -> pd.DataFrame:
    found = [mean_interval(values) for values in cells]
    rows = [(one.mean, one.low, one.high, one.num) for one in found]
    table = pd.DataFrame(rows, columns=["difference", "ci_low", "ci_high", "num_seeds"])
    return table.assign(model="m", budget=range(len(rows)), arm="a", baseline="u", metric="accuracy/average")


def improvement(num: int, *, effect: float = 0.7) -> float:
    """Of the probability of improvement of pairs that share half of their variance, where there is an interval."""
    rng = np.random.default_rng(num)
    held = []
    for _ in range(CELLS):
        shared, own = rng.normal(size=num), rng.normal(size=(2, num))
        low, high = improvement_interval(*(np.sqrt(0.5) * (shared + own) + [[effect], [0.0]]))
        held.append(np.nan if np.isnan(low) else low <= stats.norm.cdf(effect / np.sqrt(2)) <= high)
    return float(np.nanmean(held)) if np.isfinite(held).any() else np.nan


def holm(num: int, *, claims: int = 5) -> float:
    """Share of studies in which Holm's adjustment over ``claims`` true null hypotheses rejects none."""
    rng = np.random.default_rng(num)
    values = rng.normal(size=(CELLS, claims, num))
    p_values = 2 * stats.t.sf(np.abs(values.mean(-1)) / values.std(-1, ddof=1) * np.sqrt(num), num - 1)
    return float((p_values.min(axis=1) * claims > 0.05).mean())


def main() -> None:
    """Print the table of docs/statistics.md."""
    print("| interval | differences | " + " | ".join(f"n = {num}" for num in NUMBERS) + " |")
    print("|---|---|" + "--:|" * len(NUMBERS))
    for name, interval in INTERVALS.items():
        for kind, draw in DRAWS.items():
            shares = [held(draw, num=num, interval=interval) for num in NUMBERS]
            print(f"| {name} | {kind} | " + " | ".join("none" if np.isnan(s) else f"{s:.3f}" for s in shares) + " |")
            sys.stdout.flush()
    names = {"probability of improvement, true 0.69": improvement}
    for name, of in (
        *names.items(),
        ("distance to a reference of 12 (Welch)", welch),
        ("no false verdict among 5 (Holm)", holm),
    ):
        print(
            f"| {name} | normal | "
            + " | ".join("none" if np.isnan(s := of(num)) else f"{s:.3f}" for num in NUMBERS)
            + " |"
        )


if __name__ == "__main__":
    main()
