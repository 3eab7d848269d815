"""Result tables for people: readable headers, rounded numbers, a caption; and the files they are written to.

CSV carries full numbers under machine names, Markdown what a reader wants. A missing value is an empty CSV field and
``n/a`` in Markdown.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from knapsack_rl.analysis.claims.words import fold_claims
from knapsack_rl.analysis.latex import latex_of
from knapsack_rl.analysis.paired_words import fold_ablations, fold_differences
from knapsack_rl.analysis.paper_layout import fold_paper_layout
from knapsack_rl.records import write_text

MISSING = "n/a"

SMALL, LARGE = 1e-3, 1e5
"""Outside these a fraction is shown with three digits and a power of ten."""

HEADERS: Mapping[str, str] = {
    "run_id": "run",
    "budget": "N",
    "num_seeds": "seeds",
    "arm_mean": "arm mean",
    "baseline_mean": "baseline mean",
    "ratio_rollouts": "mixed, by rollouts",
    "ratio_prompts": "mixed, by prompts",
    "all_correct_prompts": "all correct, by prompts",
    "all_wrong_prompts": "all wrong, by prompts",
    "max_rollouts": "most rollouts",
    "first_step": "first step",
    "last_step": "last step",
    "total_rollouts": "rollouts",
    "total_response_tokens": "response tokens",
    "num_rollouts": "rollouts",
    "num_response_tokens": "response tokens",
    "num_updated_tokens": "tokens updated on",
    "num_belief_multiply_adds": "multiply-adds of the belief",
    "total_belief_multiply_adds": "multiply-adds of the belief",
    "base_accuracy": "base accuracy",
    "reweighting": "re-weighting",
    "rest": "the rest",
    "objective_gain": "objective over equal counts",
    "objective_belief_gain": "as believed",
    "perfect_gain": "with known rates",
    "q10_rollouts": "10th percentile",
    "q50_rollouts": "median",
    "q90_rollouts": "90th percentile",
    "drift": "drift per visit (rms)",
    "rise": "rise per visit",
    "gap_steps": "steps between visits",
    "baseline_drift": "baseline's drift",
    "yours_num_seeds": "your seeds",
    "reference_num_seeds": "its seeds",
    "gini_rollouts": "Gini",
    "entropy_rollouts": "entropy",
    "num_largest_prompts": "prompts with a step's largest",
    "num_prompts": "prompts before",
    "probe_rmse": "error against probe",
    "rmse": "error",
    "lag": "lag (visits)",
    "num_visits": "visits",
    "num_probed": "probed",
    "num_problems": "problems",
    "num_exact": "contaminated (exact)",
    "num_words": "contaminated (20 words)",
    "num_samples": "samples",
    "truncated": "cut off (share)",
    "avg_at_k": "avg@k",
    "pass_at_k": "pass@k",
    "num_before": "before",
    "num_after": "after",
}
"""Headers that are not the column's own name with spaces."""

