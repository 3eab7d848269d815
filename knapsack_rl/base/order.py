"""Endless passes over a set of items, each in its own order; resumable by one number."""

from collections.abc import Callable, Collection

from knapsack_rl.base.arrays import IntArray


class EpochOrder:
    """Positions of items, pass after pass; what does not fill a last batch is dropped from a pass.

    A batch taken whole, pass after pass, never holds an item twice. Further items (`take` with ``without``) move the
    position on, so that later batches may begin in the middle of a pass and reach into the next.

    Args:
        size: items.
        batch: items of a step, at most ``size``.
        permutation: order of a pass by its number, [size].
    """

    def __init__(self, size: int, *, batch: int, permutation: Callable[[int], IntArray]) -> None:
        self._size, self._per_epoch = size, size // batch * batch
        self._permutation = permutation
        self._cached: tuple[int, IntArray] | None = None
        self.position = 0
        """Items handed out or passed over."""

    @property
    def epoch(self) -> int:
        """0-based pass of the next item."""
        return self.position // self._per_epoch

    def take(self, count: int, *, without: Collection[int] = ()) -> list[int]:
        """The next ``count`` items, none twice and none of ``without``.

        Raises:
            ValueError: there are not so many.
        """
        if count + len(without) > self._size:
            raise ValueError(f"{count + len(without)} of {self._size} items were asked for at once")
        taken: dict[int, None] = {}
        while len(taken) < count:
            item = int(self._order(self.epoch)[self.position % self._per_epoch])
            self.position += 1
            if item not in without:
                taken[item] = None
        return list(taken)

    def _order(self, epoch: int) -> IntArray:
        if self._cached is None or self._cached[0] != epoch:
            self._cached = epoch, self._permutation(epoch)
        return self._cached[1]
