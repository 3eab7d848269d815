"""What a step has spent, charged when it is generated.

The ledger is filled by whoever generates, never by a method: a method is given copies of its totals. Rollouts that are
dropped, cut short or only looked at are in it like all others.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Cost of one round, or of several together.

    Example: ``Spent(num_rollouts=16, num_prompt_tokens=160, num_response_tokens=900)``.
    """

    num_rollouts: int = 0
    """Rollouts sampled."""
    num_prompt_tokens: int = 0
    """Prompt tokens, once for each rollout."""
    num_prefilled_tokens: int = 0
    """Prompt tokens, once for each prompt of a round: what an engine with a prefix cache computes."""
    num_response_tokens: int = 0
    """Response tokens generated, those of cut-off rollouts included."""

    def __post_init__(self) -> None:
        """Nothing is ever given back."""
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise ValueError(f"{field.name} = {getattr(self, field.name)} must be 0 or more: nothing is given back")

    def __add__(self, other: "Spent") -> "Spent":
        """Both together."""
        return Spent(**{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)})


class Ledger:
    """The rounds of one step, in order; grows only."""

    def __init__(self) -> None:
        self._rounds: list[Spent] = []

    def charge(self, spent: Spent) -> None:
        """Add a round."""
        self._rounds.append(spent)

    @property
    def rounds(self) -> tuple[Spent, ...]:
        """What each round cost."""
        return tuple(self._rounds)

    @property
    def total(self) -> Spent:
        """What all rounds cost."""
        return sum(self._rounds, Spent())
