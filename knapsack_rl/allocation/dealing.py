"""Deal whole rollouts in rounds, one per prompt, where there is room."""

import numpy as np

from knapsack_rl.base.arrays import IntArray


def deal(room_P: IntArray, units: int, *, rng: np.random.Generator | None = None) -> IntArray:
    """Shares of ``units`` that are as equal as the room allows.

    Every prompt with room gets one unit per round until the units are gone; the last, incomplete round goes to the
    lowest positions, or to a random choice if ``rng`` is given.

    Args:
        room_P: How many units each prompt can take, >= 0.  [P]
        units: Units to deal, between 0 and the sum of the room.
        rng: Source of the random order of the last round.

    Returns:
        Units per prompt, summing to ``units``.  [P]
    """
    num_rounds, too_many = 0, int(room_P.max(initial=0)) + 1
    while too_many - num_rounds > 1:
        middle = (num_rounds + too_many) // 2
        if int(np.minimum(room_P, middle).sum()) <= units:
            num_rounds = middle
        else:
            too_many = middle
    share_P = np.minimum(room_P, num_rounds)
    rest = units - int(share_P.sum())
    waiting = np.flatnonzero(room_P > num_rounds)
    assert 0 <= rest <= len(waiting), f"{units} units do not fit into the room of {int(room_P.sum())}"  # noqa: S101
    lucky = waiting[:rest] if rng is None else rng.choice(waiting, size=rest, replace=False)
    share_P[lucky] += 1
    return share_P