CAPTIONS: Mapping[str, str] = {
    "paper_layout": "Accuracy in percent at the last checkpoint that all runs of a cell share: avg@k and"
    " unbiased pass@k per benchmark, and their unweighted average over all benchmarks shown. Gains of the average over"
    " uniform are in points, within a seed, with 95% t-intervals; bold only where the interval excludes zero. The last"
    " rows, where overlaps were looked for: percent of a benchmark's problems that overlap the training set.",
    "compute_to_reach": "What an arm and uniform allocation spend until the same accuracy, and the ratio uniform"
    " / arm: above 1 the arm needs less, 2 is the twice as many that the paper claims. Targets lie at a share"
    " (level) of the way from the base model to the highest accuracy that all compared runs reached; curves are"
    " linear between checkpoints and nothing is extrapolated. Ratio: geometric mean over paired seeds, 95%"
    " t-interval on logarithms. total_s are wall-clock seconds of training steps.",
    "ablations": "Variants that differ in one factor of their resolved configuration only, each minus the first"
    " such variant of the grid, within a seed; the gain is the variant minus uniform allocation with all else equal,"
    " where the study has that. Interval: 95% Student t over paired seeds. A budget is compared at equal prompts or at"
    " equal rollouts per step, as its name says.",
    "cost": "Cost per rollout by arm, and its ratio to uniform at equal rollouts: a ratio interval above 1 says"
    " that uneven allocation costs more. Rows ending in _s are seconds of a phase, with their share of the step."
    " Geometric mean over paired seeds, 95% t-interval on logarithms.",
    "tokens_by_difficulty": "Response tokens per rollout, and the share of all rollouts, by the success rate of"
    " the group itself. Mean over seeds ± half the 95% t-interval.",
    "theorem": "Theorem 1 of the paper per success rate p: rollouts until both outcomes have occurred (formula"
    " and simulation with its standard error), the bound for a chance of 0.9 (necessary), the fewest that suffice,"
    " and the chance of a non-zero gradient with N rollouts.",
    "published": "Final accuracy (0..1) of this study, on average and per benchmark, then numbers published by others"
    " as reference rows with their source, benchmarks named as there. Sources differ in data, length and benchmarks and"
    " are never combined; published rows are single runs.",
    "claims": "Each claim of the paper (R) and in circulation (L) against these records. Supported: the 95%"
    " interval lies wholly on the claimed side of the line or, where about so much is claimed, wholly within the band;"
    " contradicted: wholly on the other side, or on one side of the band; else not decidable with these runs."
    " Intervals: Student t over seeds, each the mean over models and budgets; where a claim is about the best or about"
    " every member, the bracketed one decided, widened for their number where that is due. Claims about a budget have a"
    " row per N, the paper's first. p (Holm) is adjusted within the confirmatory family; where it exceeds 0.05 the"
    " verdict says so. All other rows are descriptive and not adjusted; those of the role `task` say whether the task"
    " looks like the paper's, and nothing of the method.",
    "differences": "Each arm minus the baseline at equal rollouts, within a seed, per model and budget N (mean rollouts"
    " per prompt). Ratios and accuracies are shares in 0..1. Interval: 95% Student t over paired seeds. Ratios are"
    " means from the arm's first known belief on.",
    "replicates": "Final average accuracy (0..1) of each arm and the baseline over replicates (seeds). Interval: 95%"
    " paired Student t; bootstrap: studentised, from 6 replicates on. iqm: interquartile means. Improvement: chance"
    " that the arm in one replicate beats the baseline in any other or the same, without an interval. Improved: share"
    " of replicates in which it beats the baseline of the same replicate (no ties), 95% Clopper-Pearson interval.",
    "variance": "Variance of one replicate's difference in final average accuracy, and its parts (they add up, and are"
    " unbiased, so that one may lie below zero): replicates (base model, seed and problems in one), problems within a"
    " replicate, samples within a problem. se: of the mean over replicates; within pair: of one pair of runs, problems"
    " as the unit; endless samples or problems: what more of them would leave at most. Replicates that share problems"
    " have no split.",
    "zero_gradient": "Shares (0..1) of rollouts or prompts whose group is mixed, all correct or all wrong; mixed by"
    " rollouts is the paper's effective-gradient ratio. Mean over seeds ± half the 95% t-interval. N is the mean"
    " number of rollouts per prompt.",
    "benchmarks": "Accuracy (0..1) on held-out problems at the last checkpoint that all runs of a cell share: avg@k and"
    " unbiased pass@k. Mean over seeds ± half the 95% t-interval. Base model: the mean where each seed has its own.",
    "compute": "Average accuracy over benchmarks (avg@k, 0..1) against what had been generated by each checkpoint (mean"
    " over seeds): rollouts and response tokens, and what a belief with a model of its own"
    " computed for them. ± is half the 95% t-interval over seeds.",
    "data": "Problems before and after every step of the data preparation, in order. Rows `in training` count benchmark"
    " problems that overlap the training set: before overlaps were removed, and in the end. docs/data.md states how"
    " texts are compared; stock phrases make 20 common words an upper bound.",
    "gradient_split": "Both effective-gradient ratios and what the rise of the first is made of: re-weighting (the"
    " arm's ratio by rollouts minus its ratio by prompts) and the rest (its ratio by prompts minus uniform's, same"
    " seed and step). Objective over equal counts: what the counts are worth under the paper's value function beyond"
    " an even split of the same rollouts, at the rates that such prompts turned out to have, and at the beliefs. Mean"
    " over seeds ± half the 95% t-interval.",
    "budgets": "Rollouts per visit by the success rate that was believed (a rate on a border belongs to the class above"
    " it); success rate: what these prompts turned out to be. Mean over seeds ± half the 95% t-interval; quantiles and"
    " maximum over all visits of all seeds.",
    "concentration": "How unequal the counts of a step are: quantiles, maximum, Gini index (0 = equal) and entropy"
    " (1 = equal), means over the steps of a period and over seeds ± half the 95% t-interval; and the largest count of"
    " the period with the prompt that got it, what was believed of it, and its successes.",
    "transitions": "Training problems of the fixed probe by class of difficulty before and after training: of each"
    " class before, the share (0..1) in each class after. Mean over seeds ± half the 95% t-interval. Difference: minus"
    " the baseline, paired by seed.",
    "discovery": "Shares (0..1) of the probed training problems: never solved before and after training; discovered (of"
    " those never solved before, solved after), lost (of those solved before, never solved after), solved in training"
    " (of those never solved after). A probe of k samples calls never solved what fails k times. Mean over seeds ± half"
    " the 95% t-interval.",
    "beliefs": "Beliefs against the outcomes of the steps they were made for: share of prompts with one, bias (belief"
    " minus outcome), error (rms, the outcomes' own noise removed), correlation with the noisy outcomes. Objective over"
    " equal counts: of the counts given, as the beliefs promised it, and of the best counts if rates were known;"
    " captured: the first as a share of the last. Lag in visits and the error against the probe of the last checkpoint"
    " are over all of training. Mean over seeds ± half the 95% t-interval.",
    "drift": "How far a training prompt's success rate moves between two visits: root mean square (drift, the outcomes'"
    " own noise taken off), mean (rise), steps between visits, visits per prompt; and effects to be read against the"
    " baseline's drift of the cell: final accuracy and both ratios minus the baseline's, within a seed, and the"
    " objective at calibrated rates over equal counts from the first known belief on. Mean over seeds ± half the 95%"
    " t-interval.",
    "beside_reference": "Differences from uniform in this study (yours) and in the reference, with 95% intervals, and"
    " how far apart they are, with Welch's: both are samples of replicates. They agree where that reaches zero.",
    "tuned_uniform": "Final average accuracy of every arm minus that of uniform allocation at its best N, at equal"
    " rollouts: for each seed, N is the one that is best on average over the other seeds, so that it is not chosen by"
    " what it is judged on. Chosen: how often which N was. Interval: 95% Student t over paired seeds. Empty unless"
    " uniform was run at several N with the same total.",
    "first_epoch": "What passes before most prompts are met again: shares (0..1) of a run's steps, rollouts and"
    " rollouts in mixed groups up to that step; over the whole run the share of rollouts on prompts without a belief,"
    " and the share of later visits that still had none. Mean over seeds ± half the 95% t-interval.",
    "evaluated": "Accuracy (0..1) of every run on every benchmark at its last checkpoint: avg@k and unbiased pass@k."
    " Brackets: 95% bootstrap within one run, over problems; it says nothing about other seeds. `average` weighs the"
    " benchmarks it names equally. Contaminated: problems that are trained on word for word, and problems that share 20"
    " words in a row with a training problem (those included); n/a where overlaps were not looked for.",
    "runs": "One row per run at its last checkpoint. Brackets: 95% bootstrap within one run, over problems; it says"
    " nothing about other seeds. Ratios are means from the second visit on. Columns ending in (s) are wall-clock"
    " seconds summed over steps.",
}

