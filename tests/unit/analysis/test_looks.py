"""An arm looks the same in every study, in every eye, and in grey."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.colors import to_rgb

from knapsack_rl.allocation import method_names
from knapsack_rl.analysis.drawing.looks import (
    HIGHLIGHTED,
    MOST_HIGHLIGHTED,
    QUIET_COLOR,
    arm_looks,
    in_panels,
    looks_in,
    loud,
)
from knapsack_rl.analysis.drawing.marks import line_of
from knapsack_rl.analysis.drawing.views import of_cell
from knapsack_rl.analysis.frames.study import StudyFrames

CONFIGS = Path(__file__).parents[3] / "config"
STUDIES = {path.stem: yaml.safe_load(path.read_text())["arms"] for path in CONFIGS.glob("*.yaml")}
ARENA = {arm: section["strategy"] for arm, section in STUDIES["arena"].items()}

NORMAL = np.eye(3)
PROTANOPIA = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)
"""Complete loss of a kind of cone, in linear RGB: Machado, Oliveira and Fernandes 2009, table 1."""

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def lab(color, eye):
    """CIE L*a*b* of a colour as an eye sees it."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ratio = TO_XYZ @ np.clip(eye @ linear, 0, 1) / WHITE
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def drawn(look):
    """What makes a look, without who is quiet, which depends on the study."""
    return look.color, look.marker, look.dashes


@pytest.mark.parametrize("dropped", ["uniform", "knapsack", "coba_paper", "matched_knapsack", "value_gain"])
def test_an_arm_looks_the_same_without_another(dropped):
    """Looks depend on the arm alone: not on which others there are, nor on their order."""
    whole = arm_looks(ARENA)
    part = arm_looks({arm: strategy for arm, strategy in reversed(ARENA.items()) if arm != dropped})
    assert {arm: drawn(look) for arm, look in part.items()} == {arm: drawn(whole[arm]) for arm in part}


def test_an_arm_looks_the_same_in_every_study():
    """Arms of one name and strategy in the committed studies share their look."""
    seen = {}
    for arms in STUDIES.values():
        for arm, look in arm_looks({arm: section["strategy"] for arm, section in arms.items()}).items():
            assert seen.setdefault((arm, arms[arm]["strategy"]), drawn(look)) == drawn(look)
    assert len(seen) > 30


@pytest.mark.parametrize("name", STUDIES)
def test_no_two_arms_of_a_study_share_a_colour(name):
    """Nor do two strategies share marker and dashes, so that they differ in grey."""
    looks = arm_looks({arm: section["strategy"] for arm, section in STUDIES[name].items()})
    assert len({look.color for look in looks.values()}) == len(looks)


def test_strategies_differ_in_grey():
    """A strategy that is registered has a place in the table, and no other has its colour or its marker and dashes."""
    looks = arm_looks({name: name for name in method_names()}).values()
    assert len({look.color for look in looks}) == len({(look.marker, look.dashes) for look in looks}) == len(looks)


@pytest.mark.parametrize("arms", [{name: name for name in HIGHLIGHTED}, ARENA], ids=["main", "arena"])
@pytest.mark.parametrize("eye", [NORMAL, PROTANOPIA, DEUTERANOPIA], ids=["normal", "protanopia", "deuteranopia"])
def test_highlighted_colours_are_apart_in_every_eye(eye, arms):
    """At least 15 units of L*a*b* between any two of the highlighted arms, and to the grey of the rest."""
    colors = [look.color for look in loud(arm_looks(arms)).values()]
    distances = [np.linalg.norm(lab(one, eye) - lab(two, eye)) for one, two in combinations([*colors, QUIET_COLOR], 2)]
    assert min(distances) > 15


def test_few_of_many_stand_out():
    """Of twenty arms the baseline, the method, its posterior form and the controls; the others are thin and grey."""
    looks = arm_looks(ARENA)
    assert list(loud(looks)) == ["uniform", "knapsack", "knapsack_posterior", "matched_knapsack", "oracle"]
    assert line_of(looks["vip"])["color"] == QUIET_COLOR
    assert line_of(looks["vip"])["linewidth"] < 0.6
    assert "marker" not in line_of(looks["vip"])


def test_all_of_few_stand_out():
    """A study of a few arms has no grey, and one without the main arms highlights its first."""
    assert len(loud(arm_looks({"uniform": "uniform", "vip": "vip", "hit": "hit"}))) == 3
    others = {f"low_{place}": "vip" for place in range(12)}
    assert list(loud(arm_looks(others))) == list(others)[:MOST_HIGHLIGHTED]


def test_panels_leave_the_baseline_out():
    """Unless it is alone; and no more than a page has room for, but one."""
    looks = arm_looks(ARENA)
    arms = [[look.arm for look in in_panels(looks, "uniform", num_cells=cells)] for cells in (1, 4, 24)]
    assert arms == [
        ["knapsack", "knapsack_posterior", "matched_knapsack", "oracle"],
        ["knapsack", "knapsack_posterior"],
        ["knapsack"],
    ]
    assert [look.arm for look in in_panels(arm_looks({"uniform": "uniform"}), "uniform", num_cells=1)] == ["uniform"]


def test_an_arm_of_a_cell_looks_as_in_the_whole_study():
    """A cell with few arms does not colour one that is grey elsewhere, unless there would be no colour at all."""
    rows = [("m", 8, arm, strategy) for arm, strategy in ARENA.items()]
    quiet = [arm for arm, look in arm_looks(ARENA).items() if look.quiet][:2]
    rows += [("m", 4, arm, ARENA[arm]) for arm in ("uniform", *quiet)] + [("m", 2, arm, ARENA[arm]) for arm in quiet]
    steps = pd.DataFrame(rows, columns=["model", "budget", "arm", "strategy"])
    frames = StudyFrames(steps, groups=steps, evals=steps)
    looks = looks_in(frames)
    assert looks_in(of_cell(frames, ("m", 4))) == {arm: looks[arm] for arm in ("uniform", *quiet)}
    assert not any(look.quiet for look in looks_in(of_cell(frames, ("m", 2))).values())
