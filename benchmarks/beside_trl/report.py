"""What was measured, as Markdown, CSV and a figure."""

import csv
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

Case = Mapping[str, Any]
HEADER = ("case", "trainer", "steps", "processor s per step", "wall s per step", "of TRL", "response tokens per step")


def medians(case: Case) -> dict[str, dict[str, float]]:
    """Per way: medians over its steps, and the ratio of processor seconds to TRL's."""
    found = {
        way: {key: median(lap[key] for lap in laps) for key in ("processor_s", "wall_s", "response_tokens")}
        for way, laps in case["laps"].items()
    }
    for each in found.values():
        each["ratio"] = each["processor_s"] / found["TRL"]["processor_s"]
    return found


def write_report(found: Mapping[str, Any], folder: Path, *, name: str = "trl") -> None:
    """``trl.md``, ``trl.csv`` and ``trl.png`` in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row for case in found["cases"] for row in _rows(case)]
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([HEADER, *rows])
    (folder / f"{name}.md").write_text(markdown(found), encoding="utf-8")
    _draw(found["cases"], folder / f"{name}.png")


def markdown(found: Mapping[str, Any]) -> str:
    """The report's text: equality first, then times."""
    machine = found["machine"]
    versions = f"torch {machine['torch']}, transformers {machine['transformers']}, Python {machine['python']}"
    sizes = f"threads: {machine['threads']}, rounds: {machine['rounds']}, size: {machine['size']}"
    lines = [f"TRL {machine['trl']} and this package on {versions}; {machine['processor']}, {sizes}.", ""]
    for case in found["cases"]:
        lines += [f"## {case['name']}", "", _shape(case), "", _equality(case["equality"]), ""]
        lines += ["| " + " | ".join(row) + " |" for row in (HEADER, ("---",) * len(HEADER), *_rows(case))]
        lines.append("")
    return "\n".join(lines)


def _shape(case: Case) -> str:
    vocabulary = f", vocabulary {case['vocabulary']:,}" if case["vocabulary"] else ""
    return (
        f"Hidden {case['hidden']}, {case['layers']} layers{vocabulary}; {case['prompts']} prompts x {case['rollouts']}"
        f" rollouts, at most {case['response_tokens']} response tokens, 2 mini-batches;"
        f" TRL pushes {case['trl_rows']} rows at once, the fastest of those tried."
    )


def _equality(equality: Mapping[str, float]) -> str:
    return (
        f"The same {equality['num_rollouts']} rollouts, {equality['num_mixed']} of them with an advantage: advantages"
        f" differ by {equality['advantages']:.1e} (TRL adds 1e-4 to the standard deviation, we add 1e-6), by"
        f" {equality['advantages_one_epsilon']:.1e} with one epsilon; gradients by {equality['gradients']:.1e}, and by"
        f" {equality['gradients_one_advantage']:.1e} with equal advantages (relative to the largest of a tensor)."
    )


def _rows(case: Case) -> list[tuple[str, ...]]:
    return [
        (
            case["name"],
            way,
            str(len(case["laps"][way])),
            f"{each['processor_s']:.3f}",
            f"{each['wall_s']:.3f}",
            f"{each['ratio']:.2f}",
            f"{each['response_tokens']:,.0f}",
        )
        for way, each in medians(case).items()
    ]


def _draw(cases: list[Case], path: Path) -> None:
    """A bar per way, a dot per step."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(cases), figsize=(5.2 * len(cases), 3.0), layout="constrained", squeeze=False)
    for axis, case in zip(axes[0], cases, strict=True):
        found = medians(case)
        names = list(found)[::-1]
        colours = ["0.6" if way == "TRL" else "C0" for way in names]
        axis.barh(names, [found[way]["processor_s"] for way in names], color=colours)
        for place, way in enumerate(names):
            steps = [lap["processor_s"] for lap in case["laps"][way]]
            axis.plot(steps, [place] * len(steps), "k.", markersize=3)
            axis.text(max(steps), place, f"  {found[way]['ratio']:.2f}", va="center")
        axis.set_title(f"{case['name']}: hidden {case['hidden']}, {case['layers']} layers")
        axis.set_xlabel("processor seconds per step (number: of TRL)")
        axis.margins(x=0.15)
    figure.savefig(path, dpi=150)
    plt.close(figure)
