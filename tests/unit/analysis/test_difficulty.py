"""Classes of difficulty, moves between them, discovery and loss, on probes with known answers."""

import dataclasses

import pandas as pd
import pytest

from knapsack_rl.analysis.make import draw_figure
from knapsack_rl.analysis.measures.difficulty import CLASSES, difficulty_class, discovery_rows, moves, transition_rows
from knapsack_rl.analysis.products.net_change import net_change_points
from knapsack_rl.analysis.products.transitions import discovery_table, transitions_table

KEYS = {"run_id": "r0", "model": "m", "arm": "uniform", "strategy": "uniform", "budget": 8, "seed": 0}


def probes_of(before, after, **keys):
    """Probe of 10 samples per prompt with these successes, at steps 0 and 9."""
    rows = [(step, f"p{index}", won) for step, wins in ((0, before), (9, after)) for index, won in enumerate(wins)]
    table = pd.DataFrame(rows, columns=["step", "prompt_id", "num_correct"])
    return table.assign(kind="ops", num_samples=10, **(KEYS | keys))


def with_probes(frames, probes, *, solved=()):
    """Frames with these probes; in training of run r0 only ``solved`` prompts had a success."""
    groups = pd.DataFrame({"run_id": ["r0"] * len(solved), "prompt_id": list(solved), "num_successes": 1})
    return dataclasses.replace(frames, probes=probes, groups=groups)


def test_class_borders():
    """Exactly 0 and 1 are classes of their own; 0.2 is hard and 0.8 easy."""
    found = difficulty_class(pd.Series([0, 1, 2, 3, 7, 8, 9, 10]), pd.Series([10] * 8))
    assert [CLASSES[index] for index in found] == [
        "extremely hard", "hard", "hard", "medium", "medium", "easy", "easy", "extremely easy",
    ]  # fmt: skip


def test_transitions_are_shares_of_the_class_before():
    """Four extremely hard prompts, one of which became medium; an empty class has no shares."""
    rows = transition_rows(probes_of([0, 0, 0, 0, 10], [0, 0, 0, 5, 10]))
    share = rows.set_index(["difficulty_before", "difficulty_after"])["share"]
    assert (share[0, 0], share[0, 2], share[4, 4]) == (0.75, 0.25, 1.0)
    assert share[1].isna().all()


def test_the_difference_is_paired_by_seed(frames):
    """Three seeds in which the arm frees 25, 50 and 75 points more than uniform."""
    parts = []
    for seed, freed in enumerate([1, 2, 3]):
        after = [5] * freed + [0] * (4 - freed)
        parts.append(probes_of([0] * 4, [0] * 4, run_id=f"u{seed}", seed=seed))
        arm = {"arm": "knapsack", "strategy": "knapsack"}
        parts.append(probes_of([0] * 4, after, run_id=f"k{seed}", seed=seed, **arm))
    steps = pd.DataFrame([KEYS, KEYS | {"arm": "knapsack"}])
    table = transitions_table(dataclasses.replace(frames, steps=steps, probes=pd.concat(parts, ignore_index=True)))
    row = table.query("arm == 'knapsack' and before == 'extremely hard' and after == 'medium'").iloc[0]
    assert (row["difference"], row["num_seeds"]) == (pytest.approx(0.5), 3)
    assert row["difference_low"] < 0 < row["difference_high"]
    assert row["verdict"] == "difference not significant"
    assert table.query("arm == 'uniform'")["difference"].isna().all()


def test_discovery_and_loss(frames):
    """Of 4 never solved 1 is discovered; of 4 solved 2 are lost; of 5 never solved after, training solved 2."""
    probes = probes_of([0, 0, 0, 0, 3, 3, 3, 10], [4, 0, 0, 0, 0, 0, 3, 10])
    (row,) = discovery_rows(with_probes(frames, probes, solved=["p1", "p4", "p6"])).to_dict("records")
    assert row["num_probed"] == 8
    assert (row["never_solved_before"], row["never_solved_after"]) == (0.5, 5 / 8)
    assert (row["discovered"], row["lost"], row["solved_in_training"]) == (0.25, 0.5, 0.4)
    assert row["rate_rise"] == pytest.approx((4 - 3 - 3) / 80)


def test_made_up_studies_have_both_tables(frames):
    """12 prompts probed in each of three seeds; rows of a matrix sum to 1."""
    table = transitions_table(frames)
    sums = table.groupby(["budget", "arm", "before"])["share"].sum(min_count=1).dropna()
    assert sums.to_numpy() == pytest.approx(1)
    assert set(discovery_table(frames)["num_probed"]) == {12}


def test_without_a_probe_the_figure_says_so(frames):
    """Older records and studies without one: empty tables, and a line that says what to set."""
    none = dataclasses.replace(frames, probes=frames.probes.iloc[:0])
    assert transitions_table(none).empty
    assert discovery_table(none).empty
    assert "evaluation.probe" in draw_figure("transitions", none).axes[0].texts[0].get_text()


def test_net_changes_of_classes(frames):
    """Share of the probed problems after minus before, within a run; the changes of an arm add up to zero."""
    points = net_change_points(frames)
    assert set(points["difficulty"]) == set(CLASSES)
    sums = points.groupby(["model", "budget", "arm"])[["before", "after", "change"]].sum()
    assert sums["before"].tolist() == pytest.approx([1.0] * len(sums))
    assert sums["after"].tolist() == pytest.approx([1.0] * len(sums))
    moved = moves(frames.probes).query("arm == 'knapsack' and budget == 8")
    before, after = ((moved[f"difficulty_{end}"] == 4).groupby(moved["seed"]).mean() for end in ("before", "after"))
    one = points.query("arm == 'knapsack' and budget == 8 and difficulty == 'extremely easy'").iloc[0]
    assert one["change"] == pytest.approx((after - before).mean())
    assert one["change_low"] < one["change"] < one["change_high"]
