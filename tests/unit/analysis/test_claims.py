"""Claims: the right verdict on studies whose truth is known, in both directions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from known_truth import ARMS, Truth, frames_of
from scipy import stats

from knapsack_rl.allocation.value import knapsack_value
from knapsack_rl.analysis.claims import theory
from knapsack_rl.analysis.claims.accuracy import PAPER_BENCHMARKS
from knapsack_rl.analysis.claims.catalogue import CLAIMS
from knapsack_rl.analysis.claims.evidence import Evidence, Exact, Missing, Sample, over_seeds
from knapsack_rl.analysis.claims.judge import _power, judge
from knapsack_rl.analysis.claims.plan import PLAN, Plan
from knapsack_rl.analysis.claims.pooling import pool_spread
from knapsack_rl.analysis.claims.subject import subject_of
from knapsack_rl.analysis.claims.table import claims_of, claims_table, judge_claim
from knapsack_rl.analysis.claims.verdict import CONTRADICTED, SUPPORTED, UNDECIDED, Line
from knapsack_rl.analysis.show.readable import to_markdown
from knapsack_rl.base.errors import InputError

ABOVE = Line(side="above", threshold=0.2)
BIG = {"prompts": 256}
FALLBACKS = ARMS | {"without": {"strategy": "knapsack", "options": {"fallback": False}}}
TWO_MODELS = {"models": ("small", "large"), "sizes": (1000, 5000)}
UNSEEN = {"eval_kinds": {"easy": "a", "hard": "b"}}

TRUTHS = [
    ("R1a", {"ratio": (0.45, 0.5)}, {"ratio": (0.75, 0.8)}),
    ("R1b", {"fall": 0.1}, {"fall": -0.1}),
    ("R1c", {"wrong": (0.3, 0.0)}, {"wrong": (-0.3, 0.0)}),
    ("R1d", {"wrong": (0.0, -0.3)}, {"wrong": (0.0, 0.3)}),
    ("R2 relative", {"ratio": (0.4, 0.52)}, {"ratio": (0.4, 0.44)}),
    ("R2 points", {"ratio": (0.4, 0.65)}, {"ratio": (0.4, 0.52)}),
    ("R4a", {"at_low": 0.5}, {"at_low": 0.1}),
    ("R4b", {"largest": 100, **BIG}, {"largest": 40, **BIG}),
    ("R4c", {"favourite": 0.1}, {"favourite": 0.4}),
    ("R5a", {"gain": {"knapsack": 0.04}}, {"gain": {"knapsack": -0.01}}),
    ("R5b", {"gain": {"hard": 0.12}}, {"gain": {"hard": 0.03}}),
    ("R5d", {"gain": {"small": 0.05}, **TWO_MODELS}, {"gain": {"large": 0.05}, **TWO_MODELS}),
    ("R6a", {"speed": 2.0}, {"speed": 1.0}),
    ("R6b", {"gain": {"knapsack": 0.01}, "budgets": (4, 8)}, {"gain": {"knapsack": -0.05}, "budgets": (4, 8)}),
    ("R7", {"solved": (0.3, 0.5)}, {"solved": (0.5, 0.3)}),
    ("R8a", {"solved": (0.3, 0.8)}, {"solved": (0.3, 0.96)}),
    ("R9", {"gain": {"knapsack": 0.05}, "arms": FALLBACKS}, {"gain": {"without": 0.05}, "arms": FALLBACKS}),
    ("R10a", {"allocate_s": 0.1}, {"allocate_s": 4.0}),
    ("R10b", {"allocate_s": 0.001}, {"allocate_s": 0.1}),
    ("R12", {"gain": {"knapsack": 0.05}, "budgets": (4, 8)}, {"gain": {"n4": 0.05, "n8": -0.05}, "budgets": (4, 8)}),
    ("L1", {"speed": 2.0}, {"speed": 1.1}),
    ("L2", {"speed": 2.0}, {"speed": 1.1}),
    ("L3", {"gain": {"knapsack": 0.1}}, {"gain": {"knapsack": 0.01}}),
    ("L4", {"gain": {"hard": 0.05}, **UNSEEN}, {"gain": {"hard": -0.05}, **UNSEEN}),
]


ABOUT = [
    ("R5c", {"gain": {"knapsack": 0.08}}),
    ("R6a", {"speed": 4.0, "every": 2}),
    ("R8a", {"solved": (0.3, 0.5)}),
]
"""More than a claim of about so much allows."""


def verdict_of(claim, **truth):
    """What one claim comes to in a study where ``truth`` holds."""
    found = next(known for known in CLAIMS if known.id == claim)
    return judge_claim(found, subject_of(frames_of(Truth(**truth))))


@pytest.mark.parametrize(("claim", "holds"), [(claim, holds) for claim, holds, _ in TRUTHS])
def test_what_holds_is_supported(claim, holds):
    """Where the truth lies beyond the line, so does the interval."""
    assert verdict_of(claim, **holds).verdict == SUPPORTED


@pytest.mark.parametrize(("claim", "fails"), [(claim, fails) for claim, _, fails in TRUTHS])
def test_what_fails_is_contradicted(claim, fails):
    """Where the truth lies on the other side, so does the interval."""
    assert verdict_of(claim, **fails).verdict == CONTRADICTED


@pytest.mark.parametrize(("claim", "more"), ABOUT)
def test_more_than_about_is_contradicted_and_says_so(claim, more):
    """A band is left on either side."""
    models = {"models": ("DeepSeek-R1-Distill-Qwen-1.5B",)} if claim == "R5c" else {}
    benchmarks = {"eval_kinds": dict.fromkeys(PAPER_BENCHMARKS, "a")} if claim == "R5c" else {}
    table = claims_table(frames_of(Truth(**more, **models, **benchmarks))).set_index("claim")
    assert table.loc[claim, "verdict"] == CONTRADICTED
    assert table.loc[claim, "low"] > table.loc[claim, "upper"]
    row = next(
        line for line in to_markdown("claims", table.reset_index()).splitlines() if line.startswith(f"| {claim}")
    )
    assert "contradicted (more than claimed)" in row


def test_the_distilled_model_is_found_by_its_name():
    """On the paper's benchmarks a gain of 3.8 points is what is claimed, 1 point is not."""
    models = {"models": ("DeepSeek-R1-Distill-Qwen-1.5B",), "eval_kinds": dict.fromkeys(PAPER_BENCHMARKS, "a")}
    assert verdict_of("R5c", gain={"knapsack": 0.038}, **models).verdict == SUPPORTED
    assert verdict_of("R5c", gain={"knapsack": 0.01}, **models).verdict == CONTRADICTED
    assert verdict_of("R5c", gain={"knapsack": 0.038}).verdict == UNDECIDED


