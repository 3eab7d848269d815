"""Where a simulated run gets its beliefs from: the trackers of the trainer, and an oracle's probe of the world.

Shapes: ``_P`` prompts of a step, ``_R`` rollouts of a step, one prompt after the other.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from knapsack_rl.base.arrays import BoolArray, FloatArray, IntArray
from knapsack_rl.beliefs import NeedsFeatures, NeedsProbe, Tracker, build_tracker
from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.columns import ColumnTracker
from knapsack_rl.simulation.columns import Columns
from knapsack_rl.simulation.prompts import draw_features
from knapsack_rl.simulation.world import World

PROBE_DRAWS = 64
"""Draws of the oracle's probe at each prompt and step."""


def build_knowledge(belief: str, options: Mapping[str, Any], *, world: World, rng: np.random.Generator) -> Columns:
    """Beliefs about the prompts of a world, none observed yet.

    Args:
        belief: Registered tracker.
        options: Its options.
        world: Asked by the oracle's probe, and for the features of trackers that need them.
        rng: Source of probes and noise.

    Raises:
        ConfigError: Unknown tracker or option.
    """
    tracker = build_tracker(belief, options)
    if isinstance(tracker, NeedsProbe):
        return _Probed(world, rng=rng)
    if isinstance(tracker, NeedsFeatures):
        tracker.set_features(feature_table(world, rng=rng))
    return _Tracked(tracker)


def feature_table(world: World, *, rng: np.random.Generator) -> dict[str, FloatArray]:
    """The feature of every prompt by its id, as beliefs and strategies are told it."""
    told_I = draw_features(world.rate(), rng=rng)
    return {str(key): row_F for key, row_F in enumerate(told_I[:, None])}


class _Probed:
    """An independent sample of every prompt's current rate."""

    def __init__(self, world: World, *, rng: np.random.Generator) -> None:
        self._world, self._rng = world, rng

    def observe(self, step: int, index_P: IntArray, *, counts_P: IntArray, rewards_R: BoolArray) -> None:
        """Training rewards say nothing that the probe does not."""

    def predict(self, index_P: IntArray) -> BeliefArrays:
        """The probe's counts; see `Columns.predict`."""
        won_P = self._rng.binomial(PROBE_DRAWS, self._world.rate(index_P))
        return BeliefArrays.from_counts(won_P, np.full(len(index_P), PROBE_DRAWS))


class _Tracked:
    """A tracker of the trainer; one that has no columns is told one Python object per prompt and reward."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker

    def observe(self, step: int, index_P: IntArray, *, counts_P: IntArray, rewards_R: BoolArray) -> None:
        """Record a step's rewards; see `Columns.observe`."""
        if isinstance(self._tracker, ColumnTracker):
            self._tracker.observe_arrays(_ids(index_P), counts_P=counts_P, rewards_R=rewards_R)
            return
        groups = np.split(rewards_R.astype(np.int64), np.cumsum(counts_P)[:-1])
        self._tracker.observe(step=step, prompt_ids=_ids(index_P), rewards=[group_G.tolist() for group_G in groups])

    def predict(self, index_P: IntArray) -> BeliefArrays:
        """Beliefs; see `Columns.predict`."""
        return self._tracker.predict(_ids(index_P))


def _ids(index_P: IntArray) -> tuple[str, ...]:
    return tuple(map(str, index_P.tolist()))
