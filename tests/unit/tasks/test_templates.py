"""Prompt templates: the wording of their sources, to the letter."""

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.tasks.templates import TEMPLATES, fill, get_template, template_names

PROBLEM = r"Find {x} with $\frac{1}{x} = 2$."


@pytest.mark.parametrize("name", template_names())
def test_problem_stands_once_and_unchanged(name):
    """Braces of a problem are no placeholders. A raw text in which the response is begun with it has it there too."""
    template = get_template(name)
    assert 1 == fill(template.user, PROBLEM).count(PROBLEM)
    assert 1 + template.opening.count("{problem}") == fill(template.raw, PROBLEM).count(PROBLEM)


def test_plain_adds_nothing():
    """The default: what is trained on is the problem itself."""
    assert PROBLEM == fill(TEMPLATES["plain"].raw, PROBLEM)


def test_dapo_wording():
    """As in the data of BytedTsinghua-SIA/DAPO."""
    text = fill(TEMPLATES["dapo"].user, "P")
    assert text.startswith("Solve the following math problem step by step. The last line of your response should be")
    assert text.endswith('\n\nP\n\nRemember to put your answer on its own line after "Answer:".')
    assert "Answer: $Answer (without quotes) where $Answer is the answer to the problem." in text


@pytest.mark.parametrize("name", ["boxed", "qwen_math", "r1_distill"])
def test_boxed_styles_ask_for_a_box(name):
    """A grader that looks for a box finds none unless the prompt asks for it."""
    template = TEMPLATES[name]
    assert "boxed" == template.answer_style
    assert r"\boxed{}" in template.raw
    assert r"\boxed{}" in (template.system or "") + template.user


def test_unknown_name_is_named():
    """With the nearest one."""
    with pytest.raises(ConfigError, match="did you mean 'qwen_math'"):
        get_template("qwen-math")
