"""Measures of held-out accuracy and of the compute that it takes."""

import json

import pandas as pd

from knapsack_rl.analysis.claims.evidence import Finding, Missing, many, one, over_seeds
from knapsack_rl.analysis.claims.subject import Subject
from knapsack_rl.analysis.frames.schemas import CELL_KEYS
from knapsack_rl.analysis.inference.ablation_pairs import ablation_pairs
from knapsack_rl.analysis.inference.pairs import log_ratios, pairs_of
from knapsack_rl.analysis.measures.benchmarks import AVERAGE
from knapsack_rl.analysis.measures.spent import ROLLOUTS, STEPS

FEW = 2
TWICE = 1.9
"""Times the rollouts that count as twice as many; the last batch of an epoch may differ."""
CELL = list(CELL_KEYS)
FALLBACK = "arm.options.fallback"
LEARNING = "a study in which every run rises above its base model"
PAPER_BENCHMARKS = ("aime", "amc", "math", "minerva", "olympiad", "gpqa")
DISTILLED = "distillqwen15b"
"""What the path of DeepSeek-R1-Distill-Qwen-1.5B reads like without punctuation."""


def average_gain(subject: Subject) -> Finding:
    """Final average accuracy, arm minus uniform."""
    return one(_gain(subject.accuracy_pairs()), runs_per_value=2)


def relative_gain(subject: Subject) -> Finding:
    """The same, relative to uniform's accuracy."""
    pairs = subject.accuracy_pairs()
    return one(pairs.assign(value=pairs["arm_value"] / pairs["baseline_value"] - 1), runs_per_value=2)


def best_benchmark_gain(subject: Subject) -> Finding:
    """Final accuracy on every benchmark, arm minus uniform; the claim is about at least one."""
    names = [m for m in subject.scores["metric"].unique() if m.startswith("accuracy/") and m != f"accuracy/{AVERAGE}"]
    samples = [
        over_seeds(_gain(subject.pairs(subject.scores, name)), runs_per_value=2, label=name.partition("/")[2])
        for name in names
    ]
    return many(samples, quantifier="some")


def gain_at_every_budget(subject: Subject) -> Finding:
    """Final average accuracy, arm minus uniform, at each budget; the claim is about all."""
    pairs = _gain(subject.accuracy_pairs())
    if pairs["budget"].nunique() < FEW:
        return Missing("two budgets or more with both arms")
    samples = [over_seeds(rows, runs_per_value=2, label=f"N = {n}") for n, rows in pairs.groupby("budget", sort=True)]
    return many(samples, quantifier="every")


def gain_of_larger_model(subject: Subject) -> Finding:
    """Gain of the model with most parameters minus gain of the one with fewest."""
    runs = subject.frames.runs.dropna(subset=["num_parameters"])
    sizes = runs.groupby("model")["num_parameters"].first().astype(float).sort_values()
    if sizes.nunique() < FEW:
        return Missing("two models or more of known, different size")
    gains = _gain(subject.accuracy_pairs())
    small, large = sizes.index[0], sizes.index[-1]
    label = f"{_described(runs, large)} minus {_described(runs, small)}"
    by_seed = {name: gains[gains["model"] == name].set_index(["budget", "seed"])["value"] for name in (small, large)}
    value = (by_seed[large] - by_seed[small]).dropna().reset_index().assign(model=f"{large} - {small}")
    return many([over_seeds(value, runs_per_value=4, label=label)], quantifier="every")


def _described(runs: pd.DataFrame, model: str) -> str:
    """Size and learning rate: a gain that differs between two models may be due to either."""
    first = runs[runs["model"] == model].iloc[0]
    rate = json.loads(first["config"])["train"]["optimizer"]["learning_rate"]
    return f"{model}, {first['num_parameters'] / 1e6:.2g} M parameters at learning rate {rate:g}"


def distilled_gain(subject: Subject) -> Finding:
    """Average gain of DeepSeek-R1-Distill-Qwen-1.5B on the paper's benchmarks."""
    models = [name for name in subject.frames.steps["model"].unique() if _is_distilled(subject, name)]
    if not models or not on_paper_benchmarks(subject):
        return Missing("the model DeepSeek-R1-Distill-Qwen-1.5B on the paper's benchmarks")
    gains = _gain(subject.accuracy_pairs())
    return one(gains[gains["model"].isin(models)], runs_per_value=2)


