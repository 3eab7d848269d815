"""E3-RL4LLMs: rollouts in proportion to how hard a prompt ranks among all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.dealing import deal
from knapsack_rl.allocation.strategy import AllocationRequest, Outcome, Strategy
from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class E3(Strategy):
    """``N_i = floor(n_min + (total - P n_min) rank_i / sum(rank))``, and the leftover to the hardest up to n_max.

    The rank is a prompt's position, as a fraction, among all prompts seen so far, sorted by their mean reward with the
    easiest first; unseen prompts rank as the hardest. Means are the state and ranks are renewed when an epoch ends;
    before that, the batch is ranked by its beliefs. With n rollouts per prompt, n_min falls from n to ``least`` and
    n_max rises from n to ``most``, by ``widen`` an epoch, so the first epoch is uniform.

    Source: arXiv 2505.18573 (E3-RL4LLMs), allocation only, without its temperature schedule.
    """

    name: ClassVar[str] = "e3"
    source: ClassVar[str] = "arXiv 2505.18573"
    default_belief: ClassVar[str] = "cumulative"

    least: int = 4
    """Lowest n_min."""
    most: int = 12
    """Highest n_max."""
    widen: int = 2
    """Change of both per epoch; 0 = ``least`` and ``most`` from the start."""

    def __post_init__(self) -> None:
        """Check the options."""
        check_above("least", self.least, least=0, strategy=self.name)
        if self.widen < 0 or self.most < self.least:
            raise ConfigError(f"strategy 'e3': need widen = {self.widen} >= 0 and most = {self.most} >= {self.least}")

    def __call__(
        self, beliefs: BeliefArrays, request: AllocationRequest, *, state: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[IntArray, Mapping[str, Any]]:
        """Counts for one step; see `Strategy.__call__`."""
        if request.epoch > state.get("epoch", 0):
            state = {**state, "epoch": request.epoch, "ranks": _ranks(state.get("counts", {}))}
        if "ranks" in state:
            rank_P = np.array([state["ranks"].get(prompt_id, 1.0) for prompt_id in request.prompt_ids])
        else:
            rank_P = _positions(np.nan_to_num(beliefs.rate_P))
        least, most = self._range(request)
        counts_P = _proportional(rank_P, request, least=least)
        order_P = np.argsort(-rank_P, kind="stable")
        room_P = np.maximum(most - counts_P[order_P], 0)
        left = request.total - int(counts_P.sum())
        counts_P[order_P] += np.clip(left - (np.cumsum(room_P) - room_P), 0, room_P)
        # DEVIATION: what does not fit below n_max is dealt within the bounds; the release loses it.
        return counts_P + deal(request.high - counts_P, request.total - int(counts_P.sum()), rng=rng), state

    def _range(self, request: AllocationRequest) -> tuple[int, int]:
        share = request.total // max(len(request.prompt_ids), 1)
        moved = self.widen * request.epoch if self.widen else max(self.most, share)
        least = max(min(share, self.least), share - moved)
        most = min(max(share, self.most), share + moved)
        return max(least, request.low), min(most, request.high)

    def observe(self, outcome: Outcome, *, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The state with this step's successes and draws added to each prompt's."""
        counts = dict(state.get("counts", {}))
        for prompt_id, successes, draws in zip(
            outcome.prompt_ids, outcome.successes_P.tolist(), outcome.draws_P.tolist(), strict=True
        ):
            old_successes, old_draws = counts.get(prompt_id, (0, 0))
            counts[prompt_id] = [old_successes + successes, old_draws + draws]
        return {**state, "counts": counts}


def _ranks(counts: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """Rank of every prompt seen; ties by id, because a saved state does not keep the order of its keys."""
    ids = sorted(counts)
    mean_P = np.array([counts[key][0] / max(counts[key][1], 1) for key in ids])
    return dict(zip(ids, _positions(mean_P).tolist(), strict=True))


def _positions(mean_P: FloatArray) -> FloatArray:
    """Position of each mean in descending order, ties as they come, over their number; in [0, 1), [P]."""
    rank_P = np.empty(len(mean_P))
    rank_P[np.argsort(-mean_P, kind="stable")] = np.arange(len(mean_P)) / max(len(mean_P), 1)
    return rank_P


def _proportional(rank_P: FloatArray, request: AllocationRequest, *, least: int) -> IntArray:
    """The floor of n_min plus each prompt's share of the rest; n_min for all if no prompt has a rank.  [P]."""
    whole = float(rank_P.sum())
    spare = request.total - least * len(rank_P)
    share_P = spare * rank_P / whole if whole > 0.0 else np.zeros(len(rank_P))
    # DEVIATION: a share is cut at the upper bound of the request; the release has no cap here.
    return np.minimum(np.floor(least + share_P + 1e-9).astype(np.int64), request.high)