def test_every_claim_is_tested_in_both_directions_or_needs_no_run():
    """What is left out above follows from formulas, or has tests of its own."""
    rest = {claim.id for claim in CLAIMS} - {claim for claim, _, _ in TRUTHS}
    assert rest == {"R3a", "R3b", "R11a", "R11b", "R5c", "R8b"}


def test_theory_is_decided_without_runs():
    """Formulas and simulation agree with the paper."""
    table = claims_table(frames_of(Truth(seeds=(0,)))).set_index("claim")
    assert set(table.loc[["R3a", "R3b", "R11a", "R11b"], "verdict"]) == {SUPPORTED}


WRONG_THEORY = [
    ("R3a", theory.peak_of_value, {"value": lambda n, p: knapsack_value(n, 1 - p)}),  # favours easy prompts
    ("R3b", theory.curvature_of_value, {"increment": lambda n, p: n * p}),  # every rollout is worth more than the last
    ("R11a", theory.first_gradient, {"formula": lambda p: 1 / p}),  # until the first success alone
    ("R11b", theory.sufficient_error, {"sufficient": lambda p: 2 / p}),
]


@pytest.mark.parametrize(("claim", "measure", "formula"), WRONG_THEORY)
def test_wrong_theory_is_contradicted(claim, measure, formula):
    """The same measures of another formula come out on the other side of the line."""
    line = next(known for known in CLAIMS if known.id == claim).judged_at
    subject = subject_of(frames_of(Truth(seeds=(0,))))
    assert judge(measure(subject), line).verdict == SUPPORTED
    assert judge(measure(subject, **formula), line).verdict == CONTRADICTED


