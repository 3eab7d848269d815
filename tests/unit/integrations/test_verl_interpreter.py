"""Which Python runs verl, and what is said where it cannot."""

import sys

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.integrations.verl.interpreter import VARIABLE, check_verl, verl_python


def _python(path, *, says="", code=0):
    """A program that answers like a Python that is asked for its version of verl."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{says}\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty project folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])  # no verl, wherever the tests run
    return tmp_path


def test_the_named_python_comes_before_the_environment_beside_and_that_before_this_one(here, monkeypatch):
    assert verl_python() == sys.executable
    beside = _python(here / ".venv-verl/bin/python")
    assert verl_python() == beside
    monkeypatch.setenv(VARIABLE, "/opt/verl/bin/python")
    assert verl_python() == "/opt/verl/bin/python"


def test_a_python_with_a_tested_version_passes(here):
    check_verl(_python(here / "python", says="echo 0.9.1+cu130"))


@pytest.mark.parametrize(
    ("says", "code", "message"),
    [
        ("echo 0.8.0", 0, "verl 0.8.0: was not tested with this package"),
        (
            "echo 'No module named verl' >&2",
            1,
            "has not both verl and knapsack_rl .*No module named",
        ),
        ("", 1, "it says nothing"),
    ],
)
def test_another_python_is_refused_in_one_line(here, says, code, message):
    with pytest.raises(ConfigError, match=message) as caught:
        check_verl(_python(here / "python", says=says, code=code))
    assert "\n" not in str(caught.value)


def test_what_is_no_program_is_named(here):
    with pytest.raises(ConfigError, match=f"{VARIABLE}: .*nowhere cannot be run"):
        check_verl(str(here / "nowhere"))
