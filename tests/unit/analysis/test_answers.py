"""Cost, ablations, theory and published rows on studies whose truth is known."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from known_truth import ARMS, Truth, frames_of

from knapsack_rl.analysis.frames.schemas import FINISHED
from knapsack_rl.analysis.frames.study import StudyFrames
from knapsack_rl.analysis.inference.ablation_pairs import ablation_pairs
from knapsack_rl.analysis.inference.factors import single_difference
from knapsack_rl.analysis.make import draw_figure, figure_points
from knapsack_rl.analysis.products.ablations import ablations_table
from knapsack_rl.analysis.products.benchmarks import benchmarks_table
from knapsack_rl.analysis.products.cost import cost_table, tokens_by_difficulty
from knapsack_rl.analysis.products.paper_layout import paper_layout
from knapsack_rl.analysis.products.published import OURS, published_rows, published_table
from knapsack_rl.analysis.products.theory import theorem_table
from knapsack_rl.analysis.show.latex import latex_of
from knapsack_rl.analysis.show.readable import present, to_markdown
from knapsack_rl.config import load_study
from knapsack_rl.study import expand

ROOT = Path(__file__).parents[3]
MANY = {"mini_batches": 4}
BASE = {"budget": 8, "train.prompts_per_step": 64, "arm.strategy": "knapsack", "arm.belief": "newest16", "train.low": 2}


@pytest.fixture(scope="module")
def plain():
    """Uniform and knapsack, nothing special."""
    return frames_of(Truth())


def test_dearer_rollouts_show_as_a_ratio_above_one(plain):
    """A fifth more tokens per rollout; seconds are the same."""
    steps = plain.steps.copy()
    dear = (steps["arm"] == "knapsack") * 2.0 + 10
    steps["total_response_tokens"] = (steps["total_rollouts"] * dear * (1 + 0.001 * steps["seed"])).astype(int)
    table = cost_table(StudyFrames(steps=steps, groups=plain.groups, evals=plain.evals, runs=plain.runs))
    knapsack = table[table["arm"] == "knapsack"].set_index("what")
    assert knapsack.loc["tokens", "ratio"] == pytest.approx(1.2, rel=1e-3)
    assert knapsack.loc["seconds", "ratio"] == pytest.approx(1.0)
    assert table[table["arm"] == "uniform"]["ratio"].isna().all()


def test_phases_are_shares_of_the_step(plain):
    """Allocation takes a thousandth of a second of one."""
    row = cost_table(plain).query("arm == 'knapsack' and what == 'allocate_s'").iloc[0]
    assert row["share_of_step"] == pytest.approx(0.001, rel=0.01)


def test_gpu_seconds_are_seconds_times_gpus(plain):
    """A second per step of 32 rollouts on four GPUs; without a GPU, or before they were recorded, no such row."""
    table = cost_table(replace(plain, runs=plain.runs.assign(num_gpus=4)))
    assert table[table["what"] == "gpu_s"]["per_rollout"].to_numpy() == pytest.approx(4 / 32)
    for unknown in (0, None):
        assert "gpu_s" not in set(cost_table(replace(plain, runs=plain.runs.assign(num_gpus=unknown)))["what"])


def test_difficulty_classes_share_out_all_rollouts(frames):
    """Shares of an arm sum to one, and tokens per rollout are what the records were made with."""
    table = tokens_by_difficulty(frames)
    sums = table.groupby(["model", "budget", "arm"])["rollouts_frac"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(len(sums)))
    assert set(table.query("arm == 'uniform'")["tokens_per_rollout"].dropna().round(6)) == {10.0}


def test_difficulty_classes_have_the_borders_of_the_paper(plain):
    """One group each of 0, 1, 2, 7, 8 and 10 of ten, and 1999 of 2000: 0.2 is hard, 0.8 is easy, almost all is easy."""
    won, drawn = [0, 1, 2, 7, 8, 10, 1999], [10] * 6 + [2000]
    row = plain.groups[plain.groups["arm"] == "uniform"].iloc[[0] * 7]
    groups = row.assign(num_successes=won, num_rollouts=drawn, num_response_tokens=0)
    table = tokens_by_difficulty(replace(plain, groups=groups)).set_index("difficulty")["rollouts_frac"] * 2060
    assert table.round(6).to_dict() == {
        "extremely hard": 10, "hard": 20, "medium": 10, "easy": 2010, "extremely easy": 10,
    }  # fmt: skip


def test_one_option_apart_is_an_ablation():
    """Fallback on and off are found whatever the arms are called, and their difference is the truth."""
    arms = ARMS | {"bare": {"strategy": "knapsack", "options": {"fallback": False}}}
    frames = frames_of(Truth(arms=arms, gain={"bare": -0.05}))
    pair = next(ablation_pairs(frames.runs))
    assert (pair["factor"], pair["arm"], pair["value"]) == ("arm.options.fallback", "bare", "False")
    row = ablations_table(frames).query("metric == 'accuracy/average'").iloc[0]
    assert row["difference"] == pytest.approx(-0.05, abs=0.02)


def test_one_key_of_training_apart_is_an_ablation():
    """An arm with keys of `train` of its own is compared with the arm that lacks them, of its own strategy."""
    arms = ARMS | {f"{arm}_prompt": {"strategy": arm, "train": {"loss": {"aggregation": "prompt"}}} for arm in ARMS}
    frames = frames_of(Truth(arms=arms, gain={"knapsack_prompt": 0.05}))
    pairs = [(pair["factor"], pair["arm"], pair["reference_arm"]) for pair in ablation_pairs(frames.runs)]
    assert pairs == [("train.loss.aggregation", f"{arm}_prompt", arm) for arm in ARMS]
    found = ablations_table(frames).query("metric == 'accuracy/average'").set_index("arm")["difference"]
    assert found["knapsack_prompt"] == pytest.approx(0.05, abs=0.02)
    assert found["uniform_prompt"] == pytest.approx(0.0, abs=0.02)


def test_gain_is_over_uniform_with_all_else_equal():
    """Another loss gives uniform 0.1 and knapsack 0.15: it raises knapsack by 0.13, but its gain from 0.02 to 0.05."""
    arms = ARMS | {f"{arm}_prompt": {"strategy": arm, "train": {"loss": {"aggregation": "prompt"}}} for arm in ARMS}
    arms |= {"low": {"strategy": "knapsack", "train": {"low": 1}}, "four": {"strategy": "knapsack", "train": MANY}}
    gain = {"knapsack": 0.02, "knapsack_prompt": 0.15, "uniform_prompt": 0.1, "low": 0.03, "four": 0.03}
    frames = frames_of(Truth(arms=arms, gain=gain))
    rows = ablations_table(frames).query("metric == 'accuracy/average'").set_index("arm")
    assert rows["uniform_arm"].fillna("").to_dict() == {
        "uniform_prompt": "", "knapsack_prompt": "uniform_prompt", "low": "uniform", "four": "",
    }  # fmt: skip
    assert rows.loc["knapsack_prompt", "difference"] == pytest.approx(0.13, abs=0.01)
    assert rows.loc["knapsack_prompt", "gain"] == pytest.approx(0.05, abs=0.01)
    assert rows.loc["low", "gain"] == pytest.approx(0.03, abs=0.01)
    assert rows.loc["low", "gain_low"] <= rows.loc["low", "gain"] <= rows.loc["low", "gain_high"]
    assert rows.loc[["uniform_prompt", "four"], "gain"].isna().all()
    shown = to_markdown("ablations", ablations_table(frames))
    assert "| 1 - 2 | low - knapsack | final accuracy, average over benchmarks |" in shown


def test_values_that_are_all_numbers_survive_the_file(tmp_path):
    """The report reads tables back, and then a column of numbers is one of numbers."""
    arms = ARMS | {"low": {"strategy": "knapsack", "train": {"low": 1}}}
    ablations_table(frames_of(Truth(arms=arms, gain={}))).to_csv(tmp_path / "ablations.csv", index=False)
    assert set(present("ablations", pd.read_csv(tmp_path / "ablations.csv"))["values"]) == {"1 - 2"}


def _planned(name):
    """The runs frame of a committed study, as if all of its runs were finished."""
    runs = expand(load_study(ROOT / "config" / name), source=name)
    facts = [
        {
            "run_id": run.run_id,
            "status": FINISHED,
            "model": run.model_label,
            "arm": run.arm_name,
            "budget": run.budget,
            "seed": run.seed,
            "config": json.dumps(run.model_dump(mode="json")),
        }
        for run in runs.values()
    ]
    return pd.DataFrame(facts)


def test_committed_ablations_are_recognised():
    """Every arm of the study beyond the two it starts from is compared with one that differs in one factor."""
    runs = _planned("ablations.yaml")
    pairs = pd.DataFrame(ablation_pairs(runs))
    assert set(pairs["factor"]) == {
        *("arm.options.value", "arm.options.fallback", "arm.belief", "train.low", "train.high"),
        *("train.loss.aggregation", "train.mini_batches"),
    }
    assert set(runs["arm"]) - set(pairs["arm"]) == {"uniform", "knapsack", "value_product"}
    alone = pairs[~pairs["arm"].str.startswith("uniform") & pairs["uniform_arm"].isna()]
    assert list(alone["arm"]) == ["knapsack_four_updates"]
    beside = pairs.set_index("arm")["uniform_arm"]
    assert (beside["low_1"], beside["knapsack_sequence_loss"]) == ("uniform", "uniform_sequence_loss")


def test_committed_budgets_are_compared_either_way():
    """4 and 16 rollouts against 8, with the prompts or the rollouts of a step fixed, for both arms."""
    pairs = pd.DataFrame(ablation_pairs(_planned("ablation_budgets.yaml")))
    pairs = pairs[pairs["factor"].str.startswith("budget")]
    found = {key: {*rows["budget"], *rows["reference_budget"]} for key, rows in pairs.groupby(["factor", "arm"])}
    assert len(found) == 4
    assert set(map(frozenset, found.values())) == {frozenset({4, 8, 16})}


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        ({"train.low": 1}, "train.low"),
        ({"arm.belief": "ema", "arm.belief_options.decay": 0.5}, "arm.belief"),
        ({"budget": 16}, "budget, prompts per step fixed"),
        ({"budget": 16, "train.prompts_per_step": 32}, "budget, rollouts per step fixed"),
        ({"budget": 16, "train.prompts_per_step": 16}, None),
        ({"arm.strategy": "hit"}, None),
        ({"train.low": 1, "arm.belief": "ema"}, None),
        ({}, None),
    ],
)
def test_what_counts_as_one_factor(change, factor):
    """A belief with its options, a budget at equal prompts or rollouts; never a whole strategy."""
    found = single_difference(BASE, BASE | change)
    assert (found[0] if found else None) == factor


def test_seeds_are_no_factor(plain):
    """Three seeds of an arm are one variant."""
    assert not list(ablation_pairs(plain.runs))
    assert json.loads(plain.runs["config"].iloc[0])["seed"] == 0


def test_theorem_agrees_with_its_simulation(plain):
    """Within four standard errors at every rate; the golden chance at p = 1/2, N = 4."""
    table = theorem_table(plain)
    error = (table["simulated_first"] - table["expected_first"]).abs() / table["simulated_first_se"]
    assert error.max() < 4
    assert table["p_nonzero_n4"].iloc[0] == pytest.approx(0.875)


def test_published_rows_have_a_source_and_stay_apart(plain):
    """Ours first, then rows that name where they come from, without intervals."""
    table = published_table(plain)
    theirs = table[table["source"] != OURS]
    ours = table[table["source"] == OURS].groupby("arm")
    assert {tuple(rows["benchmark"] + " " + rows["score"]) for _, rows in ours} == {
        ("average avg@10000", "easy avg@10000", "hard avg@10000", "average pass@10000")
    }
    assert ours["accuracy_low"].count().to_list() == [4, 4]
    assert theirs["source"].str.contains("arXiv").all()
    assert theirs["accuracy_low"].isna().all()
    assert theirs["accuracy"].between(0, 1).all()


def test_published_averages_are_those_of_their_benchmarks():
    """A slip of the pen in one of the rows would show: every printed average is the mean of the row's benchmarks."""
    rows = published_rows().query("score == 'avg@16'")
    single = rows[rows["benchmark"] != "average"]
    keys = ["source", "what", "model", "arm", "setting"]
    printed = rows[rows["benchmark"] == "average"].set_index(keys)["value"]
    means = single.groupby(keys)["value"].mean()
    assert len(means) == 18
    assert printed[means.index].to_numpy() == pytest.approx(means.to_numpy(), abs=6e-4)