def test_noise_leaves_it_open_and_says_how_many_runs():
    """A gain on the line with spread is decided by more seeds only."""
    row = verdict_of("R5a", gain={"knapsack": 0.03}, noise=0.03)
    assert row.verdict == UNDECIDED
    assert row.takes.startswith("needs ")
    assert "seeds (" in row.takes


def test_the_number_of_seeds_asked_for_is_enough():
    """With so many seeds of this spread and a truth 2 points beyond the line, four in five studies decide."""
    values = np.array([0.21, 0.25, 0.29, 0.19])
    takes = judge(Evidence(samples=(Sample(values_S=values, num_runs=8),)), ABOVE).takes
    seeds = int(takes.split()[1])
    assert takes.startswith(
        f"needs {seeds} seeds ({2 * seeds} runs) to tell 2 points from the line with a chance of 0.8"
    )
    draws = np.random.default_rng(0).normal(0.22, values.std(ddof=1), size=(4000, seeds))
    decided = stats.ttest_1samp(draws, 0.2, axis=1).pvalue < 0.05
    assert 0.77 < decided.mean() < 0.9


def test_two_seeds_give_a_point_and_no_interval():
    """However clear it looks."""
    row = verdict_of("R5a", gain={"knapsack": 0.2}, seeds=(0, 1))
    assert (row.verdict, row.takes) == (UNDECIDED, "needs 3 seeds at least (6 runs)")
    assert np.isnan(row.low)


def test_a_study_without_the_method_says_so():
    """Claims about the method need it; those about uniform and the theory do not."""
    table = claims_table(frames_of(Truth(arms={"uniform": {"strategy": "uniform"}}))).set_index("claim")
    assert table.loc["R5a", "takes"] == "needs an arm whose strategy is knapsack, beside a uniform one"
    assert table.loc["R1a", "verdict"] == SUPPORTED


def test_what_a_study_lacks_is_read_from_its_records():
    """One budget, one model, no probe, known kinds only, small steps."""
    table = claims_table(frames_of(Truth(eval_kinds={"easy": "a"}))).set_index("claim")
    takes = table["takes"]
    assert takes["R12"] == "needs two budgets or more with both arms"
    assert takes["R5d"] == "needs two models or more of known, different size"
    assert takes["L4"] == "needs a benchmark whose kinds of problem are not trained on"
    assert takes["R4b"].startswith("needs steps of 2048 rollouts")
    assert table.loc["R4b", "value"] == pytest.approx(100 + 1 / 3)


def test_once_solved_counts_wins_during_training():
    """Ten problems were rolled out with a success; 4, 6 and 8 of 200 are solved after, by seed: far from one in six."""
    judged = verdict_of("R8b", solved=(0.0, 0.02))
    assert judged.value == pytest.approx((6 / 196 + 4 / 194 + 2 / 192) / 3)
    assert judged.verdict == CONTRADICTED


def test_once_solved_is_supported_where_many_were():
    """About one in six of those never solved after training had a success in it."""
    frames = frames_of(Truth(solved=(0.3, 0.3)))
    wins = frames.groups[frames.groups["step"] == 1].drop_duplicates("run_id")
    more = [wins.assign(prompt_id=f"p{place}") for place in range(100, 120)]
    frames = replace(frames, groups=pd.concat([frames.groups, *more], ignore_index=True))
    claim = next(known for known in CLAIMS if known.id == "R8b")
    assert judge_claim(claim, subject_of(frames)).verdict == SUPPORTED


BAND = Line(side="within", threshold=0.1, upper=0.3)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.19, 0.2, 0.21], SUPPORTED),
        ([0.39, 0.4, 0.41], CONTRADICTED),
        ([0.01, 0.0, -0.01], CONTRADICTED),
        ([0.27, 0.29, 0.31], UNDECIDED),
        ([-0.4, 0.2, 0.8], UNDECIDED),  # around the whole band
    ],
)
def test_about_means_within_a_band(values, verdict):
    """Inside it, on either side of it, over an end of it, around it."""
    judged = judge(Evidence(samples=(Sample(values_S=np.array(values), num_runs=3),)), BAND)
    assert judged.verdict == verdict
    assert bool(judged.takes) == (verdict == UNDECIDED)
    nearest = min(BAND.threshold, BAND.upper, key=lambda end: abs(end - np.mean(values)))
    assert judged.p_value == pytest.approx(stats.ttest_1samp(values, nearest).pvalue)


