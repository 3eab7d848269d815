"""How often 95% intervals of a rank hold the true rank: `python benchmarks/rank_coverage.py` (a minute or two).

Thirty arms of true effects that spread as much as an arm's noise in a replicate, which has one common part, too. In the
second half arms differ in their noise, by a factor of about 1.5 either way, which the product's draws take to be equal.
Beside the product's own code the bootstrap of whole replicates, which is not printed there.
"""

import sys

import numpy as np
import pandas as pd

from knapsack_rl.analysis.inference.ranking import rank_uncertainty

ARMS, STUDIES, NUMBERS = 30, 100, (3, 6, 12)


def product(values_SA: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest rank of each arm by the table ``league``."""
    frame = pd.DataFrame(values_SA)
    found = rank_uncertainty(frame, frame.mean())
    return found["rank_low"].to_numpy(), found["rank_high"].to_numpy()


def whole_replicates(values_SA: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same by resampling replicates with all of their arms."""
    chosen_DS = np.random.default_rng(0).integers(0, len(values_SA), (1000, len(values_SA)))
    rank_DA = (-values_SA[chosen_DS].mean(axis=1)).argsort(axis=1).argsort(axis=1) + 1
    low_A, high_A = np.quantile(rank_DA, [0.025, 0.975], axis=0, method="inverted_cdf")
    return low_A, high_A


INTERVALS = {"product": product, "bootstrap of replicates (not printed)": whole_replicates}


def main() -> None:
    """Print the table of docs/statistics.md: share held, and mean width in ranks."""
    print("| interval of the rank of 30 arms | noise | " + " | ".join(f"n = {num}" for num in NUMBERS) + " |")
    print("|---|---|" + "--:|" * len(NUMBERS))
    for name, interval in INTERVALS.items():
        for kind, differ in (("equal", 0.0), ("unequal", 0.4)):
            cells = []
            for num in NUMBERS:
                rng, held, width = np.random.default_rng(num), [], []
                for _ in range(STUDIES):
                    true_A, noise_A = rng.normal(size=ARMS), np.exp(differ * rng.normal(size=ARMS))
                    common_S = 1.5 * rng.normal(size=(num, 1))
                    low_A, high_A = interval(true_A + common_S + noise_A * rng.normal(size=(num, ARMS)))
                    rank_A = (-true_A).argsort().argsort() + 1
                    held.append((low_A <= rank_A) & (rank_A <= high_A))
                    width.append(high_A - low_A)
                cells.append(f"{np.mean(held):.3f} (width {np.mean(width):.1f})")
            print(f"| {name} | {kind} | {' | '.join(cells)} |")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
