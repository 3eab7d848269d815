"""Where the time of a finished study went, by rule: `python benchmarks/where_time_goes.py results/arithmetic`.

Reads what Snakemake measured of every job (its last attempt). Seconds are summed over jobs: two at once count twice.
"""

import csv
import sys
from collections import Counter
from pathlib import Path


def main(folder: Path) -> None:
    """Print seconds, processor seconds and share per rule, longest first."""
    seconds: Counter[str] = Counter()
    processor: Counter[str] = Counter()
    jobs: Counter[str] = Counter()
    for path in sorted((folder / "benchmarks").rglob("*.tsv")):
        rule = path.relative_to(folder / "benchmarks").parts[0].removesuffix(".tsv")
        with path.open(encoding="utf-8") as stream:
            (row,) = csv.DictReader(stream, delimiter="\t")
        jobs[rule] += 1
        seconds[rule] += float(row["s"])
        processor[rule] += float(row["cpu_time"]) if row["cpu_time"] != "NA" else 0.0
    total = sum(seconds.values())
    print(f"{'rule':<14}{'jobs':>6}{'seconds':>10}{'cpu s':>10}{'share':>8}")
    for rule, spent in seconds.most_common():
        print(f"{rule:<14}{jobs[rule]:>6}{spent:>10.0f}{processor[rule]:>10.0f}{spent / total:>8.1%}")
    print(f"{'total':<14}{sum(jobs.values()):>6}{total:>10.0f}{sum(processor.values()):>10.0f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python benchmarks/where_time_goes.py results/<study>")
    main(Path(sys.argv[1]))