def test_seeds_asked_for_must_clear_both_ends_of_a_band():
    """In its middle an interval must fit on both sides: four in five studies do with so many seeds."""
    values = np.array([0.11, 0.2, 0.29, 0.2])
    middle = replace(
        BAND, effect=0.5
    )  # more than half the band: a truth in its middle is as far from the ends as can be
    seeds = int(judge(Evidence(samples=(Sample(values_S=values, num_runs=8),)), middle).takes.split()[1])
    draws = np.random.default_rng(0).normal(0.2, values.std(ddof=1), size=(4000, seeds))
    half = stats.t.ppf(0.975, seeds - 1) * draws.std(axis=1, ddof=1) / seeds**0.5
    inside = (draws.mean(axis=1) - half > 0.1) & (draws.mean(axis=1) + half < 0.3)
    assert 0.77 < inside.mean() < 0.9


def test_seeds_asked_for_where_one_end_of_a_band_is_far():
    """Few seeds are certain to clear the far end; how many there must be is said by the near one."""
    values = np.array([0.085, 0.115, 0.145])
    seeds = int(judge(Evidence(samples=(Sample(values_S=values, num_runs=3),)), BAND).takes.split()[1])
    near = [chance_of_power(0.02 / 0.03, number) for number in (seeds - 1, seeds)]
    assert near[0] < 0.8 <= near[1]


@pytest.mark.parametrize("seeds", [4, 10, 1000])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 30])
def test_chances_are_those_of_the_t_test_for_any_effect(seeds, alpha):
    """Also where the library's non-central t gives no number."""
    for effect in np.geomspace(0.1, 1000, 40):
        assert _power(effect, seeds, alpha=alpha) == pytest.approx(chance_of_power(effect, seeds, alpha), abs=0.05)


def chance_of_power(effect, seeds, alpha=0.05):
    """That a two-sided t-test excludes zero: the tail of normal mean over chi spread, integrated."""
    chi2 = stats.chi2(seeds - 1)
    half = stats.t.ppf(1 - alpha / 2, seeds - 1) * np.sqrt(chi2.ppf((np.arange(20000) + 0.5) / 20000) / (seeds - 1))
    mean = effect * seeds**0.5
    return float(np.mean(stats.norm.sf(half - mean) + stats.norm.cdf(-half - mean)))


def test_missing_runs_leave_the_largest_complete_block():
    """A seed more in one cell costs the others nothing; a cell without a seed that all others have is left out."""
    full = pd.DataFrame([("m", n, seed, n + seed / 10) for n in (1, 2, 3) for seed in (0, 1, 2)])
    full.columns = ["model", "budget", "seed", "value"]
    extra = pd.DataFrame([("m", 1, 3, 9.0)], columns=full.columns)
    assert list(over_seeds(pd.concat([full, extra])).values_S) == pytest.approx([2.0, 2.1, 2.2])
    gone = full[~((full["budget"] == 3) & (full["seed"] == 1))]
    found = over_seeds(gone, runs_per_value=2)
    assert (list(found.values_S), found.num_runs) == (pytest.approx([1.5, 1.6, 1.7]), 12)
    holes = full[full["budget"] != full["seed"] + 1]  # every cell lacks another seed: no three are left, nor two
    assert over_seeds(holes).values_S.size == 2


def test_a_band_needs_two_ends():
    """A catalogue with a mistake does not load."""
    about = next(known for known in CLAIMS if known.line.side == "within").line.model_dump()
    for wrong in ({"upper": 0.0}, {"side": "above"}, {"upper": float("nan")}):
        with pytest.raises(ValueError, match="upper: a number above the threshold"):
            type(CLAIMS[0].line).model_validate(about | wrong)


def test_another_arm_can_be_tested():
    """The claims of one method may be asked of another."""
    arms = ARMS | {"hit": {"strategy": "hit"}}
    frames = frames_of(Truth(arms=arms, gain={"hit": 0.05}))
    assert claims_table(frames, "hit").set_index("claim").loc["R5a", "verdict"] == SUPPORTED
    assert claims_table(frames).set_index("claim").loc["R5a", "verdict"] == CONTRADICTED
    with pytest.raises(InputError, match="uniform: no arm to test claims on; choose one of knapsack, hit"):
        claims_table(frames, "uniform")