def test_paper_layout_is_bold_only_where_the_interval_excludes_zero():
    """A clear gain is bold in Markdown and LaTeX, an unclear one is not; the average says what it is of."""
    clear, unclear = (
        paper_layout(benchmarks_table(frames), frames)
        for frames in (frames_of(Truth(gain={"knapsack": 0.05})), frames_of(Truth(noise=0.02)))
    )
    assert set(clear["members"]) == {"easy, hard"}
    assert "**+5." in to_markdown("paper_layout", clear)
    assert "**" not in to_markdown("paper_layout", unclear)
    shown = present("paper_layout", clear)
    text = latex_of(shown, "100 %")
    assert r"\textbf{+5." in text
    assert text.startswith("% 100 %\n\\begin{tabular}{")
    assert r"\toprule" in text
    assert all(line.count("&") == len(shown.columns) - 1 for line in text.splitlines() if line.endswith(r"\\"))


def test_paper_layout_has_every_score_of_every_benchmark(plain):
    """Two rows per arm with the numbers of the wide table, and no rows of overlaps that were not looked for."""
    wide = benchmarks_table(plain)
    table = paper_layout(wide, plain)
    assert list(table["score"]) == ["avg_at_k", "pass_at_k"] * len(wide)
    for score, rows in table.groupby("score"):
        assert rows[["easy", "hard"]].to_numpy() == pytest.approx(wide[[f"{score}/easy", f"{score}/hard"]].to_numpy())


