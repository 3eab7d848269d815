"""Beliefs: what is known about each prompt's success rate. May import base, numpy and scipy.

``arrays`` holds the beliefs of many prompts at once, ``tracker`` the contract of the estimators, ``registry`` the table
of names; every estimator is one small file. A prompt that was never seen is unknown, never rate 0.
"""

from knapsack_rl.beliefs.arrays import BeliefArrays
from knapsack_rl.beliefs.registry import build_tracker, check_tracker, tracker_names
from knapsack_rl.beliefs.tracker import Tracker

__all__ = ["BeliefArrays", "Tracker", "build_tracker", "check_tracker", "tracker_names"]