def test_arm_named_like_the_method_is_tested_whatever_the_order():
    """Ablations of the method share its strategy and may come first, as do the runs of a folder in order of names."""
    arms = {"a_belief": {"strategy": "knapsack", "belief": "ema"}, "a_loss": {"strategy": "uniform"}} | ARMS
    subject = subject_of(frames_of(Truth(arms=arms)))
    assert (subject.arm, subject.baseline) == ("knapsack", "uniform")
    others = {"b": {"strategy": "knapsack"}, "a": {"strategy": "knapsack"}, "u": {"strategy": "uniform"}}
    subject = subject_of(frames_of(Truth(arms=others)))
    assert (subject.arm, subject.baseline) == ("b", "u")


def test_twice_the_budget_of_half_the_prompts_is_not_twice_the_rollouts():
    """Where a step's rollouts are fixed, uniform at 2 N spends what the method at N spends."""
    frames = frames_of(Truth(gain={"knapsack": 0.01}, budgets=(4, 8)))
    claim = next(known for known in CLAIMS if known.id == "R6b")
    assert judge_claim(claim, subject_of(frames)).verdict == SUPPORTED
    fixed = replace(frames, steps=frames.steps.assign(num_rollouts=32))
    takes = judge_claim(claim, subject_of(fixed)).takes
    assert takes == "needs budgets of which one is twice the other, with as many prompts per step"


def test_saved_rollouts_are_the_ratio_in_other_words():
    """Both are one logarithm: 1 / r rollouts are needed, so 1 - 1 / r are saved, and the intervals agree."""
    table = claims_table(frames_of(Truth(speed=2.0, noise=0.02, budgets=(4, 8)))).set_index("claim")
    for end in ("value", "low", "high"):
        assert table.loc["L1", end] == pytest.approx(1 - 1 / table.loc["R6a", end])
    assert table.loc["R6a", "value"] == pytest.approx(2.0, rel=0.2)


def test_trials_of_a_simulation_are_not_seeds():
    """Theorem 1 is simulated without any run."""
    frame = claims_table(frames_of(Truth()))
    assert frame.set_index("claim").loc["R11a", ["num_seeds", "num_runs"]].tolist() == [0, 0]
    assert "Seeds: 3." in to_markdown("claims", frame)


def test_holm_is_over_the_confirmatory_family():
    """The smallest p-value is multiplied by how many of the family were tested; the others have none."""
    table = claims_table(frames_of(Truth(budgets=(4, 8), solved=(0.3, 0.5), noise=0.02)))
    family = table[table["role"] == "confirmatory"]
    assert list(family["claim"]) == ["R2 relative", "R2 points", "R5a", "R6a", "R7"]
    assert set(family["budget"].dropna()) == {8}
    assert table.loc[table["role"] != "confirmatory", "p_holm"].isna().all()
    tested = family.dropna(subset=["p_value"]).sort_values("p_value")
    assert len(tested) == 5
    assert tested["p_holm"].iloc[0] == pytest.approx(min(1, tested["p_value"].iloc[0] * len(tested)))
    assert (tested["p_holm"] >= tested["p_value"]).all()


def test_family_of_every_needs_all():
    """One member that is open keeps the claim open; one on the other side ends it."""
    good, bad = (Sample(values_S=np.array(v), num_runs=3) for v in ([0.3, 0.31, 0.32], [0.1, 0.11, 0.12]))
    wide = Sample(values_S=np.array([0.1, 0.3, 0.5]), num_runs=3)
    assert judge(Evidence(samples=(good, good)), ABOVE).verdict == SUPPORTED
    assert judge(Evidence(samples=(good, wide)), ABOVE).verdict == UNDECIDED
    assert judge(Evidence(samples=(good, bad)), ABOVE).verdict == CONTRADICTED


