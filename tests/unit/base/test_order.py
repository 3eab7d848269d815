"""Passes over a set of items: whole batches, and further items that are not in them."""

import numpy as np
import pytest

from knapsack_rl.base.order import EpochOrder


def _order(size=10, batch=4):
    return EpochOrder(size, batch=batch, permutation=lambda epoch: np.random.default_rng(epoch).permutation(size))


def test_batches_of_a_pass_share_no_item_and_the_rest_is_dropped():
    """Two batches of 4 in a pass over 10; the third begins the next pass."""
    order = _order()
    first, second = order.take(4), order.take(4)
    assert not set(first) & set(second)
    assert order.epoch == 1
    assert order.take(4) == np.random.default_rng(1).permutation(10)[:4].tolist()


def test_further_items_are_none_of_those_there():
    """Across the end of a pass, where the next one would bring them again."""
    order = _order()
    for _ in range(20):
        batch = order.take(4)
        more = order.take(5, without=batch)
        assert len({*batch, *more}) == 9


def test_position_is_all_there_is_to_resume():
    order, again = _order(), _order()
    order.take(4)
    order.take(3, without=(0, 1))
    again.position = order.position
    assert [order.take(4) for _ in range(3)] == [again.take(4) for _ in range(3)]


def test_more_than_there_is_is_an_error():
    with pytest.raises(ValueError, match="11 of 10 items"):
        _order().take(7, without=(0, 1, 2, 3))
