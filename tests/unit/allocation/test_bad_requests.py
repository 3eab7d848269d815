"""Numbers that are none, one line each."""

import pytest

from knapsack_rl.allocation import allocate
from knapsack_rl.base.errors import AllocationError, ConfigError


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"total": 8.0}, AllocationError, "total = 8.0 must be a whole number"),
        ({"total": "8"}, AllocationError, "total = '8' must be a whole number"),
        ({"bounds": (2.5, 8)}, AllocationError, "low = 2.5 must be a whole number"),
        ({"bounds": (2, float("inf"))}, AllocationError, "high = inf must be a whole number"),
        ({"bounds": (2,)}, AllocationError, "must be a pair"),
        ({"seed": -1}, AllocationError, "seed -1 must be a whole number, 0 or more"),
        ({"options": 3}, ConfigError, "options = 3 must map names to values"),
    ],
)
def test_numbers_that_are_none_are_refused(changes, error, message):
    """Nothing is rounded in silence, and no traceback speaks of casts."""
    with pytest.raises(error, match=message):
        allocate("knapsack", [0.5], **{"total": 8, "bounds": (2, 8), **changes})
