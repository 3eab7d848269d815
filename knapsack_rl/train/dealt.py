"""Sampling by several ranks: rollouts are dealt out by expected tokens and by how fast each rank has been."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from knapsack_rl.base.errors import StateError
from knapsack_rl.base.ranks import Ranks
from knapsack_rl.base.seeding import digest
from knapsack_rl.base.types import GenerationRequest, Group, Rollout
from knapsack_rl.sampler import Sampler

LEAST_SHARE = 0.1
"""The lower bound of a rank's seconds per token is at least this share of its mean."""


@dataclass(slots=True)
class RankSpeed:
    """Seconds per generated token that a rank has shown, one observation per step."""

    seconds_per_token: list[float] = field(default_factory=list)

    def lower_bound(self) -> float:
        """Optimistic seconds per token: the mean less a confidence radius that shrinks with every observation.

        ``s = mean - std sqrt(2 ln(2 k^2) / k)`` after k observations, as in Adaptive Task Allocation (Maranjyan et
        al., ICML 2025); optimism lets a rank that was slow once be tried again. Ranks without any count as equal (1.0).
        """
        count = len(self.seconds_per_token)
        if count == 0:
            return 1.0
        mean = float(np.mean(self.seconds_per_token))
        radius = float(np.std(self.seconds_per_token)) * math.sqrt(2 * math.log(2 * count**2) / count)
        return max(mean - radius, LEAST_SHARE * mean)


def deal_rollouts(tokens_R: Sequence[float], speeds: Sequence[RankSpeed]) -> list[list[int]]:
    """Rollouts of each rank, so that the slowest expected rank finishes early.

    Longest first, each to the rank that would finish it first: the greedy rule for machines of unequal speed (Graham
    1969 for equal ones), with the ranks' lower bounds as their speeds.

    Args:
        tokens_R: expected tokens per rollout, > 0.
        speeds: one per rank.

    Returns:
        Indices into ``tokens_R`` per rank, ascending.
    """
    bounds = [speed.lower_bound() for speed in speeds]
    known = [bound for bound, speed in zip(bounds, speeds, strict=True) if speed.seconds_per_token]
    if known and len(known) < len(speeds):  # one that has not been tried is taken to be as fast as the fastest
        bounds = [b if s.seconds_per_token else min(known) for b, s in zip(bounds, speeds, strict=True)]
    load = [0.0] * len(speeds)
    dealt: list[list[int]] = [[] for _ in speeds]
    for index in sorted(range(len(tokens_R)), key=lambda i: (-tokens_R[i], i)):
        rank = min(range(len(speeds)), key=lambda r: ((load[r] + tokens_R[index]) * bounds[r], r))
        load[rank] += tokens_R[index]
        dealt[rank].append(index)
    return [sorted(mine) for mine in dealt]


class DealtSampler:
    """A sampler on every rank behind one: each generates its part, all get all groups.

    Args:
        local: this rank's sampler.
        ranks: all ranks; each must ask for the same.
        ranks_per_engine: neighbours that share one engine (tensor parallel) and so generate the same part.
    """

    def __init__(self, local: Sampler, ranks: Ranks, *, ranks_per_engine: int = 1) -> None:
        self._local = local
        self._ranks = ranks
        self._ranks_per_engine = ranks_per_engine
        self._speeds = [RankSpeed() for _ in range(ranks.size // ranks_per_engine)]

    def generate(self, request: GenerationRequest) -> list[Group]:
        """As ``Sampler.generate``, on every rank.

        Raises:
            StateError: the ranks do not ask for the same rollouts.
        """
        self._require_agreement(request)
        owners = [(prompt, index) for prompt, count in enumerate(request.counts) for index in range(count)]
        expected = request.expected_tokens or (1.0,) * len(request.prompts)
        dealt = deal_rollouts([expected[prompt] for prompt, _ in owners], self._speeds)
        mine = [owners[index] for index in dealt[self._ranks.rank // self._ranks_per_engine]]
        start = time.perf_counter()
        groups = self._generate(request, mine)
        seconds = time.perf_counter() - start
        parts = self._ranks.gather((mine, groups, seconds))
        return self._merge(request, parts[:: self._ranks_per_engine])

    def load(self, weights: Mapping[str, Any]) -> None:
        """Every rank's sampler takes the new weights."""
        self._local.load(weights)

    def _require_agreement(self, request: GenerationRequest) -> None:
        text = f"{[prompt.id for prompt in request.prompts]}{request.counts}{request.seeds}"
        digests = self._ranks.gather(digest(text))
        odd = next((rank for rank, other in enumerate(digests) if other != digests[0]), None)
        if odd is not None:
            raise StateError(
                f"rank {odd} disagrees with rank 0 on the rollouts of this step ({digests[odd]} and {digests[0]});"
                " start all ranks with the same code, configuration and state folder"
            )

    def _generate(self, request: GenerationRequest, mine: Sequence[tuple[int, int]]) -> list[Group]:
        """Groups of this rank's rollouts; prompts it has none of are left out."""
        used = sorted({prompt for prompt, _ in mine})
        if not used:
            return []
        indices = {prompt: [index for owner, index in mine if owner == prompt] for prompt in used}
        part = replace(
            request,
            prompts=tuple(request.prompts[prompt] for prompt in used),
            counts=tuple(len(indices[prompt]) for prompt in used),
            seeds=tuple(tuple(request.seeds[prompt][index] for index in indices[prompt]) for prompt in used),
            expected_tokens=None,
            prompt_tokens=request.prompt_tokens and tuple(request.prompt_tokens[prompt] for prompt in used),
        )
        return self._local.generate(part)

    def _merge(
        self, request: GenerationRequest, parts: Sequence[tuple[Sequence[tuple[int, int]], list[Group], float]]
    ) -> list[Group]:
        rollouts: dict[tuple[int, int], Rollout] = {}
        tokens_P: dict[int, tuple[int, ...]] = {}
        for speed, (owners, groups, seconds) in zip(self._speeds, parts, strict=True):
            by_prompt = iter(rollout for group in groups for rollout in group.rollouts)
            rollouts |= dict(zip(owners, by_prompt, strict=True))
            used = sorted({prompt for prompt, _ in owners})
            tokens_P |= {prompt: group.prompt_tokens for prompt, group in zip(used, groups, strict=True)}
            generated = sum(len(rollout.tokens) for group in groups for rollout in group.rollouts)
            if generated:
                speed.seconds_per_token.append(seconds / generated)
        return [
            Group(
                prompt=prompt,
                prompt_tokens=tokens_P.get(number, ()),
                rollouts=tuple(rollouts[number, index] for index in range(count)),
            )
            for number, (prompt, count) in enumerate(zip(request.prompts, request.counts, strict=True))
        ]
