"""Rollouts from a model. One file per engine; the fake needs neither torch nor a model.

The protocol and the fake are re-exported; engines with heavy imports are imported by their builders.
"""

from knapsack_rl.sampler.build import build_sampler
from knapsack_rl.sampler.fake import FakeSampler
from knapsack_rl.sampler.protocol import Sampler

__all__ = ["FakeSampler", "Sampler", "build_sampler"]
