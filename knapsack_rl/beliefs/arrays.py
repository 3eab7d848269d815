"""Beliefs about many prompts as numpy columns. Shapes: ``_P`` prompts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knapsack_rl.base.arrays import BoolArray, FloatArray, IntArray
from knapsack_rl.base.belief import Belief, Beta, Point, Unknown
from knapsack_rl.base.errors import AllocationError

_COLUMNS = ("rate_P", "successes_P", "draws_P", "a_P", "b_P")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BeliefArrays:
    """Beliefs about P prompts; NaN means "unknown", in every column.

    Example: ``BeliefArrays.from_rates([0.25, float("nan")])`` is one known prompt and one unseen one.

    Raises:
        AllocationError: A column is not one-dimensional or of another length, or holds an impossible value.
    """

    rate_P: FloatArray
    """Estimated success rate (posterior mean for a Beta belief), in [0, 1]; NaN = unknown.  [P]"""
    successes_P: FloatArray
    """Successes behind the estimate; NaN = only the rate is known.  [P]"""
    draws_P: FloatArray
    """Rollouts behind the estimate; 0 for an unseen prompt, NaN = only the rate is known.  [P]"""
    a_P: FloatArray
    """Beta pseudo-successes, prior included; NaN = not a Beta belief.  [P]"""
    b_P: FloatArray
    """Beta pseudo-failures, prior included; NaN = not a Beta belief.  [P]"""

    def __post_init__(self) -> None:
        """Check shapes and ranges."""
        shape = (len(self.rate_P),)
        for name in _COLUMNS:
            column_P: FloatArray = getattr(self, name)
            if column_P.shape != shape:
                raise AllocationError(f"{name} has shape {column_P.shape}, expected {shape}: one value per prompt")
        _refuse(
            "success rate", self.rate_P, wrong_P=(self.rate_P < 0.0) | (self.rate_P > 1.0), wanted="between 0 and 1"
        )
        _refuse(
            "number of draws",
            self.draws_P,
            wrong_P=(self.draws_P < 0.0) | np.isinf(self.draws_P),
            wanted="finite and >= 0",
        )
        wrong_P = (self.successes_P < 0.0) | (self.successes_P > self.draws_P) | np.isinf(self.successes_P)
        _refuse("number of successes", self.successes_P, wrong_P=wrong_P, wanted="between 0 and the draws")
        for name, column_P in (("Beta a", self.a_P), ("Beta b", self.b_P)):
            _refuse(name, column_P, wrong_P=(column_P <= 0.0) | np.isinf(column_P), wanted="finite and above 0")

    def __len__(self) -> int:
        """Number of prompts P."""
        return len(self.rate_P)

    @classmethod
    def of(cls, beliefs: "BeliefArrays | Sequence[Belief] | npt.ArrayLike") -> "BeliefArrays":
        """Beliefs from any accepted form: already columns, a sequence of records, or an array of rates (NaN unknown).

        Raises:
            AllocationError: A value is not a probability, or the input is neither form.
        """
        if isinstance(beliefs, BeliefArrays):
            return beliefs
        if isinstance(beliefs, list | tuple) and beliefs and isinstance(beliefs[0], Unknown | Point | Beta):
            return cls.from_records(beliefs)
        return cls.from_rates(beliefs)  # type: ignore[arg-type]

    @classmethod
    def from_rates(cls, rate_P: npt.ArrayLike, *, draws: npt.ArrayLike | None = None) -> "BeliefArrays":
        """Beliefs from success rates.

        Args:
            rate_P: Rates in [0, 1]; NaN or None = unknown.  [P]
            draws: Rollouts behind each rate, [P] or one number for all; without it only the rates are known.

        Raises:
            AllocationError: A rate is not a number in [0, 1].
        """
        try:
            rates_P = np.array(rate_P, dtype=np.float64, ndmin=1)
        except (TypeError, ValueError) as error:
            raise AllocationError(f"beliefs must be rates, or all Unknown/Point/Beta records: {error}") from error
        nan_P = np.full(rates_P.shape, np.nan)
        draws_P = nan_P if draws is None else np.broadcast_to(np.asarray(draws, dtype=np.float64), rates_P.shape)
        unknown_P = np.isnan(rates_P)
        return cls(
            rate_P=rates_P,
            successes_P=np.where(unknown_P, 0.0, rates_P * draws_P),
            draws_P=np.where(unknown_P, 0.0, draws_P),
            a_P=nan_P,
            b_P=nan_P,
        )

    @classmethod
    def from_counts(cls, successes_P: npt.ArrayLike, draws_P: npt.ArrayLike) -> "BeliefArrays":
        """Plug-in beliefs ``successes / draws``; a prompt with 0 draws is unknown.

        Args:
            successes_P: Successes, may be fractional.  [P]
            draws_P: Rollouts, may be fractional.  [P]
        """
        wins_P = np.array(successes_P, dtype=np.float64, ndmin=1)
        total_P = np.array(draws_P, dtype=np.float64, ndmin=1)
        nan_P = np.full(total_P.shape, np.nan)
        rate_P = np.divide(wins_P, total_P, out=nan_P.copy(), where=total_P > 0)
        return cls(rate_P=rate_P, successes_P=wins_P, draws_P=total_P, a_P=nan_P, b_P=nan_P)

    @classmethod
    def from_records(cls, beliefs: Sequence[Belief]) -> "BeliefArrays":
        """Beliefs from [P] records, one per prompt.

        Raises:
            AllocationError: An item is not a belief record, or holds an impossible value.
        """
        columns = np.array([_row(belief) for belief in beliefs], dtype=np.float64).reshape(len(beliefs), 5).T
        rate_P, successes_P, draws_P, a_P, b_P = np.ascontiguousarray(columns)
        return cls(rate_P=rate_P, successes_P=successes_P, draws_P=draws_P, a_P=a_P, b_P=b_P)

    @classmethod
    def joined(cls, parts: "Sequence[BeliefArrays]") -> "BeliefArrays":
        """Several after one another."""
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS})

    def take(self, index_Q: IntArray) -> "BeliefArrays":
        """Beliefs at the given [Q] positions."""
        return BeliefArrays(**{name: getattr(self, name)[index_Q] for name in _COLUMNS})


def _row(belief: Belief) -> tuple[float, float, float, float, float]:
    nan = float("nan")
    match belief:
        case Unknown():
            return nan, 0.0, 0.0, nan, nan
        case Point(successes=successes, draws=draws) if draws > 0:
            return successes / draws, successes, draws, nan, nan
        case Beta(a=a, b=b) if a > 0 and b > 0:
            return a / (a + b), nan, nan, a, b
    raise AllocationError(
        f"{belief!r} is not a usable belief: need Unknown, Point with draws > 0, or Beta with a, b > 0"
    )


def _refuse(what: str, value_P: FloatArray, *, wrong_P: BoolArray, wanted: str) -> None:
    if wrong_P.any():
        where = int(wrong_P.argmax())
        raise AllocationError(
            f"{what} {value_P[where]:g} of prompt {where} must be {wanted}; NaN marks an unknown value"
        )
