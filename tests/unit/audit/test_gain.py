"""Gains that are known come out within their intervals as often as the intervals say."""

import numpy as np
import pytest
from scipy import stats

from knapsack_rl.audit.gain import gain_of
from knapsack_rl.audit.groups import group_rollouts
from knapsack_rl.audit.run import judged_groups, only_groups
from knapsack_rl.audit.verdict import verdict_of
from knapsack_rl.simulation import POOLS, Drift
from knapsack_rl.simulation.rollout_log import LogSpec, audited_gain, simulate_log

LOGS = 200
FAST = Drift(own=1.0, shared=1.5)
STILL = Drift(own=0.0, shared=0.0)


@pytest.mark.slow
@pytest.mark.parametrize(("strategy", "drift"), [("knapsack", FAST), ("knapsack_posterior", STILL)])
def test_intervals_hold_the_truth(strategy, drift):
    """In about 95 % of simulated logs: not fewer than a binomial of 0.93 allows (benchmarks/audit_coverage.py)."""
    held = {"value": 0, "prompts": 0}
    for seed in range(LOGS):
        spec = LogSpec(pool=POOLS["middle"], num_prompts=128, batch=32, epochs=6, drift=drift, seed=seed)
        found = audited_gain(simulate_log(spec), strategy)
        for measure in held:
            truth, estimate = found[measure]
            held[measure] += estimate.low <= truth <= estimate.high
    least = stats.binom.ppf(0.005, LOGS, 0.93)
    assert min(held.values()) >= least, held


def test_a_rules_own_estimate_is_too_high():
    """The winner's curse: what the plug-in rule expects lies above its interval where rates move fast."""
    log = simulate_log(LogSpec(pool=POOLS["hard"], num_prompts=1024, batch=128, drift=FAST))
    truth, estimate = audited_gain(log, "knapsack_greedy")["value"]
    assert estimate.low <= truth <= estimate.high
    assert _believed(log) > estimate.high


def _believed(log):
    from knapsack_rl.audit.replay import Rule, replay

    groups = group_rollouts(log.rollouts())
    judged_G, equal_G = judged_groups(groups)
    assigned = replay(groups, Rule(strategy="knapsack_greedy"))
    return gain_of(
        only_groups(groups, judged_G),
        assigned.counts_G[judged_G],
        rate_G=assigned.rate_G[judged_G],
        equal_G=equal_G[judged_G],
    ).believed


def test_equal_counts_gain_nothing():
    """To the last digit; no interval lies on one side of 0."""
    groups = group_rollouts(simulate_log(LogSpec(pool=POOLS["hard"], epochs=3)).rollouts())
    gain = gain_of(
        groups, groups.num_rollouts_G, rate_G=np.full(len(groups.step_G), np.nan), equal_G=groups.num_rollouts_G * 1.0
    )
    for estimate in (gain.value, gain.prompts, gain.rollouts):
        assert estimate.value == pytest.approx(0.0, abs=1e-12)
        assert estimate.sign == 0
        assert estimate.high < 0.021


def test_no_signal_is_no_gain():
    """Prompts that always fail: the value of equal counts is 0, so there is no share of it."""
    log = simulate_log(LogSpec(pool=POOLS["hard"], epochs=3))
    log.success_GN[:] = False
    found = audited_gain(log, "knapsack")
    assert np.isnan(found["value"][1].value)
    assert found["prompts"][1].value == 0.0
    assert verdict_of([], filtered=False).startswith("No verdict")
