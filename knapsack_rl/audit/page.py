"""An audit as headings, sentences and tables, which Markdown and HTML show alike."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from knapsack_rl.audit.gain import Estimate
from knapsack_rl.audit.result import Audit
from knapsack_rl.audit.training import Window
from knapsack_rl.audit.verdict import in_percent, in_points
from knapsack_rl.base.markdown import markdown_table

TITLE = "Rollout audit"
TRAINING = "Groups with a gradient"
GAINS = "Expected gain of uneven budgets"
COUNTS = "What each strategy would have assigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with sentences and at most one table."""

    title: str
    sentences: tuple[str, ...]
    header: tuple[str, ...] = ()
    num_labels: int = 1
    """Columns that hold words, which come first; the others hold numbers."""
    rows: tuple[tuple[str, ...], ...] = ()


def sections(found: Audit) -> Iterator[Section]:
    """The page below its title and verdict, in order."""
    yield _log(found)
    yield _training(found)
    yield _gains(found)
    yield _counts(found)
    if found.notes:
        yield Section(title="Notes on the log", sentences=found.notes)


def markdown_page(found: Audit) -> str:
    """The page as Markdown, which is also what a terminal shows."""
    parts = [f"# {TITLE}", f"**{found.verdict}**"]
    for section in sections(found):
        parts.append(f"## {section.title}")
        parts += [sentence for sentence in section.sentences if sentence]
        if section.rows:
            parts.append(markdown_table(section.header, section.rows, right=section.header[section.num_labels :]))
    return "\n\n".join(parts) + "\n"


def _log(found: Audit) -> Section:
    moved, whole = found.movement, found.whole
    size = (
        f"{found.num_rollouts} rollouts in {found.num_groups} groups of {found.num_prompts} prompts, "
        f"steps {whole.first_step} to {whole.last_step} ({whole.num_steps} of them logged); "
        f"{moved.num_visits:.1f} visits per prompt."
    )
    sentences = [size]
    if math.isnan(moved.drift):
        sentences.append("No prompt is met twice, so how far success rates move is not known.")
    else:
        sentences.append(
            f"Between two visits, {moved.gap_steps:.0f} steps apart, success rates move by {moved.drift:.2f} "
            f"(root mean square, noise taken off) and rise by {moved.rise:+.2f} on average."
        )
    if not math.isnan(found.wasted):
        sentences.append(f"{found.wasted:.1%} of all response {found.unit} are in groups without a gradient.")
    if found.hidden_spread > 0:
        sentences.append(
            f"{found.hidden_spread:.1%} of the groups have one outcome under the threshold but rewards that differ: "
            "they had a gradient, and count here as groups without one."
        )
    return Section(title="The log", sentences=tuple(sentences))


def _training(found: Audit) -> Section:
    windows = (found.whole, *found.windows) if len(found.windows) > 1 else (found.whole,)
    return Section(
        title=TRAINING,
        sentences=("Means over steps with 95 % t-intervals over steps.",),
        header=(
            "steps",
            "rollouts with a gradient",
            "prompts with a gradient",
            "prompts all right",
            "prompts all wrong",
        ),
        rows=tuple(_window_row(window) for window in windows),
    )


def _window_row(window: Window) -> tuple[str, ...]:
    shares = (window.ratio_rollouts, window.ratio_prompts, window.all_right, window.all_wrong)
    return (f"{window.first_step}-{window.last_step}", *map(_share, shares))


def _share(estimate: Estimate) -> str:
    ends = "" if math.isnan(estimate.low) else f" [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"
    return f"{100 * estimate.value:.1f} %{ends}"


def _gains(found: Audit) -> Section:
    rows = [
        (
            each.strategy,
            in_percent(each.gain.value),
            "n/a" if math.isnan(each.gain.believed) else f"{100 * each.gain.believed:+.1f} %",
            in_points(each.gain.prompts),
            in_points(each.gain.rollouts),
        )
        for each in found.replayed
        if each.gain is not None
    ]
    told = (
        f"Over equal counts with the same total, in the {found.num_judged_steps} steps in which most prompts had been "
        "met before. Beliefs come from earlier steps only; gains are taken at calibrated rates, with 95 % jackknife "
        "intervals over blocks of steps. The value is V(N, p) = [1 - p^N - (1-p)^N] p (1-p)^2 (arXiv 2509.25849); it "
        "is not accuracy."
    )
    return Section(
        title=GAINS,
        sentences=(told,) if rows else ("No step could be judged.",),
        header=(
            *("strategy", "value", "value, by its own estimates"),
            *("prompts with a gradient", "rollouts with a gradient (re-weighting included)"),
        ),
        rows=tuple(rows),
    )


def _counts(found: Audit) -> Section:
    rows = [
        (
            *(each.strategy, each.belief, at.believed, str(at.num_groups)),
            *(f"{at.mean:.1f}", f"{at.median:g}", str(at.largest)),
        )
        for each in found.replayed
        for at in each.counts
    ]
    return Section(
        title=COUNTS,
        sentences=("Rollouts per prompt, by the success rate that was believed before the step.",) if rows else (),
        header=("strategy", "belief", "believed rate", "groups", "mean", "median", "largest"),
        num_labels=3,
        rows=tuple(rows),
    )
