"""Classes of other packages: found in the current folder, on PYTHONPATH and by entry point; mistakes are one line."""

import sys

import pytest

from knapsack_rl.allocation import build_method, build_strategy
from knapsack_rl.allocation.registry import METHODS
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.outside import installed
from knapsack_rl.beliefs import build_tracker
from knapsack_rl.tasks import build_grader

GOOD = """
from knapsack_rl.allocation.strategies.uniform import Uniform
from knapsack_rl.beliefs.cumulative import Cumulative


class Mine(Uniform):
    name = "mine"


class Remembers(Cumulative):
    name = "remembers"
"""
BAD = '''
from dataclasses import dataclass
from typing import ClassVar

from knapsack_rl.allocation import Strategy
from knapsack_rl.allocation.rounds import SequentialMethod
from knapsack_rl.tasks import Grader

number = 3


class Plain:
    """Neither a strategy nor a tracker."""


class Nameless(Strategy):
    pass


class OldStyle(Strategy):
    name, source, default_belief = "old", "nowhere", "beta"

    def __call__(self, rates, total):
        return rates


@dataclass
class Unreadable(OldStyle):
    width: "Elsewhere" = 3

    def __call__(self, beliefs, request, *, state, rng):
        return None


class Whole(OldStyle):
    def __call__(self, beliefs, request, *, state, rng):
        return None


class NoRounds(SequentialMethod):
    name, source = "no_rounds", "nowhere"


class NoGrader(Grader):
    pass


class Forgetful:
    name, source = "forgetful", "nowhere"

    def observe(self, step):
        pass

    predict = state_dict = load_state_dict = observe
'''
FILES = {
    "good_rules": GOOD,
    "bad_rules": BAD,
    "torn_rules": "def half(:\n",
    "needy_rules": "import not_installed_anywhere\n",
    "ending_rules": "raise SystemExit(3)\n",
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A current folder with modules in it; nothing imported is kept."""
    for name, text in FILES.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    installed.cache_clear()
    yield tmp_path
    for name in FILES:
        sys.modules.pop(name, None)
    installed.cache_clear()


@pytest.fixture
def package(folder, monkeypatch):
    """``package("one", "knapsack_rl.strategies", {"mine": "good_rules:Mine"})``: metadata of an installed package."""
    monkeypatch.syspath_prepend(str(folder))

    def write(name, group, entries):
        about = folder / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{key} = {value}\n" for key, value in entries.items()]
        (about / "entry_points.txt").write_text(f"[{group}]\n{''.join(lines)}")

    return write


def test_a_class_beside_the_study_is_found():
    """No installation, no PYTHONPATH."""
    assert build_strategy("good_rules:Mine").name == "mine"
    assert build_tracker("good_rules:Remembers").name == "remembers"


def test_nothing_in_the_folder_stands_in_for_an_installed_module(folder):
    """The current folder comes last: a file called numpy.py is not what `import numpy` finds."""
    (folder / "secrets.py").write_text("raise RuntimeError('the wrong file')\n")
    with pytest.raises(ConfigError, match=r"secrets .* has no class 'Mine'"):
        build_strategy("secrets:Mine")


def test_an_entry_point_is_named_like_our_own(package):
    """And listed beside them; a name of ours stays ours."""
    package("one", "knapsack_rl.strategies", {"mine": "good_rules:Mine", "uniform": "good_rules:Mine"})
    assert build_strategy("mine").name == "mine"
    assert build_strategy("uniform").name == "uniform"
    assert METHODS.names_outside() == ("mine",)
    with pytest.raises(ConfigError, match=r"unknown strategy 'mien'; did you mean 'mine'\? known: .*, mine, or module"):
        build_strategy("mien")


def test_two_packages_with_one_name_are_refused(package):
    """Which one a study means cannot be told."""
    package("one", "knapsack_rl.beliefs", {"remembers": "good_rules:Remembers"})
    package("two", "knapsack_rl.beliefs", {"remembers": "bad_rules:Forgetful"})
    with pytest.raises(ConfigError, match=r"entry point 'remembers' of knapsack_rl.beliefs: is .* uninstall one"):
        build_tracker("remembers")


@pytest.mark.parametrize(
    ("build", "name", "words"),
    [
        (build_strategy, "no_rules:Mine", ["strategy 'no_rules:Mine': no module 'no_rules'", "in the current folder"]),
        (build_strategy, "good_rules.py:Mine", ["name the module as it is imported, 'good_rules'"]),
        (build_strategy, "good_rules:", ["write module:Class"]),
        (build_strategy, "good rules:Mine", ["write module:Class"]),
        (build_strategy, "good_rules:Mien", ["good_rules.py) has no class 'Mien'; did you mean 'Mine'?"]),
        (build_strategy, "torn_rules:Mine", ["importing torn_rules fails: SyntaxError", "torn_rules.py, line 1"]),
        (build_strategy, "needy_rules:Mine", ["No module named 'not_installed_anywhere'", "needy_rules.py:1"]),
        (build_strategy, "ending_rules:Mine", ["importing ending_rules fails: SystemExit: 3"]),
        (build_strategy, "bad_rules:number", ["is a int, no class"]),
        (build_strategy, "bad_rules:Plain", ["does not inherit from knapsack_rl.allocation.strategy.Strategy"]),
        (build_strategy, "bad_rules:Nameless", ["has no name of its own; define name, source, default_belief and __c"]),
        (build_strategy, "bad_rules:OldStyle", ["__call__ must take (self, beliefs: ", "docs/adding_a_strategy.md"]),
        (build_strategy, "bad_rules:Unreadable", ["types of its options cannot be read (name 'Elsewhere'"]),
        (build_method, "bad_rules:NoRounds", ["has no rounds of its own; define name, source and rounds (docs/addin"]),
        (build_tracker, "bad_rules:Plain", ["belief 'bad_rules:Plain': has no name of its own"]),
        (build_tracker, "bad_rules:Forgetful", ["observe must take (self, *, step: int, prompt_ids"]),
        (build_grader, "bad_rules:NoGrader", ["grader 'bad_rules:NoGrader': has no grade of its own"]),
        (build_grader, "bad_rules:Plain", ["does not inherit from knapsack_rl.tasks.grading.grade.Grader"]),
    ],
)
def test_mistakes_are_one_line(build, name, words):
    """What was named, what is wrong with it, what to do."""
    with pytest.raises(ConfigError) as caught:
        build(name)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert len(message.splitlines()) == 1


def test_a_class_without_options_says_so():
    """An option of a class that is no dataclass."""
    with pytest.raises(ConfigError, match=r"has no option 'width' \(= 1\); it is no dataclass, so it takes none"):
        build_strategy("bad_rules:Whole", {"width": 1})
