"""What the plug-in refuses, one line each, without verl."""

import copy

import pytest

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.integrations.verl.checks import check_run
from knapsack_rl.integrations.verl.identity import prompt_texts
from knapsack_rl.integrations.verl.settings import read_settings
from knapsack_rl.integrations.verl.versions import check_version

RUN = {
    "data": {"train_batch_size": 8},
    "actor_rollout_ref": {"rollout": {"n": 4}, "actor": {"ppo_mini_batch_size": 4}},
    "algorithm": {"adv_estimator": "grpo"},
    "trainer": {"v1": {"sampler": {}}},
}


def changed(path, value):
    config = copy.deepcopy(RUN)
    *parents, last = path.split(".")
    for name in parents:
        config.setdefault(name, {})
    place = config
    for name in parents:
        place = place.setdefault(name, {})
    place[last] = value
    return config


def test_a_plain_run_passes():
    check_run(RUN, read_settings(None))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("actor_rollout_ref.rollout.n", 1, r"rollout\.n: is 1, and a group of one .*; set it to 2 or more"),
        ("actor_rollout_ref.rollout.n", 200, r"rollout\.n: 200 rollouts per prompt lie outside .*\(2\.\.128\)"),
        ("data.train_batch_size", 6, r"data\.train_batch_size: 6 prompts are no multiple of .*\(4\)"),
        ("data.gen_batch_size", 2, r"data\.gen_batch_size: is 2, .* over the 8 prompts .*; leave it out"),
        ("algorithm.adv_estimator", "gae", r"algorithm\.adv_estimator: 'gae' was not tested"),
        ("algorithm.filter_groups", {"enable": True}, r"algorithm\.filter_groups\.enable: .*; set it to false"),
        ("trainer.use_v1", False, r"trainer\.use_v1: is false, .*; set it true"),
        ("trainer.v1.sampler.custom_sampler", {"path": "x.py"}, r"custom_sampler: .*; leave it out"),
        ("skip", {"rollout_tq": {"enable": True}}, r"skip\.rollout_tq\.enable: .*; set it to false"),
    ],
)
def test_a_run_it_cannot_serve_is_refused(path, value, message):
    with pytest.raises(ConfigError, match=message) as caught:
        check_run(changed(path, value), read_settings(None))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"low": 1}, r"trainer\.v1\.knapsack\.low: is 1, and verl gives the only rollout .*; use 2 or more"),
        ({"low": 9, "high": 8}, r"trainer\.v1\.knapsack\.low \(9\) must not exceed high \(8\)"),
        ({"stratgy": "knapsack"}, r"trainer\.v1\.knapsack\.stratgy: unknown key .*did you mean 'strategy'"),
        ({"strategy": "knapsak"}, r"trainer\.v1\.knapsack\.unknown strategy 'knapsak'; did you mean 'knapsack'"),
        ({"strategy": "reinforce_ada"}, r"trainer\.v1\.knapsack\..*'reinforce_ada'"),
        ({"strategy": "knapsack_tokens"}, r"strategy: 'knapsack_tokens' spends tokens"),
        ({"strategy": "oracle"}, r"belief: 'oracle' wants an independent sample"),
        ({"belief": "ema", "belief_options": {"x": 1}}, r"belief 'ema' has no option 'x'"),
    ],
)
def test_settings_that_cannot_be_are_refused(section, message):
    with pytest.raises(ConfigError, match=message):
        read_settings(section)


@pytest.mark.parametrize("found", ["0.9.1", "0.9.1+cu130"])
def test_a_tested_version_passes(found):
    check_version(found)


@pytest.mark.parametrize("found", ["0.9.0", "0.9.2", "0.10.0.dev0", "1.0", "main"])
def test_another_version_is_one_line(found):
    with pytest.raises(ConfigError, match=f"verl {found}: was not tested with this package; install verl==0.9.1"):
        check_version(found)


def row(index, text="2 + 2", source="gsm8k"):
    return {"data_source": source, "prompt": [{"role": "user", "content": text}], "extra_info": {"index": index}}


def test_problems_are_known_by_source_and_index():
    rows = [row(0), row(0, "3 + 3", "math"), row(1, "4 + 4"), row(0)]
    assert prompt_texts(rows) == {"gsm8k/0": "2 + 2", "math/0": "3 + 3", "gsm8k/1": "4 + 4"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(0), row(None)], r"row 1 has no extra_info\.index, .*; give every problem an extra_info\.index"),
        ([{"data_source": "x", "prompt": []}], r"row 0 has no extra_info\.index"),
        ([{"data_source": "x", "prompt": [], "extra_info": None}], r"row 0 has no extra_info\.index"),
        ([row(0), row(1), row(0, "3 + 3")], r"rows 0 and 2 are other problems with one data_source .*\(gsm8k/0\)"),
    ],
)
def test_problems_that_cannot_be_told_apart_are_refused(rows, message):
    with pytest.raises(InputError, match=message):
        prompt_texts(rows)
