"""The table of value functions: what N rollouts at success rate p may be taken to be worth. Shapes: ``_M`` any."""

from collections.abc import Callable
from dataclasses import dataclass

from knapsack_rl.allocation.mean_advantage import mean_advantage_increment
from knapsack_rl.allocation.posterior import expected_hit_increment, expected_product_increment
from knapsack_rl.allocation.value import info_gain, p_nonzero_gradient_increment
from knapsack_rl.base.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueFunction:
    """A value by its increments, which must not rise in N from one rollout on."""

    formula: str
    """The value, in symbols."""
    source: str
    """Where it comes from."""
    increment: Callable[[IntArray, FloatArray], FloatArray]
    """Gain of rollout N + 1 at rate p, for N >= 1: ``increment(num_rollouts_M, p_M)``.  [M]"""
    expected: Callable[[IntArray, FloatArray, FloatArray], FloatArray] | None = None
    """Its mean for p ~ Beta(a, b), where there is a closed form: ``expected(num_rollouts_M, a_M, b_M)``.  [M]"""
    from_zero: bool = False
    """Whether the increments do not rise from no rollout on either, so that a prompt may get none."""


_MIXED = "1 - p^N - q^N"

VALUES: dict[str, ValueFunction] = {
    "gain_alone": ValueFunction(
        formula="N p q^2", source="half of arXiv 2509.25849", increment=lambda n, p: info_gain(p) + 0.0 * n
    ),
    "hit": ValueFunction(
        formula="1 - q^N",
        source="arXiv 2605.07114",
        increment=lambda n, p: p * (1.0 - p) ** n,
        expected=lambda n, a, b: expected_hit_increment(n, a=a, b=b),
        from_zero=True,
    ),
    "mean_advantage": ValueFunction(
        formula="E sqrt(m (N-m)) / N, m ~ Bin(N, p)",
        source="mean size of a standardised GRPO advantage",
        increment=mean_advantage_increment,
    ),
    "nonzero_probability": ValueFunction(
        formula=_MIXED,
        source="half of arXiv 2509.25849",
        increment=p_nonzero_gradient_increment,
        expected=lambda n, a, b: expected_product_increment(n, a=a, b=b, powers=(0, 0)),
    ),
    "product": ValueFunction(
        formula=f"({_MIXED}) p q^2",
        source="arXiv 2509.25849",
        increment=lambda n, p: p_nonzero_gradient_increment(n, p) * info_gain(p),
        expected=lambda n, a, b: expected_product_increment(n, a=a, b=b, powers=(1, 2)),
    ),
    "variance_product": ValueFunction(
        formula=f"({_MIXED}) p q",
        source="symmetric variant of arXiv 2509.25849",
        increment=lambda n, p: p_nonzero_gradient_increment(n, p) * p * (1.0 - p),
        expected=lambda n, a, b: expected_product_increment(n, a=a, b=b, powers=(1, 1)),
    ),
}


def value_names() -> tuple[str, ...]:
    """Names in the table, sorted."""
    return tuple(sorted(VALUES))
