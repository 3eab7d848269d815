"""Which methods train on another gradient than that of the mean success: `python benchmarks/gradient_bias.py`.

Every arm of config/arena.yaml on a bandit whose true gradient is known (`knapsack_rl.simulation.bias`), under three
advantages and two aggregations of the loss. Writes results/reference/gradient_bias/terms.csv (a row per arm, advantage,
aggregation and success rate) and summary.csv and .md (a row per arm, advantage and aggregation). A quarter of an hour.

    python benchmarks/gradient_bias.py ARM...     prints the summary of these arms alone and writes nothing
"""

import sys
from pathlib import Path

import pandas as pd

from knapsack_rl.allocation import build_method
from knapsack_rl.analysis.inference.adjust import holm
from knapsack_rl.base.markdown import markdown_table
from knapsack_rl.config import load_study
from knapsack_rl.grpo.advantage import Advantage
from knapsack_rl.records import write_text
from knapsack_rl.simulation.bias import Bias, BiasSpec, audit_bias

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "results" / "reference" / "gradient_bias"
ADVANTAGES: tuple[Advantage, ...] = ("rloo", "none", "std")
KEYS = ["arm", "advantage", "aggregation"]


def term_rows(arm: str, bias: Bias, *, spec: BiasSpec) -> list[dict[str, object]]:
    """One row per success rate; terms and their standard errors are shares of the true gradient there."""
    terms, strength_C = bias.terms(), bias.strength()
    return [
        {
            **dict(zip(KEYS, (arm, bias.advantage, bias.aggregation), strict=True)),
            "rate": rate,
            **{name: mean_C[at] / bias.true_C[at] for name, (mean_C, _) in terms.items()},
            **{f"{name}_se": se_C[at] / bias.true_C[at] for name, (_, se_C) in terms.items()},
            "strength": strength_C[at],
        }
        for at, rate in enumerate(spec.rates)
    ]


def summary(terms: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """Per arm and variant: angle, p-value of the fusion term adjusted over the arms, extremes of the strength."""
    strength = terms.pivot_table(index=KEYS, columns="rate", values="strength", sort=False)
    low, middle, high = (strength.columns[at] for at in (0, len(strength.columns) // 2, -1))
    shown = {f"strength at p = {rate:g}": strength[rate] for rate in (low, middle, high)}
    table = tests.join(pd.DataFrame(shown), on=KEYS)
    adjusted = table.groupby(KEYS[1:], sort=False)["fusion_p"].transform(holm)
    return table.assign(fusion_p_holm=adjusted, fusion=["yes" if p < 0.05 else "not shown" for p in adjusted])


def main() -> None:
    """Audit the arms and write the tables."""
    arms = load_study(ROOT / "config" / "arena.yaml").arms
    terms, tests = [], []
    for name in sys.argv[1:] or list(arms):
        arm = arms[name]
        spec = BiasSpec(
            method=build_method(arm.strategy, arm.options), belief=arm.belief, belief_options=arm.belief_options
        )
        for bias in audit_bias(spec, advantages=ADVANTAGES, aggregations=("token", "prompt")):
            terms += term_rows(name, bias, spec=spec)
            facts = {"cosine": bias.cosine(), "fusion_p": bias.fusion_p_value()}
            tests.append({**dict(zip(KEYS, (name, bias.advantage, bias.aggregation), strict=True)), **facts})
        print(name, flush=True)
    table = summary(pd.DataFrame(terms), pd.DataFrame(tests))
    if sys.argv[1:]:
        print(readable(table))
    else:
        save(pd.DataFrame(terms), table)


def save(terms: pd.DataFrame, table: pd.DataFrame) -> None:
    """Write the tables."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, frame in (("terms", terms), ("summary", table)):
        write_text(FOLDER / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n", float_format="%.5g"))
    write_text(FOLDER / "summary.md", readable(table) + "\n")


def readable(table: pd.DataFrame) -> str:
    """The summary as Markdown, rounded."""
    rounded = table.drop(columns="fusion_p").map(
        lambda value: f"{value:.3g}" if isinstance(value, float) else str(value)
    )
    return markdown_table(list(rounded), rounded.to_numpy().tolist())


if __name__ == "__main__":
    main()
