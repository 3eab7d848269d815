"""TRL's sampler of prompts with an order that a resumed run finds again."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from trl.trainer.utils import RepeatSampler


class EpochSampler(RepeatSampler):
    """Rows in the order of TRL's `RepeatSampler`, as a function of seed and epoch alone.

    TRL's own draws a permutation from one generator at the start of each epoch, so a run that is resumed in its second
    epoch goes through the first epoch's order again.

    Args:
        epoch: tells the epoch that starts, from 0.
        options: those of `RepeatSampler`.
    """

    def __init__(self, *, epoch: Callable[[], int], **options: Any) -> None:  # noqa: ANN401 - TRL's
        super().__init__(**options)
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Row numbers of an epoch, each as often as TRL repeats it."""
        if self.shuffle:
            self.generator.manual_seed(self.seed)
            for _ in range(self._epoch()):
                torch.randperm(self.num_samples, generator=self.generator)
        return super().__iter__()
