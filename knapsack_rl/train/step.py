"""One training step, as a straight line. Every method runs the same lines; only what it asks for differs."""

from collections import Counter
from dataclasses import asdict
from itertools import chain

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.beliefs import HasCost
from knapsack_rl.records import StepFacts
from knapsack_rl.train.build import Parts
from knapsack_rl.train.facts import group_facts, round_facts, sampled_entropy, totals
from knapsack_rl.train.rollouts import Drawing, StepRollouts
from knapsack_rl.train.rows import mini_batch_rows
from knapsack_rl.train.samples import num_sampled, sample_facts
from knapsack_rl.train.stopwatch import Stopwatch


def run_step(parts: Parts, step: int) -> StepFacts:
    """Train on one batch of prompts; returns the facts of the step.

    Args:
        parts: the run; its stream, tracker, strategy state, history and learner move on.
        step: 1-based.

    Returns:
        The facts of the step: columns of ``STEPS``, ``groups``, ``rounds`` and, of some steps, ``samples``.
    """
    watch = Stopwatch()
    with watch("step"):
        epoch, spent_before = parts.stream.epoch, _multiply_adds(parts)
        drawn = Drawing(parts, step, watch=watch).run()
        with watch("sample"):
            entropy = sampled_entropy(drawn.groups)
        with watch("pack"):
            batches = mini_batch_rows(
                drawn.groups,
                drawn.rewards_P_G,
                config=parts.config.train,
                seed=derive_seed(parts.config.seed, "step", step),
                kept=drawn.update.kept,
            )
        with watch("update"):
            update = parts.learner.update(batches)
        with watch("sync"):
            parts.sampler.load(parts.learner.weights())
        with watch("allocate"):
            groups = group_facts(drawn, history=parts.history, partial_credit=parts.task.partial_credit)
            _learn(parts, drawn, step=step)
    reasons = Counter(chain.from_iterable(drawn.reasons_P_G))
    sampled = num_sampled(parts.config, step=step, spent=parts.history.spent())
    return StepFacts(
        step=step,
        epoch=epoch,
        num_probe_rollouts=drawn.num_probed,
        **totals(drawn.groups, groups),
        num_rounds=len(drawn.ledger.rounds),
        num_cut_off=reasons["truncated"],
        num_no_answer=reasons["no_answer"],
        sampled_entropy=entropy,
        **asdict(update),
        num_belief_multiply_adds=_multiply_adds(parts) - spent_before,
        **watch.columns(),
        groups=groups,
        rounds=round_facts(drawn.ledger),
        samples=sample_facts(drawn, num_prompts=sampled),
    )


def _multiply_adds(parts: Parts) -> int:
    """What the belief's own model has cost so far; 0 for beliefs without one."""
    return parts.tracker.cost().num_multiply_adds if isinstance(parts.tracker, HasCost) else 0


def _learn(parts: Parts, drawn: StepRollouts, *, step: int) -> None:
    """Tracker, method and history learn after the update: a step never sees its own outcome.

    The tracker is told whether every rollout succeeded, those that were not trained on included.
    """
    prompt_ids = [group.prompt.id for group in drawn.groups]
    parts.tracker.observe(step=step, prompt_ids=prompt_ids, rewards=drawn.successes_P_G)
    parts.strategy_state = drawn.update.state
    parts.history.record(drawn.groups)
