"""What verl's dumps keep of a judged answer: one JSON text, since verl averages every number it finds."""

import json
from dataclasses import asdict, dataclass

from knapsack_rl.base.errors import InputError

KEY = "knapsack_verdict"
"""Its name in ``reward_extra_info``, and so in a dump."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAnswer:
    """One answer. Example: ``JudgedAnswer(source="knapsack_rl/aime24", problem_id="aime24-1", ..., reward=1)``."""

    source: str
    problem_id: str
    kind: str
    reward: int
    reason: str
    extracted: str | None
    score: float | None
    num_response_tokens: int
    truncated: bool

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))


def read_answer(text: object) -> JudgedAnswer:
    """An answer from its JSON.

    Raises:
        InputError: it is none.
    """
    try:
        return JudgedAnswer(**json.loads(str(text)))
    except (TypeError, ValueError) as error:
        raise InputError(f"{KEY}: is no verdict of this package's reward ({error})") from None
