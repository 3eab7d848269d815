"""The trainer. Composes stream, tracker, strategy, sampler, scorer and learner; imports no torch itself."""

from knapsack_rl.train.loop import TrainJob, train

__all__ = ["TrainJob", "train"]
