"""What may be known about one prompt's success rate. Unknown is never zero.

Successes and draws are kept, never only their ratio, so that an estimator can still tell 1 of 2 from 50 of 100.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing usable has been observed yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A plug-in estimate ``successes / draws``.

    Example: ``Point(successes=3.0, draws=16.0)`` is the rate 0.1875 seen in 16 rollouts.
    """

    successes: float
    """Successes that count towards the estimate (may be fractional under decay)."""
    draws: float
    """Rollouts that count towards the estimate; greater than 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beta:
    """A Beta posterior over the success rate: density proportional to ``p**(a-1) * (1-p)**(b-1)``."""

    a: float
    """Pseudo-successes, prior included; greater than 0."""
    b: float
    """Pseudo-failures, prior included; greater than 0."""


Belief = Unknown | Point | Beta
