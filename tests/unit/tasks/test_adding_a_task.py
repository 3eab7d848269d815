"""The example of docs/adding_a_task.md is run as it is printed, from a file outside the package."""

import re
import sys
from pathlib import Path

import pytest
import yaml

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks import build_task

TEXT = (Path(__file__).parents[3] / "docs" / "adding_a_task.md").read_text(encoding="utf-8")
PROMPT = Prompt(id="p", text="4172?", answer="7", kind="train")


@pytest.fixture(autouse=True)
def largest_digit(tmp_path, monkeypatch):
    """The printed module as a file in the current folder."""
    code = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)[0]
    (tmp_path / "largest_digit.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("largest_digit", None)


def build(**options):
    """The task as the printed study names it, with other options."""
    section = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)[0])["task"]
    return build_task(section["name"], section["options"] | options, seed=0)


def test_sets_are_as_asked_and_share_nothing():
    """64 training problems, 50 held out; demonstrations ask none of those."""
    task = build()
    found = task.preparation(lambda *_: len)
    held_out = {prompt.text for prompt in found.benchmarks["digits"]}
    assert (len(found.train), len(held_out), task.num_train, task.num_problems()) == (64, 50, 64, 50)
    assert not held_out & {prompt.text for prompt in found.train}
    demonstrations = task.demonstrations(500)
    assert len(demonstrations) == 500
    assert not held_out & {each.prompt for each in demonstrations}
    assert set("".join(each.prompt + each.response for each in demonstrations)) <= set(task.vocabulary())
    right = sum(task.succeeded(task.judge(_asked(each.prompt), each.response)) for each in demonstrations)
    assert 0.25 < right / 500 < 0.42  # 3024 of 9000


def _asked(text):
    return Prompt(id=text, text=text, answer=max(text.removesuffix("?")), kind="train")


@pytest.mark.parametrize(
    ("text", "reward", "reason", "success"),
    [
        ("7#", 1, "right", True),
        ("=7", 1, "right", True),
        ("6#", 0.5, "wrong", False),
        ("3#", 0, "wrong", False),
        ("", 0, "no_answer", False),
        ("77#", 0, "no_answer", False),
    ],
)
def test_near_answers_earn_a_part_and_are_no_success(text, reward, reason, success):
    """As the options of the printed study say."""
    task = build()
    verdict = task.score(PROMPT, text, stop=StopReason.EOS)
    assert (verdict.reward, verdict.reason, task.succeeded(verdict)) == (reward, reason, success)
    assert task.score(PROMPT, text, stop=StopReason.LENGTH).reason == "truncated"


def test_a_threshold_may_be_declared():
    """A subclass for which near is right."""

    class Lenient(type(build())):
        success_at = 0.5

    task = Lenient.from_options({"near": 0.5}, seed=0)
    assert task.succeeded(task.judge(PROMPT, "6#"))


def test_rewards_beyond_0_and_1_must_be_declared():
    """Who forgets it is told, before records say something else than was trained on."""

    class Forgetful(type(build())):
        partial_credit = False

    with pytest.raises(ConfigError, match=r"task Forgetful: a reward of 0\.5; rewards are 0 or 1, .* partial_credit"):
        Forgetful.from_options({"near": 0.5}, seed=0).score(PROMPT, "6#", stop=StopReason.EOS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"near": 2}, r"task\.options\.near: input should be less than 1 \(value 2\)"),
        ({"num_trian": 3}, r"task\.options\.num_trian: unknown key \(value 3\); did you mean 'num_train'"),
    ],
)
def test_options_are_checked(options, message):
    """As the text says."""
    with pytest.raises(ConfigError, match=message):
        build(**options)


def test_files_named_in_the_text_exist():
    """Paths in backticks."""
    root = Path(__file__).parents[3]
    named = set(re.findall(r"`((?:knapsack_rl|tests|docs)/[\w/.]+)`", TEXT))
    assert len(named) > 4
    assert {name for name in named if not (root / name).exists()} == set()
