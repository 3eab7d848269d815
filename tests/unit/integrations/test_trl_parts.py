"""What the TRL trainer is made of, without TRL."""

import importlib.metadata

import numpy as np
import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.grpo import group_advantages
from knapsack_rl.integrations import trl
from knapsack_rl.integrations.trl.advantages import RewardRule
from knapsack_rl.integrations.trl.identity import prompt_text
from knapsack_rl.integrations.trl.slots import Share, split_groups
from knapsack_rl.integrations.trl.versions import check_version

COUNTS = np.array([2, 5, 3])


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_slots_are_dealt_over_processes(processes):
    """Every prompt owns its count of neighbouring slots, whatever the processes, and TRL's layout is undone once."""
    size, examples = 10 // processes, [{"id": name} for name in "ab" for _ in range(5)]
    shares = [Share(process=number, num_slots=size) for number in range(processes)]
    firsts = [row for s in shares for row in s.first_of_groups(examples[s.start : s.start + size], size=5)]
    assert [row["id"] for row in firsts] == ["a", "b"]
    rows = [row for s in shares for row in s.dealt(firsts, np.array([3, 7]))]
    assert "".join(row["id"] for row in rows) == "aaabbbbbbb"
    assert len({id(row) for row in rows}) == 10


def rewards(seed=0):
    return np.random.default_rng(seed).random((10, 2)).round(1)


def test_advantages_of_one_reward():
    """Those of `grpo`."""
    given = rewards()[:, :1]
    for scale, name in (("group", "std"), ("none", "none")):
        rule = RewardRule(weight_F=np.array([2.0]), scale_rewards=scale)
        wanted = group_advantages(split_groups(2 * given[:, 0], COUNTS), advantage=name, epsilon=1e-4)
        assert rule.advantages(given, COUNTS) == pytest.approx(np.concatenate(wanted))
    batch = RewardRule(weight_F=np.ones(1), scale_rewards="batch").advantages(given, COUNTS)
    centred = np.concatenate(group_advantages(split_groups(given[:, 0], COUNTS), advantage="none"))
    assert batch == pytest.approx(centred / (given.std(ddof=1) + 1e-4))


def test_equal_rewards_have_no_advantage():
    """Exactly none, so that rounding is not divided by epsilon."""
    for scale in ("group", "none", "batch"):
        given = np.full((10, 1), 0.1)
        assert not RewardRule(weight_F=np.ones(1), scale_rewards=scale).advantages(given, COUNTS).any()


def test_unjudged_completions():
    """NaN of all functions: no advantage, and the group's mean is of the others."""
    given = rewards()
    given[2] = np.nan
    given[4, 1] = np.nan
    rule = RewardRule(weight_F=np.array([1.0, 0.5]))
    advantages = rule.advantages(given, COUNTS)
    assert advantages[2] == 0
    total = given[:, 0] + np.nan_to_num(0.5 * given[:, 1])
    rest = total[3:7]
    assert advantages[3:7] == pytest.approx((rest - rest.mean()) / (rest.std(ddof=1) + 1e-4))


def test_texts_of_prompts():
    """Plain, messages, and messages of blocks."""
    assert prompt_text("1+1=") == "1+1="
    assert prompt_text([{"role": "system", "content": "Add."}, {"role": "user", "content": "1+1"}]) == "Add.\n1+1"
    blocks = [{"type": "image"}, {"type": "text", "text": "what?"}]
    assert prompt_text([{"role": "user", "content": blocks}]) == "what?"


@pytest.mark.parametrize("found", ["1.15.0", "1.17.0", "2.0.0", "1.16.0.dev0"])
def test_untested_versions_are_refused(found):
    """One line with the version that was tested."""
    with pytest.raises(ConfigError, match=rf"trl {found} was not tested .*pip install 'trl==1\.16\.0'"):
        check_version(found)
    check_version("1.16.0")


def test_absent_trl_is_one_line(monkeypatch):
    """Whoever imports the trainer is told what to install."""

    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("knapsack_rl.integrations.trl.versions.version", absent)
    with pytest.raises(ConfigError, match=r"TRL is not installed; pip install 'trl==1\.16\.0' \(docs/trl\.md\)"):
        trl.KnapsackGRPOTrainer  # noqa: B018
