"""The facts of a step that TRL's trainer did.

Shapes: ``_R`` rollouts of the step, prompt by prompt.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from knapsack_rl.base.arrays import FloatArray, IntArray
from knapsack_rl.integrations.allocator import Dealt
from knapsack_rl.integrations.trl.slots import split_groups
from knapsack_rl.records import GroupFacts, RoundFacts, StepFacts

_LOGGED = {
    "loss": "loss",
    "grad_norm": "grad_norm",
    "updated_clip_frac": "clip_ratio/region_mean",
    "updated_entropy": "entropy",
}
"""Columns that are means over TRL's log of the optimiser steps."""
PHASES = ("probe", "allocate", "sample", "score", "update", "sync")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sampled:
    """What was sampled in a step."""

    dealt: Dealt
    groups: Sequence[FloatArray]
    """Rewards by prompt.  [P][G]"""
    right: Sequence[Sequence[int]]
    """1 where a rollout is right, else 0.  [P][G]"""
    partial_credit: bool
    """Whether rewards may be other than 0 and 1."""
    num_prompt_tokens_R: IntArray
    num_response_tokens_R: IntArray
    truncated_R: np.ndarray[Any, np.dtype[np.bool_]]
    """Cut off by the length limit."""
    logprob_R: FloatArray | None
    """Log-probability of each response, tempered as it was sampled; None where TRL does not compute it."""

    def group_facts(self, *, kinds: Mapping[str, str], visits: Sequence[int]) -> tuple[GroupFacts, ...]:
        """Facts of each prompt.

        Args:
            kinds: kind of every prompt, by id.
            visits: number of this visit, per prompt of the step.
        """
        dealt = self.dealt
        summed = {
            "num_truncated": self.truncated_R,
            "num_response_tokens": self.num_response_tokens_R,
        }
        columns = {name: [int(part.sum()) for part in split_groups(v, dealt.counts_P)] for name, v in summed.items()}
        return tuple(
            GroupFacts(
                prompt_id=prompt_id,
                kind=kinds[prompt_id],
                visit=visit,
                p_belief=None if np.isnan(rate) else float(rate),
                num_rollouts=int(count),
                num_rounds=1,
                num_kept=int(count),
                num_successes=sum(self.right[number]),
                **{name: column[number] for name, column in columns.items()},
                num_distinct_rewards=len(np.unique(self.groups[number])) if self.partial_credit else None,
            )
            for number, (prompt_id, visit, rate, count) in enumerate(
                zip(dealt.prompt_ids, visits, dealt.rate_P, dealt.counts_P, strict=True)
            )
        )

    def totals(self) -> dict[str, Any]:
        """Sums over the step."""
        rollouts = len(self.truncated_R)
        prompt_tokens, response_tokens = int(self.num_prompt_tokens_R.sum()), int(self.num_response_tokens_R.sum())
        return {
            "num_rollouts": rollouts,
            "num_kept": rollouts,
            "num_successes": sum(map(sum, self.right)),
            "num_truncated": int(self.truncated_R.sum()),
            "num_prompt_tokens": prompt_tokens,
            "num_response_tokens": response_tokens,
            "num_updated_rollouts": rollouts,  # TRL leaves none out
            "num_updated_tokens": prompt_tokens + response_tokens,
        }

    def ledger(self) -> RoundFacts:
        """The one round of the step."""
        totals = self.totals()
        return RoundFacts(
            round=1,
            num_prefilled_tokens=totals["num_prompt_tokens"],  # TRL runs a prompt for each of its completions
            **{key: totals[key] for key in ("num_rollouts", "num_prompt_tokens", "num_response_tokens")},
        )

    def entropy(self) -> float | None:
        """Minus the log-probability of a token, mean over a prompt's rollouts and then over prompts; nats."""
        if self.logprob_R is None:
            return None
        logprobs = split_groups(self.logprob_R, self.dealt.counts_P)
        tokens = split_groups(self.num_response_tokens_R, self.dealt.counts_P)
        return float(np.mean([-part.sum() / max(1, n.sum()) for part, n in zip(logprobs, tokens, strict=True)]))


@dataclass(slots=True, kw_only=True)
class StepRecord:
    """Collects what one step does, over its optimiser steps."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))
    reasons: Counter[str] = field(default_factory=Counter)
    """Why responses were judged as they were."""
    logs: list[Mapping[str, Any]] = field(default_factory=list)
    """What TRL logged, one entry per optimiser step."""
    sampled: Sampled | None = None
    start: float = field(default_factory=time.perf_counter)

    def facts(self, groups: tuple[GroupFacts, ...], *, num_multiply_adds: int) -> StepFacts:
        """What is known of the step; what TRL does not tell stays empty.

        Args:
            groups: `Sampled.group_facts`.
            num_multiply_adds: what the belief's own model has cost in the step.
        """
        sampled = self.sampled
        assert sampled is not None  # noqa: S101 - a step begins by sampling
        step_s = time.perf_counter() - self.start
        spent = self.seconds | {"update": max(0.0, step_s - sum(self.seconds.values()))}
        columns: dict[str, Any] = {f"{phase}_s": seconds for phase, seconds in spent.items()}
        columns |= {name: self._mean(of_trl) for name, of_trl in _LOGGED.items()}
        return StepFacts(
            step=sampled.dealt.step,
            epoch=sampled.dealt.epoch,
            num_prompts=len(groups),
            num_rounds=1,
            num_probe_rollouts=0,
            **sampled.totals(),
            num_cut_off=self.reasons["truncated"],
            num_no_answer=self.reasons["no_answer"],
            num_belief_multiply_adds=num_multiply_adds,
            sampled_entropy=sampled.entropy(),
            **columns,
            step_s=step_s,
            groups=groups,
            rounds=(sampled.ledger(),),
        )

    def _mean(self, name: str) -> float:
        return float(np.mean([entry[name] for entry in self.logs]))
