"""Before anything is timed: given the same rollouts both trainers compute the same advantages and gradients."""

import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from trl import GRPOTrainer

from beside_trl.cases import Case
from beside_trl.ours import build_ours
from beside_trl.theirs import build_theirs
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import GenerationRequest, Group
from knapsack_rl.grpo import group_advantages, token_weights
from knapsack_rl.grpo.advantage import EPSILON
from knapsack_rl.learner import TrainingRow
from knapsack_rl.tasks import Response
from knapsack_rl.train.build import Parts

TRL_EPSILON = 1e-4
"""What TRL adds to the standard deviation of a group."""
LARGEST_ERROR = 1e-4
"""Of float32 sums in another order, over the largest gradient of a parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equality:
    """Largest differences, relative to the largest value."""

    advantages: float
    """As each trainer computes them."""
    advantages_one_epsilon: float
    """After ours are divided by TRL's epsilon."""
    gradients: float
    """As each trainer computes them."""
    gradients_one_advantage: float
    """With TRL's advantages in both."""
    num_mixed: int
    """Rollouts with an advantage other than 0."""
    num_rollouts: int

    @property
    def holds(self) -> bool:
        """Equal up to epsilon, on rollouts of which some have an advantage."""
        return self.num_mixed > 0 and max(self.advantages_one_epsilon, self.gradients_one_advantage) < LARGEST_ERROR


class Given(GRPOTrainer):
    """TRL's trainer with rollouts that are given instead of sampled."""

    completions: Sequence[Sequence[int]] = ()

    def _generate_single_turn(self, *_: Any, **__: Any) -> tuple[list[list[int]], None]:  # noqa: ANN401
        return [list(tokens) for tokens in self.completions], None


def compare(case: Case, files: tuple[Path, Path]) -> Equality:
    """One step's rollouts, drawn by our sampler, through both trainers as one mini-batch."""
    parts = build_ours(case, files, strategy="uniform")
    prompts = tuple(parts.stream.next())
    seeds = tuple(tuple(derive_seed(0, "equality", p.id, g) for g in range(case.rollouts)) for p in prompts)
    request = GenerationRequest(prompts=prompts, counts=(case.rollouts,) * len(prompts), seeds=seeds)
    groups = parts.sampler.generate(request)
    rewards = [_rewards(parts, group) for group in groups]
    theirs_R, gradients = _theirs(case, files, groups=groups)
    ours_R = torch.tensor(list(chain.from_iterable(group_advantages(rewards))))
    stds_R = torch.tensor(rewards, dtype=torch.float64).std(dim=1)
    stds_R = stds_R.repeat_interleave(case.rollouts)
    rows, learner = _rows(groups, ours_R.tolist()), parts.learner
    same = [replace(row, advantage=advantage) for row, advantage in zip(rows, theirs_R.tolist(), strict=True)]
    return Equality(
        advantages=_difference(ours_R, theirs_R),
        advantages_one_epsilon=_difference(ours_R * (stds_R + EPSILON) / (stds_R + TRL_EPSILON), theirs_R),
        gradients=_differences(learner.gradients(rows), gradients),  # type: ignore[attr-defined] - of the real learner
        gradients_one_advantage=_differences(learner.gradients(same), gradients),  # type: ignore[attr-defined]
        num_mixed=int((ours_R != 0).sum()),
        num_rollouts=len(rows),
    )


def _rewards(parts: Parts, group: Group) -> list[int]:
    responses = [Response(prompt=group.prompt, text=each.text, stop=each.stop) for each in group.rollouts]
    return [verdict.reward for verdict in parts.task.score_many(responses)]


def _rows(groups: Sequence[Group], advantages_R: Sequence[float]) -> list[TrainingRow]:
    flat = [(index, group, each) for index, group in enumerate(groups) for each in group.rollouts]
    lengths, owners = [len(each.tokens) for *_, each in flat], [index for index, *_ in flat]
    weights_R = token_weights(lengths, owners, aggregation="sequence").tolist()
    return [
        TrainingRow(
            prompt_tokens=group.prompt_tokens,
            response_tokens=each.tokens,
            old_logprobs=each.logprobs,
            advantage=advantage,
            weight=weight,
        )
        for (_, group, each), advantage, weight in zip(flat, advantages_R, weights_R, strict=True)
    ]


def _theirs(case: Case, files: tuple[Path, Path], *, groups: Sequence[Group]) -> tuple[Tensor, dict[str, Tensor]]:
    """Advantages and gradients by TRL's own code."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer, _ = build_theirs(case, files, rows=case.prompts * case.rollouts, output=Path(folder), trainer=Given)
        trainer.completions = [each.tokens for group in groups for each in group.rollouts]
        trainer.model.train()
        trainer.current_gradient_accumulation_steps = 1
        asked = [{"prompt": g.prompt.text, "id": g.prompt.id} for g in groups for _ in g.rollouts]
        batch = trainer._generate_and_score_completions(asked)  # noqa: SLF001 - TRL has no public way
        trainer._compute_loss(trainer.model, batch).backward()  # noqa: SLF001
    gradients = {name: each.grad for name, each in trainer.model.named_parameters() if each.grad is not None}
    return batch["advantages"].double().flatten(), gradients


def _difference(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1e-12))


def _differences(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> float:
    if ours.keys() != theirs.keys():
        raise ValueError(f"parameters differ: {sorted(ours.keys() ^ theirs.keys())}")
    return max(_difference(ours[name], theirs[name]) for name in ours)
