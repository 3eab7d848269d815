"""The look of each arm: colour, marker and line style, the same in every figure of every study.

A look belongs to the strategy, by the table below, so it does not depend on which other arms a study has. Arms that
share a strategy under names of their own (``low_1``, ``belief_ema``) vary its look by a digest of their name. Colours
are those of Okabe and Ito for the arms met most, and darker or lighter relatives of them and of Tol's muted scheme for
the others; markers and dashes repeat the distinction in grey.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from matplotlib.colors import hsv_to_rgb, rgb_to_hsv, to_hex, to_rgb
from matplotlib.typing import LineStyleType

from knapsack_rl.analysis.frames.study import StudyFrames

DASHES: tuple[LineStyleType, ...] = ("-", (0, (4, 1.2)), (0, (1, 1)), (0, (4, 1, 1, 1)), (0, (6, 1, 1, 1, 1, 1)))
"""Solid, dashed, dotted, dash-dotted, dash-dot-dotted."""

QUIET_COLOR = "#B3B9C1"
"""One of many: grey and thin, so that the highlighted arms stand out."""

MOST_COLORED = 6
"""A figure with more arms than this highlights some and draws the others quietly."""

MOST_HIGHLIGHTED = 5

MOST_PANELS = 8
"""Rows of panels that a page has room for."""

HIGHLIGHTED = ("uniform", "knapsack", "knapsack_posterior", "oracle", "random_matched")
"""Strategies that are highlighted first: the baseline, the method, its posterior form, and the two controls."""


@dataclass(frozen=True, slots=True)
class ArmStyle:
    """How an arm is drawn.

    Example: ``ArmStyle(arm="knapsack", color="#D55E00", marker="o")``.
    """

    arm: str
    color: str
    marker: str
    dashes: LineStyleType = "-"
    quiet: bool = False
    """Drawn thin and grey, without a marker and without an entry in the legend."""

    @property
    def shown_color(self) -> str:
        """The colour it is drawn in."""
        return QUIET_COLOR if self.quiet else self.color


_TABLE = {
    "uniform": ("#000000", "s", 0),
    "knapsack": ("#D55E00", "o", 0),
    "knapsack_posterior": ("#009E73", "^", 1),
    "oracle": ("#0072B2", "v", 3),
    "random_matched": ("#882255", "D", 2),
    "knapsack_greedy": ("#E69F00", "P", 1),
    "knapsack_released": ("#CC79A7", "X", 2),
    "knapsack_tokens": ("#AA4499", "p", 3),
    "coba_paper": ("#332288", "<", 0),
    "coba_released": ("#56B4E9", ">", 1),
    "hit": ("#999933", "h", 4),
    "ada_est": ("#117733", "d", 0),
    "neyman": ("#6699CC", "*", 4),
    "vip": ("#44AA99", "8", 3),
    "e3": ("#661100", "H", 1),
    "gvm_light": ("#CC6677", "P", 4),
    "value": ("#8C6D31", "X", 0),
    "ar3po": ("#1B6CA8", "s", 2),
    "dapo": ("#B5541C", "o", 2),
    "dars": ("#5B8C5A", "v", 2),
    "greso": ("#7A4FA3", "^", 2),
    "gvm_pilot": ("#3E7C8A", "<", 2),
    "lilo": ("#A67C00", ">", 2),
    "mopps": ("#C2487A", "p", 2),
    "ngu": ("#4B5D16", "P", 2),
    "pcl": ("#2F4B7C", "h", 2),
    "pilot_commit": ("#9C2A2A", "d", 2),
    "pods": ("#00796B", "8", 2),
    "query_recycling": ("#6D4C41", "H", 2),
    "ragen_top_p": ("#5E35B1", "*", 2),
    "reinforce_ada": ("#8E6C8A", "s", 1),
    "speed_rl": ("#33691E", "o", 1),
    "vade": ("#AD1457", "D", 1),
    "vigor": ("#01579B", "v", 1),
    "xrpo": ("#7B6D00", "<", 1),
    "c_grpo": ("#827717", "d", 1),
    "cero": ("#4527A0", ">", 3),
    "duet": ("#BF360C", "p", 1),
    "dynamo": ("#37474F", "h", 3),
    "rollout_gdro": ("#006064", "H", 4),
}
"""Colour, marker and place in ``DASHES`` of every strategy."""

_MARKERS = "soDv^<>pPXhd8H*"


def arm_looks(strategies: Mapping[str, str]) -> dict[str, ArmStyle]:
    """The look of each arm, in the order given; of an arm and its strategy alone, but for who is quiet.

    Args:
        strategies: the strategy of each arm.
    """
    loud = highlighted(strategies)
    return {arm: replace(_look(arm, strategy), quiet=arm not in loud) for arm, strategy in strategies.items()}


def looks_in(frames: StudyFrames) -> dict[str, ArmStyle]:
    """The look of each arm with records, in order of appearance; in a part of a study as in the whole.

    An exception is a part without any arm that stands out: its own do, or nothing could be told apart.
    """
    mine = strategies_in(frames.steps)
    looks = arm_looks(strategies_in(frames.study_arms) or mine)
    looks = {arm: looks[arm] for arm in mine}
    return looks if loud(looks) else arm_looks(mine)


def strategies_in(frame: pd.DataFrame) -> dict[str, str]:
    """The strategy of each arm of a frame with columns ``arm`` and ``strategy``, in order of appearance."""
    pairs = frame[["arm", "strategy"]].drop_duplicates("arm").astype(str)
    return dict(pairs.itertuples(index=False, name=None))


def highlighted(strategies: Mapping[str, str]) -> list[str]:
    """Arms that stand out, in the order given: all of a few, else one of each of ``HIGHLIGHTED``, then the first."""
    if len(strategies) <= MOST_COLORED:
        return list(strategies)
    first = {strategy: arm for arm, strategy in reversed(list(strategies.items()))}
    first |= {name: name for name in strategies if strategies[name] == name}  # an arm named like its strategy
    ranked = dict.fromkeys([*(first[name] for name in HIGHLIGHTED if name in first), *strategies])
    chosen = list(ranked)[:MOST_HIGHLIGHTED]
    return [arm for arm in strategies if arm in chosen]


def loud_first(looks: Mapping[str, ArmStyle]) -> list[ArmStyle]:
    """Order of drawing: quiet arms below."""
    return sorted(looks.values(), key=lambda look: not look.quiet)


def loud(looks: Mapping[str, ArmStyle]) -> dict[str, ArmStyle]:
    """The looks that stand out."""
    return {arm: look for arm, look in looks.items() if not look.quiet}


def in_panels(looks: Mapping[str, ArmStyle], baseline: str | None, *, num_cells: int) -> list[ArmStyle]:
    """Arms that get a panel of their own in every cell: those that stand out, as far as a page has room.

    The baseline is left out where there are others.
    """
    shown = list(loud(looks).values())
    return ([look for look in shown if look.arm != baseline] or shown)[: max(1, MOST_PANELS // num_cells)]


def _look(arm: str, strategy: str) -> ArmStyle:
    color, marker, dashes = _TABLE.get(strategy) or _derived(strategy, _TABLE["value"][0])
    if arm != strategy:
        color, marker, dashes = _derived(arm, color)
    return ArmStyle(arm, color, marker, DASHES[dashes])


def _derived(name: str, color: str) -> tuple[str, str, int]:
    """Colour near ``color``, marker and dashes by a digest of ``name``."""
    digest: Sequence[int] = hashlib.sha256(name.encode()).digest()
    hue, saturation, value = rgb_to_hsv(to_rgb(color))
    hue = (hue + (digest[0] / 255 - 0.5) * 0.06) % 1
    value = min(0.8, max(0.35, value)) + (digest[1] / 255 - 0.5) * 0.3
    near = hsv_to_rgb((hue, max(0.25, saturation) if saturation else 0.0, value))
    return to_hex(tuple(near)).upper(), _MARKERS[digest[2] % len(_MARKERS)], digest[3] % len(DASHES)
