"""The policy update (torch). It gets packed numbers and never sees a prompt's text or a budget.

The protocol, its records and the fake are re-exported and need no torch; ``policy`` is imported by its builder.
"""

from knapsack_rl.learner.fake import FakeLearner
from knapsack_rl.learner.protocol import Learner, TrainingRow, UpdateStats

__all__ = ["FakeLearner", "Learner", "TrainingRow", "UpdateStats"]