def test_paper_layout_ends_with_contamination(plain):
    """One of two problems is trained on word for word, the other shares words: 50 and 100 percent of its benchmark."""
    evals = plain.evals[plain.evals["benchmark"].isin(["easy", "hard"])].assign(overlap="none")
    easy = evals[evals["benchmark"] == "easy"]
    evals.loc[easy.index, "overlap"] = "exact"
    other = easy.assign(problem_id="other", overlap="words")
    frames = replace(plain, evals=pd.concat([evals, other], ignore_index=True))
    last = paper_layout(benchmarks_table(frames), frames).tail(2)
    assert list(last["easy"]) == [0.5, 1.0]
    assert list(last["hard"]) == [0.0, 0.0]
    shown = present("paper_layout", paper_layout(benchmarks_table(frames), frames)).tail(1).to_dict("records")[0]
    assert (shown["arm"], shown["score"], shown["easy"]) == ("", "also in training, same 20 words", "100.0")


def test_theory_figures_need_no_run(plain):
    """Both are drawn and their data holds the theorem's least mean, 3 at p = 1/2."""
    for name in ("theorem", "value"):
        assert draw_figure(name, plain).axes
    points = figure_points("theorem", plain).set_index("p")
    assert points["expected_first"].min() == points.loc[0.5, "expected_first"] == pytest.approx(3)
    assert figure_points("value", plain)["value"].max() < 4 / 27


def test_latex_escapes_what_is_special():
    """Per cent, underscore, plus-minus and backslash survive."""
    text = latex_of(pd.DataFrame({"a_b": ["50 % ± 1", r"x\y"]}), "")
    assert r"a\_b" in text
    assert r"50 \% $\pm$ 1" in text
    assert r"x\textbackslash{}y" in text
