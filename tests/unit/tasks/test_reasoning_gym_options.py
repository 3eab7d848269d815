"""Options of the task `reasoning_gym`: each mistake is one line that names the key and the remedy."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest
from procedural_sets import SUMS, few, options

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.tasks import build_task, check_task

installed = pytest.mark.skipif(
    find_spec("reasoning_gym") is None, reason="needs reasoning-gym: pip install -e '.[reasoning-gym]'"
)


def test_without_the_package_the_remedy_is_told(monkeypatch):
    """None in `sys.modules` is how Python marks a package that cannot be imported."""
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    with pytest.raises(ConfigError, match=r"needs the package reasoning-gym; install it: pip install .*reasoning-gym"):
        check_task("reasoning_gym", options())


@installed
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"task\.options\.families: required key is missing; options: .*families"),
        ({"families": []}, r"task\.options\.families: .*at least 1"),
        (options({"set": "chain_sums"}), r"families\.0\.set: unknown set 'chain_sums'; did you mean 'chain_sum'"),
        (options(SUMS, {"set": "qqq"}), r"families\.1\.set: unknown set 'qqq'; reasoning-gym has \d+"),
        (options(few("composite")), r"'composite' mixes other sets; list those as families"),
        (options(few("chain_sum", max_term=3)), r"parameters\.max_term: unknown parameter; did you mean 'max_terms'"),
        (options(few("chain_sum", seed=3)), r"parameters\.seed: is set by the task"),
        (options(few("chain_sum", max_terms=0)), r"families\.0\.parameters: chain_sum refuses them \(max_terms=0\)"),
        (options(few("chain_sum", max_terms="many")), r"chain_sum refuses them \(max_terms='many'\)"),
        (options(SUMS, SUMS), r"two families are called 'chain_sum'; give one of them another `name`"),
        (options(SUMS | {"ask": "("}), r"ask: '\(' is no regular expression"),
        (options(SUMS | {"ask": "problem"}), r"ask: 'problem' has no group"),
        (options(SUMS | {"num_train": 0, "num_benchmark": 0}), r"families\.0: .* both 0"),
        (options(SUMS | {"num_train": 0}), r"no family has training problems"),
        (options(SUMS | {"num_benchmark": 0}), r"no family has a benchmark"),
        (options(SUMS | {"nums": 3}), r"families\.0\.nums: unknown key \(value 3\); .*known: set, name, parameters"),
        (options(demonstration_errors=1.0), r"demonstration_errors: .*less than 1 \(value 1\.0\)"),
        (options(answer="tag"), r"task\.options\.answer: .*'boxed'"),
    ],
)
def test_mistakes_are_named(given, message):
    """Unknown sets and parameters with the nearest right name; values as the set refuses them."""
    with pytest.raises(ConfigError, match=message) as caught:
        check_task("reasoning_gym", given)
    assert len(str(caught.value).splitlines()) == 1


@installed
def test_number_of_training_problems_is_known_before_they_are_made():
    """A step of more prompts than there are is refused up front."""
    assert check_task("reasoning_gym", options(SUMS, few("gcd"))) == 40 + 4


@installed
def test_lists_of_yaml_serve_where_a_set_wants_a_tuple():
    """`operators` of countdown."""
    assert check_task("reasoning_gym", options(few("countdown", operators=["+", "-"]))) == 4


@installed
def test_templates_go_with_the_way_answers_are_read():
    """A template that asks for a box is refused where whole responses are read."""
    with pytest.raises(ConfigError, match=r"prompt\.template: 'boxed' asks .* choose a template and an `answer`"):
        build_task("reasoning_gym", options(), seed=0).check_templates("boxed", "plain")
    build_task("reasoning_gym", options(answer="boxed"), seed=0).check_templates("boxed", "plain")


@installed
@pytest.mark.parametrize(
    ("families", "words"),
    [
        ([few("chain_sum", digits=1)], ["parameters.digits", "min_digits"]),
        ([few("chain_sum", min_terms=2, max_terms=2, min_digits=1, max_digits=1) | {"num_train": 300}], ["fewer"]),
        ([SUMS | {"ask": "never (seen)"}], ["ask", "does not match"]),
    ],
)
def test_command_ends_with_one_line_and_exit_code_2(tmp_path, families, words):
    """Nothing is written, whether the mistake shows at once or once problems are made."""
    task = json.dumps({"name": "reasoning_gym", "options": {"families": families}})
    command = ["prepare", "--task", task, "--output", "data"]
    program = "from knapsack_rl.cli.start import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", program, *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert all(word in line for word in words), line
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
