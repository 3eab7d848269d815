"""Many rollouts are drawn, and the few of largest reward variance are trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Kept, Rounds, SequentialMethod, StepContext, Update


@dataclass(frozen=True, slots=True, kw_only=True)
class Pods(SequentialMethod):
    """``total / P`` rollouts per prompt, of which the share ``keep`` with the largest variance is trained on.

    Sorted by reward, the best subset of m is some number of the highest and the rest of the lowest. Advantages are
    normalised inside the subset. Generation costs as much as uniform allocation: what is saved is the update.

    Source: arXiv 2504.13818 (PODS) and its released code.
    """

    name: ClassVar[str] = "pods"
    source: ClassVar[str] = "arXiv 2504.13818"

    keep: float = 0.25
    """Share of a prompt's rollouts that is trained on; at least two of them."""

    def __post_init__(self) -> None:
        """Check the option."""
        check_above("keep", self.keep, least=0, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request = context.request
        size = request.total // len(request.prompt_ids)
        drawn = yield Draw(counts=dict.fromkeys(request.prompt_ids, size))
        keep = min(size, max(2, round(self.keep * size)))
        kept = {key: Kept(rollouts=most_varied(rewards, keep)) for key, rewards in drawn.rewards.items()}
        return Update(kept=kept, state=context.state)


def most_varied(rewards: Sequence[float], keep: int) -> tuple[int, ...]:
    """Indices of the ``keep`` rewards of largest variance, ascending; of equal splits the one with the fewest high."""
    order_G = np.argsort(np.asarray(rewards, dtype=np.float64), kind="stable")
    subsets = [np.concatenate([order_G[: keep - high], order_G[len(order_G) - high :]]) for high in range(keep + 1)]
    variances = [float(np.var(np.asarray(rewards)[subset])) for subset in subsets]
    return tuple(sorted(subsets[int(np.argmax(variances))].tolist()))
