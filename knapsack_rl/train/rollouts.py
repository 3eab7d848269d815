"""The rollouts of one step: a method asks, the sampler generates, the task judges, until the method is content."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knapsack_rl.allocation import AllocationRequest, Draw, Drawn, Ledger, Session, Spent, StepContext, Update
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import GenerationRequest, Group, Prompt, Rollout
from knapsack_rl.beliefs import BeliefArrays
from knapsack_rl.beliefs.oracle import NeedsProbe
from knapsack_rl.train.build import Parts
from knapsack_rl.train.stopwatch import Stopwatch
from knapsack_rl.train.verdicts import Judged, agreed_verdicts


@dataclass(slots=True, kw_only=True)
class _Member:
    """A prompt of the step, and all of its rollouts so far."""

    prompt: Prompt
    prompt_tokens: tuple[int, ...] = ()
    rollouts: list[Rollout]
    rewards: list[float]
    successes: list[int]
    reasons: list[str]
    num_rounds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRollouts:
    """Everything that was drawn in a step, in the order in which its prompts were first asked for."""

    groups: list[Group]
    """All rollouts of each prompt, those of later rounds last.  [P]"""
    rewards_P_G: list[list[float]]
    """Their rewards.  [P][G]"""
    successes_P_G: list[list[int]]
    """1 for a success, else 0.  [P][G]"""
    num_rounds_P: list[int]
    """Rounds in which each prompt was asked for.  [P]"""
    p_belief_P: list[float]
    """Success rates that the method was told; NaN = unknown.  [P]"""
    reasons_P_G: list[list[str]]
    """Why each was judged so.  [P][G]"""
    ledger: Ledger
    """What each round cost."""
    num_probed: int
    """Rollouts generated to look only."""
    update: Update
    """What is trained on."""


class Drawing:
    """Draws the rollouts of one step.

    Args:
        parts: the run; its stream moves on.
        step: 1-based.
        watch: seconds by phase are added to it.
    """

    def __init__(self, parts: Parts, step: int, *, watch: Stopwatch) -> None:
        self._parts, self._step, self._watch = parts, step, watch
        self._ledger = Ledger()
        self._prompts: dict[str, Prompt] = {}
        self._rates: dict[str, float] = {}
        self._members: dict[str, _Member] = {}
        self._num_probed = 0

    def run(self) -> StepRollouts:
        """Drive the method from its first request to its update."""
        epoch = self._parts.stream.epoch
        beliefs = self._introduce(self._parts.stream.next())
        with self._watch("allocate"):
            session = Session(self._parts.strategy, self._context(beliefs, epoch=epoch), ledger=self._ledger)
        while (draw := session.pending) is not None:
            drawn, spent = self._round(draw, session)
            with self._watch("allocate"):
                session.answer(drawn, spent=spent)
        members = self._members.values()
        return StepRollouts(
            groups=[
                Group(prompt=member.prompt, prompt_tokens=member.prompt_tokens, rollouts=tuple(member.rollouts))
                for member in members
            ],
            rewards_P_G=[member.rewards for member in members],
            successes_P_G=[member.successes for member in members],
            num_rounds_P=[member.num_rounds for member in members],
            p_belief_P=[self._rates[member.prompt.id] for member in members],
            reasons_P_G=[member.reasons for member in members],
            ledger=self._ledger,
            num_probed=self._num_probed,
            update=session.update,
        )

    def _introduce(self, prompts: Sequence[Prompt]) -> BeliefArrays:
        """Make prompts known to the step; what is believed about them."""
        self._prompts |= {prompt.id: prompt for prompt in prompts}
        with self._watch("probe"):
            self._num_probed += _probe(self._parts, prompts, step=self._step)
        with self._watch("allocate"):
            beliefs = self._parts.tracker.predict([prompt.id for prompt in prompts])
        self._rates |= zip((prompt.id for prompt in prompts), beliefs.rate_P.tolist(), strict=True)
        return beliefs

    def _new_prompts(self, count: int) -> tuple[tuple[str, ...], BeliefArrays]:
        prompts = self._parts.stream.more(count, without=self._prompts)
        return tuple(prompt.id for prompt in prompts), self._introduce(prompts)

    def _context(self, beliefs: BeliefArrays, *, epoch: int) -> StepContext:
        parts, prompt_ids = self._parts, tuple(self._prompts)
        request = AllocationRequest(
            total=parts.config.rollouts_per_step,
            low=parts.config.train.low,
            high=parts.config.train.high,
            step=self._step,
            epoch=epoch,
            prompt_ids=prompt_ids,
            cost_P=parts.history.cost(prompt_ids),
            features=parts.features,
        )
        return StepContext(
            request=request,
            beliefs=beliefs,
            state=parts.strategy_state,
            rng=np.random.default_rng(derive_seed(parts.config.seed, "allocate", self._step)),
            new_prompts=self._new_prompts,
            revisit=lambda again: self._introduce(self._parts.stream.find(again)),
        )

    def _round(self, draw: Draw, session: Session) -> tuple[Drawn, Spent]:
        """Generate and judge one round; what the method is told of it, and its cost."""
        prompts = [self._prompts[prompt_id] for prompt_id in draw.counts]
        first_P = [session.first_index(prompt_id) for prompt_id in draw.counts]
        request = _request(
            self._parts, prompts, counts=list(draw.counts.values()), purpose=("rollout", self._step), first_P=first_P
        )
        with self._watch("sample"):
            groups = self._parts.sampler.generate(request)
        with self._watch("score"):
            judged = agreed_verdicts(self._parts.task, groups, ranks=self._parts.ranks)
        for place, group in enumerate(groups):
            self._remember(group, judged, place=place)
        return _drawn(groups, judged), _spent(groups)

    def _remember(self, group: Group, judged: Judged, *, place: int) -> None:
        fresh = _Member(prompt=group.prompt, rollouts=[], rewards=[], successes=[], reasons=[])
        member = self._members.setdefault(group.prompt.id, fresh)
        member.prompt_tokens = group.prompt_tokens
        member.rollouts += group.rollouts
        member.rewards += judged.rewards_P_G[place]
        member.successes += judged.successes_P_G[place]
        member.reasons += judged.reasons_P_G[place]
        member.num_rounds += 1


def _drawn(groups: Sequence[Group], judged: Judged) -> Drawn:
    ids = [group.prompt.id for group in groups]
    return Drawn(
        rewards=dict(zip(ids, judged.rewards_P_G, strict=True)),
        successes={prompt_id: sum(mine) for prompt_id, mine in zip(ids, judged.successes_P_G, strict=True)},
        num_tokens={group.prompt.id: [len(rollout.tokens) for rollout in group.rollouts] for group in groups},
    )


def _spent(groups: Sequence[Group]) -> Spent:
    return Spent(
        num_rollouts=sum(len(group.rollouts) for group in groups),
        num_prompt_tokens=sum(len(group.prompt_tokens) * len(group.rollouts) for group in groups),
        num_prefilled_tokens=sum(len(group.prompt_tokens) for group in groups if group.rollouts),
        num_response_tokens=sum(len(rollout.tokens) for group in groups for rollout in group.rollouts),
    )


def _probe(parts: Parts, prompts: Sequence[Prompt], *, step: int) -> int:
    """Show a tracker that asks for it an independent sample of the policy; returns its size.

    These rollouts are trained on by nobody and charged to no budget; the journal counts them apart.
    """
    if not isinstance(parts.tracker, NeedsProbe):
        return 0
    size = parts.config.train.probe_rollouts
    counts = [size] * len(prompts)
    request = _request(parts, prompts, counts=counts, purpose=("probe", step), first_P=[0] * len(prompts))
    groups = parts.sampler.generate(request)
    judged = agreed_verdicts(parts.task, groups, ranks=parts.ranks)
    successes = [float(sum(successes_G)) for successes_G in judged.successes_P_G]
    parts.tracker.set_probe([prompt.id for prompt in prompts], successes=successes, draws=[float(size)] * len(prompts))
    return sum(counts)


def _request(
    parts: Parts,
    prompts: Sequence[Prompt],
    *,
    counts: Sequence[int],
    purpose: tuple[str, int],
    first_P: Sequence[int],
) -> GenerationRequest:
    """Seeds derive from (run seed, step, prompt id, rollout index): the arms of one seed share their noise."""
    cost_P = parts.history.cost([prompt.id for prompt in prompts])
    return GenerationRequest(
        prompts=tuple(prompts),
        counts=tuple(counts),
        seeds=tuple(
            tuple(derive_seed(parts.config.seed, *purpose, prompt.id, first + index) for index in range(count))
            for prompt, count, first in zip(prompts, counts, first_P, strict=True)
        ),
        expected_tokens=None if cost_P is None else tuple(float(cost) for cost in cost_P),
    )
