"""The facts of each step from what verl logged."""

from collections.abc import Mapping, Sequence
from typing import Any

from knapsack_rl.base.errors import InputError
from knapsack_rl.integrations.verl.messages import TRAIN
from knapsack_rl.integrations.verl.metrics import PREFIX
from knapsack_rl.integrations.verl.metrics_files import Metrics
from knapsack_rl.records import GroupFacts, RoundFacts, StepFacts

REQUIRED = {"loss": "actor/pg_loss", "grad_norm": "actor/grad_norm"}
"""Columns of `STEPS` and verl's names of them; verl's means are over mini-batches, as ours."""
OPTIONAL = {
    "updated_clip_frac": "actor/pg_clipfrac",
    "updated_approx_kl": "actor/ppo_kl",
    "updated_entropy": "actor/entropy",
}
SECONDS = {
    "allocate_s": (f"{PREFIX}/allocate_s",),
    "sample_s": ("timing_s/gen",),  # rewards are computed while others are still sampled
    "pack_s": ("timing_s/adv",),
    "update_s": ("timing_s/old_log_prob", "timing_s/ref", "timing_s/update_actor"),
    "sync_s": ("timing_s/update_weights",),
    "step_s": ("timing_s/step",),
}


def step_facts(line: Mapping[str, Any], metrics: Metrics, *, kinds: Mapping[str, str]) -> StepFacts:
    """The facts of one step.

    Args:
        line: of the plug-in's journal.
        metrics: verl's, of the same step.
        kinds: kind of every training problem by id.

    Returns:
        verl pushes all rollouts through the model, so all count as updated, and its entropy is over all of them; it
        scores while it samples, so ``score_s`` is 0.

    Raises:
        InputError: verl logged no loss or gradient norm, or a group is of no problem of the study.
    """
    step = line["step"]
    absent = [name for name in REQUIRED.values() if name not in metrics]
    if absent:
        raise InputError(f"step {step}: verl logged no {absent[0]}; its metrics are not those of the plug-in's journal")
    told: dict[str, Any] = {column: metrics.get(name) for column, name in (REQUIRED | OPTIONAL).items()}
    seconds: dict[str, Any] = {
        column: sum(metrics.get(name, 0.0) for name in names) for column, names in SECONDS.items()
    }
    facts = {name: value for name, value in line.items() if name not in ("groups", "rounds", "num_evicted_groups")}
    return StepFacts(
        **facts,
        num_probe_rollouts=0,
        num_updated_rollouts=line["num_rollouts"],
        num_updated_tokens=line["num_prompt_tokens"] + line["num_response_tokens"],
        **told,
        probe_s=0.0,
        score_s=0.0,
        **seconds,
        groups=tuple(_group(row, kinds, step=step) for row in line["groups"]),
        rounds=tuple(RoundFacts(**row) for row in line["rounds"]),
    )


def _group(row: Mapping[str, Any], kinds: Mapping[str, str], *, step: int) -> GroupFacts:
    name = str(row["prompt_id"]).removeprefix(f"{TRAIN}/")
    if name not in kinds:
        raise InputError(f"step {step}: prompt {name!r} is no training problem of the study; was it prepared anew?")
    return GroupFacts(**{**row, "prompt_id": name, "kind": kinds[name]})


def check_dump(line: Mapping[str, Any], rewards_P_G: Sequence[Sequence[float]], *, success_at: float) -> None:
    """Compare the plug-in's journal with verl's own dump of the same step; rewards from a threshold on are right.

    Raises:
        InputError: group sizes or successes differ; the two are of different runs or attempts.
    """
    told = sorted((row["num_rollouts"], row["num_successes"]) for row in line["groups"])
    dumped = sorted((len(rewards), sum(reward >= success_at for reward in rewards)) for rewards in rewards_P_G)
    if told != dumped:
        raise InputError(
            f"step {line['step']}: the plug-in's journal and verl's dump of rollouts differ; delete the run's state"
            " folder to start over"
        )