def test_least_clear_member_speaks_for_a_family_that_must_agree():
    """A claim about every member is as sure as its weakest; one about some is refuted as surely as its weakest."""
    clear, unclear = (np.array(v) for v in ([0.3, 0.31, 0.32], [0.27, 0.29, 0.31]))
    both = tuple(Sample(values_S=v, num_runs=3) for v in (clear, unclear))
    weakest = stats.ttest_1samp(unclear, 0.2).pvalue
    assert judge(Evidence(samples=both), ABOVE).p_value == pytest.approx(weakest)
    below = tuple(Sample(values_S=0.4 - v, num_runs=3) for v in (unclear, clear))
    found = judge(Evidence(samples=below, quantifier="some"), ABOVE)
    assert (found.verdict, found.p_value) == (CONTRADICTED, pytest.approx(weakest))


def test_best_member_is_shown_where_all_fall_short():
    """A claim about the best of some is answered with the largest, which is not always the least clear."""
    largest, unclear = (
        Sample(values_S=np.array([0.15, 0.151, 0.152]), num_runs=3, label="largest"),
        np.array([0.05, 0.06, 0.09]),
    )
    rest = Sample(values_S=unclear, num_runs=3, label="least clear")
    found = judge(Evidence(samples=(rest, largest), quantifier="some"), ABOVE)
    assert (found.verdict, found.label, found.value) == (CONTRADICTED, "largest", pytest.approx(0.151))
    assert found.p_value == pytest.approx(stats.ttest_1samp(unclear, 0.2).pvalue)


def test_family_of_some_pays_for_choosing():
    """The best of many is chosen after the fact, so its interval is wider."""
    edge = Sample(values_S=np.array([0.25, 0.27, 0.235]), num_runs=3)
    low = Sample(values_S=np.array([0.1, 0.11, 0.12]), num_runs=3)
    assert judge(Evidence(samples=(edge,), quantifier="some"), ABOVE).verdict == SUPPORTED
    assert judge(Evidence(samples=(edge, *[low] * 9), quantifier="some"), ABOVE).verdict == UNDECIDED
    assert judge(Evidence(samples=(low, low), quantifier="some"), ABOVE).verdict == CONTRADICTED


def test_no_spread_is_no_evidence_but_for_counts():
    """Three equal accuracies come of too few problems; three equal largest counts are a bound."""
    same = (Sample(values_S=np.full(3, 0.5), num_runs=3),)
    assert judge(Evidence(samples=same), ABOVE).verdict == UNDECIDED
    counted = judge(Evidence(samples=same, counts=True), ABOVE)
    assert counted.verdict == SUPPORTED
    assert np.isnan(counted.p_value)


def test_exact_and_missing():
    """A formula decides alone; what is missing cannot."""
    assert judge(Exact(0.3), ABOVE).verdict == SUPPORTED
    assert judge(Exact(0.1), ABOVE).verdict == CONTRADICTED
    assert judge(Missing("a probe"), ABOVE).takes == "needs a probe"


def test_markdown_carries_units_and_what_it_would_take():
    """A reader sees points, times and the remedy."""
    text = to_markdown("claims", claims_table(frames_of(Truth(gain={"knapsack": 0.04}))))
    assert "above +2.0 points" not in text
    assert "| above 2.0 points | 3 | 6 |" in text
    assert "| not decidable | needs two budgets or more with both arms |" in text


def test_records_on_disk(make_study):
    """The command's way in: every finished run below a study's folder."""
    from made_up import Shape

    paths, _ = make_study(Shape())
    table = claims_of(paths.results)
    assert len(table) == len(CLAIMS)
    with pytest.raises(InputError, match="nowhere: holds no runs; give the folder of a study"):
        claims_of(paths.results / "nowhere")


PER_BUDGET = {"R1a", "R1b", "R1c", "R1d", "R2 relative", "R2 points", "R4a", "R4b", "R4c", "R5a", "R5b", "R5c", "R5d"}


def test_claims_about_a_budget_are_judged_at_each_and_the_papers_first():
    """A gain at N = 8 is not diluted by none at N = 4, and 8 is the line whatever the order of the grid."""
    table = claims_table(frames_of(Truth(gain={"n8": 0.06, "n16": -0.03}, budgets=(4, 8, 16))))
    rows = table[table["claim"] == "R5a"]
    assert list(rows["budget"]) == [8, 4, 16]
    assert list(rows["verdict"]) == [SUPPORTED, CONTRADICTED, CONTRADICTED]
    assert list(rows["role"]) == ["confirmatory", "descriptive", "descriptive"]
    assert set(table.loc[table["budget"].notna(), "claim"]) == PER_BUDGET
    assert list(rows["num_runs"]) == [6, 6, 6]


