"""Beliefs: what is known about each prompt's success rate. May import base, numpy and scipy.

``arrays`` holds the beliefs of many prompts at once, ``tracker`` the contract of the estimators, ``registry`` the table
of names; every estimator is one small file. A prompt that was never seen is unknown, never rate 0. ``features`` is
what `kernel_beta` and `learned` want to know of prompts, ``calibration`` judges beliefs by an independent probe.
"""

from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.cost import HasCost
from knapsack_rl.beliefs.features import NeedsFeatures, hashed_features
from knapsack_rl.beliefs.oracle import NeedsProbe
from knapsack_rl.beliefs.registry import build_tracker, check_tracker, tracker_names
from knapsack_rl.beliefs.tracker import Tracker

__all__ = [
    "BeliefArrays",
    "HasCost",
    "NeedsFeatures",
    "NeedsProbe",
    "Tracker",
    "build_tracker",
    "check_tracker",
    "hashed_features",
    "tracker_names",
]
