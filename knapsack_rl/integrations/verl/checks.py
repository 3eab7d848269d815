"""What of a verl configuration the plug-in cannot work with; each is one line that names the key and the remedy."""

from collections.abc import Iterator, Mapping
from typing import Any

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.integrations.settings import LEAST
from knapsack_rl.integrations.verl.settings import Settings

TRAINER = "knapsack"
"""Name of the trainer, for ``trainer.v1.trainer_mode``."""


def check_run(config: Mapping[str, Any], settings: Settings) -> None:
    """Raise the first objection to a run.

    Args:
        config: verl's configuration, resolved, as nested mappings.
        settings: of the plug-in.

    Raises:
        ConfigError: a value that does not go with dealing rollouts.
    """
    for objection in _objections(config, settings):
        raise ConfigError(objection)


def _objections(config: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    yield from _counts(config, settings)
    yield from _totals(config)
    yield from _regime(config)


def _counts(config: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    n = config["actor_rollout_ref"]["rollout"]["n"]
    if n < LEAST:
        yield (
            f"actor_rollout_ref.rollout.n: is {n}, and a group of one has no advantage but its raw reward;"
            f" set it to {LEAST} or more"
        )
    if not settings.low <= n <= settings.high:
        yield (
            f"actor_rollout_ref.rollout.n: {n} rollouts per prompt lie outside trainer.v1.knapsack.low..high"
            f" ({settings.low}..{settings.high}); change one of them"
        )


def _totals(config: Mapping[str, Any]) -> Iterator[str]:
    prompts = config["data"]["train_batch_size"]
    mini_batch = config["actor_rollout_ref"]["actor"]["ppo_mini_batch_size"]
    if prompts % mini_batch:
        yield (
            f"data.train_batch_size: {prompts} prompts are no multiple of actor_rollout_ref.actor.ppo_mini_batch_size"
            f" ({mini_batch}), so verl would fill up every step with padding rows; make it a multiple"
        )
    fetched = config["data"].get("gen_batch_size") or prompts
    if fetched != prompts:
        yield (
            f"data.gen_batch_size: is {fetched}, and rollouts are dealt over the {prompts} prompts of a whole step;"
            " leave it out"
        )


def _regime(config: Mapping[str, Any]) -> Iterator[str]:
    if not config["trainer"].get("use_v1", True):
        yield "trainer.use_v1: is false, and the old trainer gives all prompts the same number of rollouts; set it true"
    estimator = config["algorithm"]["adv_estimator"]
    if estimator != "grpo":
        yield f"algorithm.adv_estimator: {estimator!r} was not tested with groups of unequal size; set it to grpo"
    if (config["algorithm"].get("filter_groups") or {}).get("enable"):
        yield (
            "algorithm.filter_groups.enable: replaces groups one by one until all of a step have a gradient, so that no"
            " total can be kept; set it to false"
        )
    if (config["trainer"]["v1"]["sampler"].get("custom_sampler") or {}).get("path"):
        yield "trainer.v1.sampler.custom_sampler: the plug-in was tested with verl's own replay buffer; leave it out"
    if config.get("skip", {}).get("rollout_tq", {}).get("enable"):
        yield "skip.rollout_tq.enable: replays rollouts of another run, which were not dealt here; set it to false"
