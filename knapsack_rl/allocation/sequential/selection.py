"""Methods that choose prompts before any rollout: a pool of candidates, a score, the ordinary group size."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from knapsack_rl.allocation.choices import check_above
from knapsack_rl.allocation.rounds import Draw, Rounds, SequentialMethod, StepContext, Update
from knapsack_rl.allocation.sequential.groups import best
from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.beliefs.arrays import BeliefArrays


def candidates_of(context: StepContext, *, pool: float) -> tuple[list[str], BeliefArrays]:
    """Ids of ``pool`` candidates per prompt of the step, those of the step first, and the beliefs about them."""
    candidates, beliefs = list(context.request.prompt_ids), context.beliefs
    more = round(pool * len(candidates)) - len(candidates)
    if more > 0:
        fresh, about_them = context.new_prompts(more)
        candidates, beliefs = [*candidates, *fresh], BeliefArrays.joined([beliefs, about_them])
    return candidates, beliefs


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection(SequentialMethod):
    """The P candidates of the highest score get ``total / P`` rollouts each; subclasses say what the score is.

    Candidates are the step's prompts and further ones of the stream, so a run passes through its problems faster than
    one that trains on every prompt. Prompts that were not chosen are not recorded as visited.
    """

    pool: float = 4.0
    """Candidates per prompt that is trained on; 1 = no choice."""

    def __post_init__(self) -> None:
        """Check the option."""
        check_above("pool", self.pool, least=0, strategy=self.name)

    @abstractmethod
    def score(self, beliefs: BeliefArrays, *, rng: np.random.Generator) -> FloatArray:
        """A score of each of the [P] candidates; the highest are chosen."""

    def rounds(self, context: StepContext) -> Rounds:
        """One step; see `SequentialMethod.rounds`."""
        request, wanted = context.request, len(context.request.prompt_ids)
        candidates, beliefs = candidates_of(context, pool=self.pool)
        score_P = self.score(beliefs, rng=context.rng)
        chosen = best(dict(zip(candidates, score_P.tolist(), strict=True)), wanted, rng=context.rng)
        yield Draw(counts=dict.fromkeys(chosen, request.total // wanted))
        return Update(state=context.state)


def sampled_rates(beliefs: BeliefArrays, *, rng: np.random.Generator) -> FloatArray:
    """One draw from every Beta belief; prompts without one are taken to be anything in [0, 1]."""
    known_P = ~np.isnan(beliefs.a_P)
    return rng.beta(np.where(known_P, beliefs.a_P, 1.0), np.where(known_P, beliefs.b_P, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mopps(Selection):
    """Thompson sampling: the candidates whose drawn success rate is nearest to one half.

    Exact: the score, the belief's update with ``belief: beta``, whose ``decay`` is the paper's forgetting. The
    candidates are 16 times the batch in the released mathematics recipe.

    Source: arXiv 2507.04632 (MoPPS) and its released code.
    """

    name: ClassVar[str] = "mopps"
    source: ClassVar[str] = "arXiv 2507.04632"
    default_belief: ClassVar[str] = "beta"

    aim: float = 0.5
    """Success rate that is aimed at."""

    def score(self, beliefs: BeliefArrays, *, rng: np.random.Generator) -> FloatArray:
        """See `Selection.score`."""
        return -np.abs(sampled_rates(beliefs, rng=rng) - self.aim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pcl(Selection):
    """The candidates whose estimated success rate is nearest to one half; unseen ones count as exactly there.

    The paper trains a value model on prompts online; here the run's belief takes its place, which costs no forward pass
    and knows nothing of unseen prompts. So this is the rule of selection, not the method's estimator.

    Source: PCL (prompt curriculum learning), second-hand.
    """

    name: ClassVar[str] = "pcl"
    source: ClassVar[str] = "PCL, second-hand"
    default_belief: ClassVar[str] = "beta"

    aim: float = 0.5
    """Success rate that is aimed at."""

    def score(self, beliefs: BeliefArrays, *, rng: np.random.Generator) -> FloatArray:
        """See `Selection.score`."""
        del rng
        return -np.abs(np.where(np.isnan(beliefs.rate_P), self.aim, beliefs.rate_P) - self.aim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vade(Selection):
    """Thompson sampling on information gain: the candidates with the largest drawn ``p (1 - p)``.

    Guess: one decay of the belief instead of the paper's two scales (per prompt and for all).

    Source: arXiv 2511.18902 (VADE), second-hand.
    """

    name: ClassVar[str] = "vade"
    source: ClassVar[str] = "arXiv 2511.18902, second-hand"
    default_belief: ClassVar[str] = "beta"

    def score(self, beliefs: BeliefArrays, *, rng: np.random.Generator) -> FloatArray:
        """See `Selection.score`."""
        rate_P = sampled_rates(beliefs, rng=rng)
        return rate_P * (1.0 - rate_P)
