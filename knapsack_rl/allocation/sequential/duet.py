"""DUET: group sizes for a budget of tokens, by how much a prompt's gradient varies and how long its answers are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Drawn, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.grpo import group_advantages

HALVINGS = 40
"""Of the interval of log prices; the release halves ten times, which leaves up to 2 % of the tokens."""


def sizes_for_tokens(spread_P: FloatArray, length_P: FloatArray, *, tokens: float, bounds: tuple[int, int]) -> IntArray:
    """``N = clip(round(s / sqrt(price L)), low, high)`` at the lowest price at which ``sum N L`` is within ``tokens``.

    Args:
        spread_P: s, standard deviation of a rollout's gradient score.  [P]
        length_P: L, expected tokens of a rollout.  [P]
        tokens: budget.
        bounds: fewest and most rollouts of a prompt; the fewest are drawn even where they exceed the budget.
    """

    def sizes(log_price: float) -> IntArray:
        wanted_P = np.rint(spread_P / np.sqrt(np.exp(log_price) * length_P))
        return np.asarray(np.clip(wanted_P, *bounds), dtype=np.int64)

    cheap, dear = -20.0, 20.0
    for _ in range(HALVINGS):
        middle = (cheap + dear) / 2
        cheap, dear = (middle, dear) if sizes(middle) @ length_P > tokens else (cheap, middle)
    return sizes(dear)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duet(SequentialMethod):
    """``N = clip(round(s / sqrt(price L)), low, high)``; the price makes ``sum N L`` the ``budget`` of a full step.

    A full step is ``total / P`` rollouts of each prompt. L is a prompt's mean length so far, s the mean over its visits
    of the standard deviation of advantage times length; prompts without a visit count as the mean of the others, and
    until there is one every prompt gets the same. A prompt whose visits were all of equal rewards has s = 0 and gets
    the fewest rollouts.

    Exact: rule, bisection, running means, budget of a half. Departures: the release takes the standard deviation of
    advantage times the answer's *log-probability*, which no method here is shown; length stands for it. Left out: its
    limit on a prompt's length (``s sqrt(L / price)``), its ridge regression for unseen prompts, its abort of hopeless
    answers. Bounds are those of the study; the release has 1 to 32.

    Source: arXiv 2605.08441 (DUET) and its released code.
    """

    name: ClassVar[str] = "duet"
    source: ClassVar[str] = "arXiv 2605.08441"

    budget: float = 0.5
    """Tokens of a step, as a share of those of a full one; 1 = as many as uniform allocation."""

    def __post_init__(self) -> None:
        """Check the option."""
        check_above("budget", self.budget, least=0, strategy=self.name)

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request, known = context.request, context.state.get("visits", {})
        ids = request.prompt_ids
        full = request.total / len(ids)
        sizes_P = np.full(len(ids), max(1, round(self.budget * full)))
        if known:
            spread_P, length_P = _columns(known, ids)
            sizes_P = sizes_for_tokens(
                spread_P,
                length_P,
                tokens=self.budget * full * float(length_P.sum()),
                bounds=(max(1, request.low), request.high),
            )
        drawn = yield Draw(counts=dict(zip(ids, sizes_P.tolist(), strict=True)))
        return Update(state={"visits": dict(known) | _visited(known, drawn)})


def _columns(known: Mapping[str, Any], prompt_ids: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """Spread and length of each prompt, the means over all known ones where it has no visit, [P] each."""
    facts_K = np.array([[spread / visits, tokens / rollouts] for visits, spread, rollouts, tokens in known.values()])
    usual = facts_K.mean(axis=0)
    rows = [
        (known[key][1] / known[key][0], known[key][3] / known[key][2]) if key in known else usual for key in prompt_ids
    ]
    spread_P, length_P = np.array(rows, dtype=np.float64).T
    return spread_P, np.maximum(length_P, 1.0)


def _visited(known: Mapping[str, Any], drawn: Drawn) -> dict[str, list[float]]:
    """What is remembered of the step's prompts: visits, summed spreads, rollouts, tokens."""
    found = {}
    for key, rewards in drawn.rewards.items():
        (advantage_G,) = group_advantages([rewards])
        spread = float(np.std(advantage_G * np.array(drawn.num_tokens[key])))
        visits, spreads, rollouts, tokens = known.get(key, (0, 0.0, 0, 0))
        found[key] = [visits + 1, spreads + spread, rollouts + len(rewards), tokens + sum(drawn.num_tokens[key])]
    return found