@pytest.mark.parametrize("informed_from", [3, 21])
def test_the_ratio_counts_from_the_first_known_belief(informed_from):
    """An arm that learns its rates late spends as uniform does until then: those steps are not its effect."""
    frames = frames_of(Truth(ratio=(0.4, 0.65), informed_from=informed_from, noise=0.0))
    table = claims_table(frames).set_index("claim")
    assert table.loc["R2 points", "value"] == pytest.approx(0.25, abs=1e-3)
    assert table.loc["R2 relative", "value"] == pytest.approx(0.25 / 0.4, abs=0.02)


def test_an_arm_that_never_knows_a_rate_says_what_is_missing():
    """One epoch, or too few rollouts for the estimator."""
    table = claims_table(frames_of(Truth(informed_from=99))).set_index("claim")
    for claim in ("R2 points", "R2 relative", "R4a", "R4c"):
        assert table.loc[claim, "takes"].startswith(
            "needs steps of a repeat visit in which the arm knows success rates"
        )
    assert table.loc["R5a", "num_runs"] == 6


def test_favourites_are_hard_if_they_turn_out_so():
    """What was believed of them is what the rule selects on, and proves nothing."""
    assert verdict_of("R4c", favourite=0.4, believed=0.1).verdict == CONTRADICTED
    assert verdict_of("R4c", favourite=0.1, believed=0.4).verdict == SUPPORTED


def test_seeds_asked_for_come_of_the_spread_within_cells_and_a_stated_effect():
    """Neither the mean that was seen counts, nor seed means that lie close together by chance."""
    noise = np.array([[0.02, -0.02, 0.0], [-0.02, 0.02, 0.0]])
    rows = [("m", n, seed, noise[i, seed]) for i, n in enumerate((4, 8)) for seed in (0, 1, 2)]
    frame = pd.DataFrame(rows, columns=["model", "budget", "seed", "value"])
    sample = over_seeds(frame.assign(value=frame["value"] + 1e-3 * frame["seed"]), runs_per_value=2)
    assert sample.values_S.std(ddof=1) == pytest.approx(1e-3)
    assert sample.within.spread == pytest.approx(0.02 / 2**0.5, rel=0.05)
    takes = [
        judge(
            Evidence(samples=(replace(sample, values_S=sample.values_S + mean),)), replace(ABOVE, threshold=0.0)
        ).takes
        for mean in (-1e-3, 0.0, 1e-3)
    ]
    assert len(set(takes)) == 1
    seeds = int(takes[0].split()[1])
    chances = [chance_of_power(0.02 / sample.within.spread, number) for number in (seeds - 1, seeds)]
    assert chances[0] < 0.8 <= chances[1]


def test_a_claim_judged_at_several_budgets_has_one_spread():
    """Three seeds at one N say little of it; those at the others help."""
    frame = pd.DataFrame({"model": "m", "seed": (0, 1, 2) * 2, "budget": [4] * 3 + [8] * 3})
    frame = frame.assign(value=[0.0, 0.02, -0.02, 0.001, 0.0, -0.001])
    alone = [Evidence(samples=(over_seeds(rows),)) for _, rows in frame.groupby("budget")]
    expected = np.sqrt((0.02**2 + 0.001**2) / 2)
    for finding in pool_spread([*alone, Missing("a probe")])[:2]:
        assert finding.samples[0].within.spread == pytest.approx(expected)
        assert finding.samples[0].within.free == 4
    assert [finding.samples[0].within.spread for finding in alone] == pytest.approx([0.02, 0.001])


def test_the_plan_names_claims_that_there_are():
    """Each once."""
    named = {*PLAN.confirmatory, *PLAN.task, *PLAN.check}
    assert named <= {claim.id for claim in CLAIMS}
    with pytest.raises(ValueError, match="R7: named twice"):
        Plan.model_validate(PLAN.model_dump() | {"task": ["R7"]})


def test_gain_by_size_names_sizes_and_learning_rates():
    """Two models may differ in more than their size."""
    judged = verdict_of("R5d", **TWO_MODELS)
    assert judged.label == (
        "large, 0.005 M parameters at learning rate 0.00015 minus small, 0.001 M parameters at learning rate 0.00015"
    )
