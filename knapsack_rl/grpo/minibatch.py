"""Cut a step's rollouts into mini-batches of equal size."""

import numpy as np

from knapsack_rl.base.arrays import IntArray
from knapsack_rl.base.seeding import derive_seed


def cut_mini_batches(num_rollouts: int, num_mini_batches: int, *, seed: int) -> list[IntArray]:
    """Rollout indices of each mini-batch: a seeded shuffle cut into parts whose sizes differ by at most one.

    Every arm is shuffled the same way, so mini-batches hold the same number of rollouts whatever the allocation.
    DEVIATION: in the released code rollouts of one prompt stay adjacent in the uniform arm and are shuffled in the
    knapsack arm only, a confound between the arms.
    Zero-advantage rollouts are still in here: mini-batches are cut first, rollouts dropped later, so an empty
    mini-batch is possible and still takes its optimiser step.
    """
    order_R = np.random.default_rng(derive_seed(seed, "mini-batches")).permutation(num_rollouts)
    return [part.astype(np.int64) for part in np.array_split(order_R, num_mini_batches)]