def fallback_gain(subject: Subject) -> Finding:
    """Final average accuracy with the fallback minus without, other things equal."""
    average = subject.scores[subject.scores["metric"] == f"accuracy/{AVERAGE}"]
    parts = []
    for pair in ablation_pairs(subject.frames.runs):
        if pair["factor"] != FALLBACK:
            continue
        on, off = (pair["arm"], pair["reference_arm"]) if pair["value"] == "True" else _swapped(pair)
        here = average[(average["model"] == pair["model"]) & (average["budget"] == pair["budget"])]
        parts.append(_gain(pairs_of(here, on, baseline=off)))
    if not parts:
        return Missing("two arms that differ in the option `fallback` only")
    return one(pd.concat(parts), runs_per_value=2)


def _swapped(pair: dict[str, str]) -> tuple[str, str]:
    return pair["reference_arm"], pair["arm"]


def rollouts_ratio(subject: Subject) -> Finding:
    """Rollouts of uniform over rollouts of the arm, both until the highest accuracy that all runs of a cell reached.

    Compared as logarithms, so that twice and half are equally far from one.
    """
    return _reach(subject, ROLLOUTS)


def steps_ratio(subject: Subject) -> Finding:
    """The same of training steps."""
    return _reach(subject, STEPS)


def _reach(subject: Subject, axis: str) -> Finding:
    """Logarithm of uniform's amount over the arm's; the units of the claims say how it is shown."""
    pairs = subject.reach[subject.reach["axis"] == axis]
    logs = log_ratios(pairs["baseline_value"], pairs["arm_value"])
    if logs.empty:
        return Missing(LEARNING)
    return one(pairs.loc[logs.index].assign(value=logs), runs_per_value=2)


def half_the_rollouts(subject: Subject) -> Finding:
    """Final average accuracy of the arm at N minus that of uniform at 2 N, where that is twice the rollouts.

    It is not where the rollouts of a step are held fixed and 2 N goes with half the prompts.
    """
    average = subject.scores[subject.scores["metric"] == f"accuracy/{AVERAGE}"]
    arm, double = (average[average["arm"] == name] for name in (subject.arm, subject.baseline))
    double = double.assign(budget=double["budget"] / 2)
    pairs = subject.paired(pd.concat([arm, double]))
    pairs = pairs[_twice_the_rollouts(subject, pairs)]
    if pairs.empty:
        return Missing("budgets of which one is twice the other, with as many prompts per step")
    return one(_gain(pairs), runs_per_value=2)


def _twice_the_rollouts(subject: Subject, pairs: pd.DataFrame) -> "pd.Series[bool]":
    """Whether uniform's steps at twice the budget of each pair have about twice the rollouts of the arm's."""
    steps = subject.frames.steps
    mean = {arm: steps[steps["arm"] == arm].groupby(CELL)["num_rollouts"].mean() for arm in steps["arm"].unique()}
    arm = pairs.join(mean[subject.arm].rename("spent"), on=CELL)["spent"]
    double = pairs.assign(budget=2 * pairs["budget"]).join(mean[subject.baseline].rename("spent"), on=CELL)["spent"]
    return double > TWICE * arm


def unseen_kinds_gain(subject: Subject) -> Finding:
    """Accuracy on benchmarks none of whose kinds of problem was trained on, arm minus uniform, mean over them."""
    trained = set(subject.frames.groups["kind"].unique())
    kinds = subject.frames.evals.groupby("benchmark", sort=False)["kind"]
    names = [f"accuracy/{name}" for name, found in kinds if not trained & set(found.unique())]
    if not names:
        return Missing("a benchmark whose kinds of problem are not trained on")
    scores = subject.scores[subject.scores["metric"].isin(names)].assign(metric="unseen")
    return one(_gain(subject.pairs(scores, "unseen")), runs_per_value=2)


def on_paper_benchmarks(subject: Subject) -> bool:
    """Whether the study's benchmarks include all of the paper's, by name."""
    names = [_letters(name) for name in subject.frames.evals["benchmark"].unique()]
    return all(any(name.startswith(wanted) for name in names) for wanted in PAPER_BENCHMARKS)


def _is_distilled(subject: Subject, model: str) -> bool:
    configs = subject.frames.runs.loc[subject.frames.runs["model"] == model, "config"].dropna()
    return any(DISTILLED in _letters(config) for config in configs)


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _gain(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs.assign(value=pairs["arm_value"] - pairs["baseline_value"])[[*CELL_KEYS, "seed", "value"]]
