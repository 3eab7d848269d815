"""Values and increments against exact rational arithmetic and hand-checked numbers."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from knapsack_rl.allocation import value

RATES = [
    Fraction(1, 10**6),
    Fraction(1, 100),
    Fraction(1, 16),
    Fraction(1, 3),
    Fraction(1, 2),
    Fraction(15, 16),
    Fraction(99, 100),
]
COUNTS = [1, 2, 3, 8, 27, 128]


def exact_value(n, p):
    return (1 - p**n - (1 - p) ** n) * p * (1 - p) ** 2


def exact_expected(n, *, a, b):
    """Mean of the value under Beta(a, b), a and b whole: sum of moments E[p^i q^j], by rising factorials."""

    def moment(i, j):
        top = Fraction(1)
        for k in range(i):
            top *= a + k
        for k in range(j):
            top *= b + k
        for k in range(i + j):
            top /= a + b + k
        return top

    return moment(1, 2) - moment(1 + n, 2) - moment(1, 2 + n)


@pytest.mark.parametrize("n", COUNTS)
@pytest.mark.parametrize("p", RATES, ids=str)
def test_value_and_increment_are_exact(n, p):
    """Both formulas agree with rational arithmetic to 12 digits, also near p = 0."""
    p_float = Fraction(float(p))  # the float's own value, so that rounding of p itself does not count
    assert value.knapsack_value(n, float(p)) == pytest.approx(float(exact_value(n, p_float)), rel=1e-12, abs=1e-300)
    gain = exact_value(n + 1, p_float) - exact_value(n, p_float)
    assert value.knapsack_increment(n, float(p)) == pytest.approx(float(gain), rel=1e-12)


@pytest.mark.parametrize(
    ("p", "n", "expected"),
    [(0.5, 4, 0.875), (0.25, 8, 0.900), (0.125, 16, 0.882), (0.05, 128, 0.999), (0.99, 8, 0.077)],
)
def test_chance_of_a_nonzero_gradient(p, n, *, expected):
    """Rows of the published table, three digits."""
    assert value.p_nonzero_gradient(n, p) == pytest.approx(expected, abs=5e-4)


def test_chance_counts_the_mixed_groups():
    """It is the binomial probability of 1 to N-1 successes."""
    p, n = 0.3, 7
    mixed = sum(comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(1, n))
    assert value.p_nonzero_gradient(n, p) == pytest.approx(mixed, rel=1e-13)


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_rollouts_are_worth_nothing(n):
    """No group of 0 or 1 has two outcomes; the bare formula would give -1 at N = 0."""
    assert value.knapsack_value(n, 0.3) == 0.0
    assert value.expected_knapsack_value(n, a=2.0, b=3.0) == 0.0


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_certain_outcomes_are_worth_nothing(p):
    """At p = 0 and p = 1 value and increments vanish for every N."""
    n_N = np.arange(130)
    assert (value.knapsack_value(n_N, p) == 0.0).all()
    assert (value.knapsack_increment(n_N, p) == 0.0).all()


def test_the_first_rollout_alone_gains_nothing():
    """V(1) = V(0) = 0, in every increment."""
    assert value.knapsack_increment(0, 0.3) == 0.0
    assert value.p_nonzero_gradient_increment(0, 0.3) == 0.0
    assert value.expected_knapsack_increment(0, a=1.0, b=1.0) == 0.0


def test_information_gain_peaks_at_one_third():
    """The peak value is 4/27."""
    p_P = np.linspace(0, 1, 3001)
    assert p_P[value.info_gain(p_P).argmax()] == pytest.approx(1 / 3, abs=1e-3)
    assert value.info_gain(1 / 3) == pytest.approx(4 / 27)


@pytest.mark.parametrize(
    ("a", "b", "n", "expected"),
    [(1, 9, 8, 0.04449273636580138), (2, 5, 16, 0.11469087739110623), (0.5, 0.5, 4, 0.0419921875)],
)
def test_expected_value_closed_forms(a, b, *, n, expected):
    """Published closed-form numbers."""
    assert value.expected_knapsack_value(n, a=a, b=b) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 8, 128, 1024, 4096])
@pytest.mark.parametrize(("a", "b"), [(1, 1), (1, 9), (9, 1), (3, 2), (40, 2)])
def test_expectation_is_stable_to_4096_rollouts(n, *, a, b):
    """Value and increment agree with rational arithmetic to 9 digits, however small the increment."""
    exact, following = exact_expected(n, a=a, b=b), exact_expected(n + 1, a=a, b=b)
    assert value.expected_knapsack_value(n, a=a, b=b) == pytest.approx(float(exact), rel=1e-9, abs=1e-300)
    assert value.expected_knapsack_increment(n, a=a, b=b) == pytest.approx(float(following - exact), rel=1e-9)


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 5), (7, 1)])
@pytest.mark.parametrize("n", COUNTS)
def test_expected_chance_of_a_nonzero_gradient(n, *, a, b):
    """``1 - E[p^n] - E[q^n]`` by rising factorials."""
    all_right, all_wrong = Fraction(1), Fraction(1)
    for k in range(n):
        all_right *= Fraction(a + k, a + b + k)
        all_wrong *= Fraction(b + k, a + b + k)
    found = value.expected_p_nonzero_gradient(n, a=a, b=b)
    assert float(found) == pytest.approx(float(1 - all_right - all_wrong) if n > 1 else 0.0, rel=1e-9)


@pytest.mark.parametrize(
    "increment_N",
    [
        value.knapsack_increment(np.arange(1, 4097), 0.02),
        value.knapsack_increment(np.arange(1, 4097), 0.98),
        value.expected_knapsack_increment(np.arange(1, 4097), a=1.0, b=9.0),
    ],
    ids=["hard", "easy", "posterior"],
)
def test_increments_never_rise(increment_N):
    """Concave from one rollout on, which is what makes the greedy exact."""
    assert (np.diff(increment_N) <= 0.0).all()
    assert (increment_N >= 0.0).all()


def test_arguments_broadcast():
    """Counts in rows and rates in columns give a table."""
    assert value.knapsack_value(np.arange(5)[:, None], np.linspace(0, 1, 3)).shape == (5, 3)
