"""An audit from end to end: read, group, replay, estimate, judge."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knapsack_rl.audit.fields import LogFields
from knapsack_rl.audit.gain import gain_of
from knapsack_rl.audit.groups import Groups, Repeated, group_rollouts
from knapsack_rl.audit.reading import read_rollouts
from knapsack_rl.audit.replay import Assigned, Rule, replay
from knapsack_rl.audit.result import Audit, Replayed, counts_by_rate
from knapsack_rl.audit.training import over_training, wasted_share
from knapsack_rl.audit.verdict import verdict_of
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.movement import movement
from knapsack_rl.grpo import mixed

MOST = 0.5
"""A step is judged when more than this share of its groups are of prompts met before."""
BASELINE = "uniform"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions:
    """How to audit.

    Example: ``AuditOptions(threshold=0.5, strategies=("uniform", "knapsack"))``.
    """

    fields: LogFields = field(default_factory=LogFields)
    threshold: float | None = None
    """A reward of this or more is a success; None: rewards have at most two values, of which the higher is."""
    strategies: tuple[str, ...] = (BASELINE, "knapsack", "knapsack_posterior")
    """One-shot strategies to replay."""
    belief: str | None = None
    """Registered tracker for all of them; None = each its own."""
    bounds: tuple[int, int] = (2, 128)
    """Fewest and most rollouts of a prompt."""
    repeated: Repeated = "auto"
    """What a step means that occurs again; see `group_rollouts`."""

    def rules(self) -> list[Rule]:
        """The strategies with what they are asked under.

        Raises:
            ConfigError: A strategy that is unknown, named twice, or needs what a log does not hold.
        """
        if len(set(self.strategies)) != len(self.strategies) or not self.strategies:
            raise ConfigError(f"strategies {', '.join(self.strategies) or '(none)'}: name each once, and at least one")
        if not 1 <= self.bounds[0] <= self.bounds[1]:
            raise ConfigError(f"bounds {self.bounds[0]} to {self.bounds[1]}: give 1 <= low <= high")
        rules = [Rule(strategy=name, belief=self.belief, bounds=self.bounds) for name in self.strategies]
        for rule in rules:
            rule.build()
        return rules


def audit(logs: Sequence[str | Path] | str | Path, options: AuditOptions | None = None) -> Audit:
    """Say what a run wasted and what uneven rollout budgets would have made of it: ``audit("run/completions")``.

    Args:
        logs: Rollout logs: files and folders of TRL (``log_completions``), verl (``rollout_data_dir``), JSON lines with
            a step, a prompt and a reward, or CSV.
        options: How; None = the defaults.

    Raises:
        InputError: A log cannot be read, or a row is garbage; one line with file, row and remedy.
        ConfigError: A strategy that cannot be replayed.
    """
    options = options or AuditOptions()
    rules = options.rules()
    paths = [Path(logs)] if isinstance(logs, str | Path) else [Path(log) for log in logs]
    rollouts = read_rollouts(paths, wanted=options.fields, threshold=options.threshold)
    return audit_groups(group_rollouts(rollouts, repeated=options.repeated), rules)


def audit_groups(groups: Groups, rules: Sequence[Rule]) -> Audit:
    """The same for groups that are in memory."""
    judged_G, equal_G = judged_groups(groups)
    replayed = tuple(_judged(groups, replay(groups, rule), judged_G=judged_G, equal_G=equal_G) for rule in rules)
    whole, windows = over_training(groups)
    moved = movement(
        groups.prompt_G,
        groups.step_G,
        num_rollouts_G=groups.num_rollouts_G,
        num_successes_G=groups.num_successes_G,
    )
    mixed_G = mixed(groups.num_successes_G, groups.num_rollouts_G)
    return Audit(
        num_rollouts=int(groups.num_rollouts_G.sum()),
        num_groups=len(groups.step_G),
        num_prompts=len(np.unique(groups.prompt_G)),
        num_judged_steps=len(np.unique(groups.step_G[judged_G])),
        filtered=groups.filtered,
        whole=whole,
        windows=windows,
        movement=moved,
        wasted=wasted_share(groups),
        unit=groups.unit,
        hidden_spread=float((groups.spread_G & ~mixed_G).mean()),
        replayed=replayed,
        verdict=verdict_of(replayed, filtered=groups.filtered),
        notes=groups.notes,
    )


def judged_groups(groups: Groups) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Which groups are of steps that are judged, and the equal count of each group's step; [G], [G]."""
    position_G = np.unique(groups.step_G, return_inverse=True)[1]
    num_G = np.bincount(position_G)[position_G]
    equal_G = np.bincount(position_G, weights=groups.num_rollouts_G)[position_G] / num_G
    met_G = np.bincount(position_G, weights=groups.visit_G > 0)[position_G] / num_G
    return (met_G > MOST) & (not groups.filtered), equal_G


def _judged(
    groups: Groups, assigned: Assigned, *, judged_G: npt.NDArray[np.bool_], equal_G: npt.NDArray[np.float64]
) -> Replayed:
    """A strategy's counts and gain in the steps that are judged."""
    counts_G, rate_G = assigned.counts_G[judged_G], assigned.rate_G[judged_G]
    gain = None
    if judged_G.any() and assigned.strategy != BASELINE:
        gain = gain_of(only_groups(groups, judged_G), counts_G, rate_G=rate_G, equal_G=equal_G[judged_G])
    return Replayed(
        strategy=assigned.strategy,
        belief=assigned.belief,
        counts=counts_by_rate(counts_G, rate_G),
        gain=gain,
    )


def only_groups(groups: Groups, kept_G: npt.NDArray[np.bool_]) -> Groups:
    """Some of the groups, in their order."""
    columns = {each.name: getattr(groups, each.name) for each in fields(groups)}
    kept = {name: column[kept_G] if name.endswith("_G") else column for name, column in columns.items()}
    kept["success_R"] = groups.success_R[np.repeat(kept_G, groups.num_rollouts_G)]
    return Groups(**kept)
