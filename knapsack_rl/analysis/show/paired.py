"""Tables of paired arms for people: readable metrics, and the interval beside its number."""

from collections.abc import Mapping

import pandas as pd

from knapsack_rl.analysis.inference.stats import ROUNDING
from knapsack_rl.analysis.measures.benchmarks import AVERAGE
from knapsack_rl.analysis.show.readable import MISSING, readable

METRICS: Mapping[str, str] = {
    "ratio_rollouts": "effective-gradient ratio, by rollouts",
    "ratio_prompts": "effective-gradient ratio, by prompts",
    "accuracy_equal_tokens": "accuracy at equal generated tokens",
}


def metric_label(metric: str) -> str:
    """Readable name of a metric of the differences table."""
    kind, _, benchmark = metric.partition("/")
    if benchmark:
        score = "final accuracy" if kind == "accuracy" else "final pass@k"
        return f"{score}, {'average over benchmarks' if benchmark == AVERAGE else benchmark}"
    return METRICS.get(metric, metric)


def show_differences(frame: pd.DataFrame) -> pd.DataFrame:
    """The table ``differences`` as text."""
    return readable(fold_differences(frame))


def show_ablations(frame: pd.DataFrame) -> pd.DataFrame:
    """The table ``ablations`` as text."""
    return readable(fold_ablations(frame))


def show_beside_means(frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose paired difference stands in a column of its own, beside the means of both arms."""
    return readable(frame.rename(columns={"ci_low": "difference_low", "ci_high": "difference_high"}))


def fold_differences(frame: pd.DataFrame) -> pd.DataFrame:
    """The differences with readable metrics, their step in the metric, and the interval beside the difference."""
    triples = zip(frame["difference"], frame["ci_low"], frame["ci_high"], strict=True)
    with_ends = [_with_ends(*triple) for triple in triples]
    at_step = ["" if pd.isna(step) else f" (step {int(step)})" for step in frame["step"]]
    metrics = [metric_label(metric) + at for metric, at in zip(frame["metric"], at_step, strict=True)]
    pairs = frame["arm"] + " - " + frame["baseline"]
    shown = frame.assign(arm=pairs, metric=metrics, difference=with_ends)
    columns = ["model", "budget", "arm", "metric", "difference", "verdict", "num_seeds", "arm_mean", "baseline_mean"]
    return shown[columns].rename(columns={"arm": "comparison", "difference": "difference [95% interval]"})


def fold_ablations(frame: pd.DataFrame) -> pd.DataFrame:
    """The ablations with readable metrics, and intervals beside the difference and the gain over uniform."""
    shown = {
        name: [_with_ends(*ends) for ends in frame[[name, *columns]].itertuples(index=False, name=None)]
        for name, columns in {"difference": ("ci_low", "ci_high"), "gain": ("gain_low", "gain_high")}.items()
    }
    pairs = frame["arm"] + " - " + frame["reference_arm"]
    # Read back from a file, values that are all numbers are no text: a study of budgets has no others.
    values = frame["value"].astype(str) + " - " + frame["reference"].astype(str)
    table = frame.assign(arm=pairs, value=values, metric=frame["metric"].map(metric_label), **shown)
    columns = ["factor", "model", "budget", "value", "arm", "metric", "difference", "verdict", "num_seeds", "gain"]
    table = table[[*columns, "arm_mean", "reference_mean"]]
    heads = {"value": "values", "arm": "comparison", "difference": "difference [95% interval]"}
    return table.rename(columns={**heads, "gain": "gain over uniform [95% interval]"})


def _with_ends(difference: float, low: float, high: float) -> str:  # noqa: PLR0917 - one value with its ends
    if pd.isna(difference):
        return MISSING
    ends = "" if pd.isna(low) or pd.isna(high) else f" [{signed(low)}, {signed(high)}]"
    return signed(difference) + ends


def signed(value: float) -> str:
    """A difference with its sign and three decimals, or one digit where those would hide that it is not zero."""
    value = 0.0 if abs(value) < ROUNDING else value
    text = f"{value:+.3f}"
    return f"{value:+.1g}" if value and not float(text) else text