PAIRED = ("replicates", "tuned_uniform")
"""Tables whose difference stands in a column of its own, its interval beside it as in the table ``differences``."""

_WHOLE = ("num_", "total_", "max_", "first_", "last_", "budget", "seed")
_INTERVAL_ENDS = ("_low", "_high")


def caption(name: str, frame: pd.DataFrame) -> str:
    """One line under table ``name``: what it shows, units, seeds, and what the interval is."""
    text = CAPTIONS[name]
    if "num_seeds" in frame and frame["num_seeds"].notna().any():
        seeds = frame["num_seeds"].dropna().astype(int)
        seeds = seeds[seeds > 0] if (seeds > 0).any() else seeds  # a claim about formulas rests on no seeds
        low, high = seeds.min(), seeds.max()
        text += f" Seeds: {low}." if low == high else f" Seeds: {low} to {high}."
        text += " Below 3 seeds no interval is given." if low < 3 else ""  # noqa: PLR2004 - said in the sentence
    if "k" in frame and len(frame):
        text += f" k = {int(frame['k'].iloc[0])}."
    return text


def present(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Table ``name`` as strings under readable headers, each value folded together with its interval."""
    if name == "claims":
        return fold_claims(frame)
    if name == "paper_layout":
        return fold_paper_layout(frame)
    if name == "differences":
        frame = fold_differences(frame)
    if name == "ablations":
        frame = fold_ablations(frame)
    if name in PAIRED:
        frame = frame.rename(columns={"ci_low": "difference_low", "ci_high": "difference_high"})
    shown = {}
    for column in frame.columns:
        if column.endswith(_INTERVAL_ENDS) and column.rpartition("_")[0] in frame:
            continue
        shown[header(column)] = _cells(frame, column)
    return pd.DataFrame(shown, index=frame.index)


def header(column: str) -> str:
    """Readable header of ``column``."""
    score, _, benchmark = column.partition("/")
    if benchmark:
        return f"{benchmark}, {score.replace('_at_', '@')}"
    if column.endswith("_s"):
        return f"{column.removesuffix('_s')} (s)"
    return HEADERS.get(column, column.replace("_", " "))


def _cells(frame: pd.DataFrame, column: str) -> list[str]:
    whole = column.startswith(_WHOLE) or column.endswith("num_seeds") or column in ("step", "k")
    digits = 0 if whole else 1 if column.endswith("_s") else 3
    values = [_text(value, digits) for value in frame[column]]
    if f"{column}_low" not in frame:
        return values
    bounds = zip(values, frame[f"{column}_low"], frame[f"{column}_high"], strict=True)
    # A ratio's interval is even on the logarithm only, that of a share nowhere.
    symmetric = "num_seeds" in frame and column not in ("ratio", "improved")
    fold = _half_width if symmetric else _brackets
    return [text + fold(low, high) for text, low, high in bounds]


def _text(value: Any, digits: int) -> str:  # noqa: ANN401 - whatever a table cell may hold
    if pd.isna(value):
        return MISSING
    if isinstance(value, str):
        return value
    extreme = digits and value and not SMALL <= abs(value) < LARGE
    return f"{value:.3g}" if extreme else f"{value:,.{digits}f}"


def _half_width(low: float, high: float) -> str:
    """A t-interval over seeds, which is symmetric."""
    return "" if pd.isna(low) or pd.isna(high) else f" ± {(high - low) / 2:.3f}"


def _brackets(low: float, high: float) -> str:
    """A bootstrap interval within one run, which need not be symmetric."""
    return "" if pd.isna(low) or pd.isna(high) else f" [{low:.3f}, {high:.3f}]"


def to_markdown(name: str, frame: pd.DataFrame) -> str:
    """Table ``name`` in Markdown, its caption below."""
    shown = present(name, frame)
    lines = [list(shown.columns), ["---"] * len(shown.columns), *shown.to_numpy().tolist()]
    table = "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
    empty = "" if len(frame) else "\n\nNothing to show: the study has no rows for this table."
    return f"{table}{empty}\n\n{caption(name, frame)}\n"


def write_table_files(name: str, frame: pd.DataFrame, *, folder: Path) -> None:
    """Write ``<name>.csv`` (full numbers, empty where missing), ``.md`` and ``.tex`` (rounded), each atomically."""
    write_text(folder / f"{name}.tex", latex_of(present(name, frame), caption(name, frame)))
    write_text(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
    write_text(folder / f"{name}.md", to_markdown(name, frame))
