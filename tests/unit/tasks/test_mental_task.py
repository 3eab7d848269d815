"""Mental arithmetic: levels, disjoint sets, scorer, options."""

from math import prod

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks import Response, build_task
from knapsack_rl.tasks.mental_levels import LEVELS, Problem

OPTIONS = {
    "train": {"sum_2": 20, "product_2": 20, "sum_3": 30, "product_large": 40},
    "benchmarks": {"sum_2": 16, "product_2": 16, "sum_large": 30, "product_large": 32},
}
PROMPT = Prompt(id="p", text="3 + 4", answer="7", kind="sum_2")


def prepared(*, seed=0, options=OPTIONS):
    def no_tokenizer(*_):
        raise AssertionError

    return build_task("mental", options, seed=seed).preparation(no_tokenizer)


def numbers(prompt):
    """Operation and numbers of an expression, in ascending order."""
    words = prompt.text.split()
    return ("*" in words, tuple(sorted(int(word) for word in words[::2])))


@pytest.mark.parametrize(
    ("problem", "expression", "answer"),
    [
        (Problem("sum", (3, 4)), "3 + 4", 7),
        (Problem("product", (7, 8)), "7 * 8", 56),
        (Problem("sum", (1, 2, 3)), "1 + 2 + 3", 6),
        (Problem("product", (2, 3, 4)), "2 * 3 * 4", 24),
        (Problem("sum", (42,)), "42", 42),
    ],
)
def test_expressions(problem, expression, answer):
    """As the template takes it, with the answer."""
    assert (expression, answer) == (problem.expression, problem.answer)


@pytest.mark.parametrize("level", LEVELS)
def test_level_has_each_problem_once(level):
    """Whatever the order of the numbers."""
    problems = LEVELS[level].problems()
    assert len(problems) == len({tuple(sorted(problem.numbers)) for problem in problems})


def test_levels_have_as_many_problems_as_counted_by_hand():
    """8 numbers: 36 pairs and 120 triples without order; 9 x 8 of teens and small; 79 numbers: 3,160 pairs."""
    assert [36, 36, 120, 120] == [len(LEVELS[name].problems()) for name in ("sum_2", "product_2", "sum_3", "product_3")]
    assert [72, 72, 3160, 100] == [
        len(LEVELS[name].problems()) for name in ("sum_teens", "product_large", "sum_large", "one_number")
    ]


def test_sets_are_as_large_as_asked_and_share_nothing():
    """Neither an expression nor its numbers in another order; levels of one operation may meet nowhere either."""
    found = prepared()
    assert 110 == len(found.train)
    assert {"sum_2": 16, "product_2": 16, "sum_large": 30, "product_large": 32} == {
        name: len(prompts) for name, prompts in found.benchmarks.items()
    }
    everything = [*found.train, *(prompt for prompts in found.benchmarks.values() for prompt in prompts)]
    assert len(everything) == len({numbers(prompt) for prompt in everything})
    assert len(everything) == len({prompt.id for prompt in everything})


def test_answers_are_right():
    """Of every problem, worked out from its text."""
    for prompt in prepared().train:
        is_product, values = numbers(prompt)
        assert prompt.answer == str(prod(values) if is_product else sum(values))


def test_kind_is_the_level():
    """So that results are shown by difficulty."""
    counts = dict.fromkeys(OPTIONS["train"], 0)
    for prompt in prepared().train:
        counts[prompt.kind] += 1
    assert OPTIONS["train"] == counts


def test_seed_decides():
    """The same seed gives the same sets, another one others."""
    assert prepared() == prepared()
    assert prepared().train != prepared(seed=1).train


def test_a_set_may_use_a_level_up():
    """All 36 sums of two numbers, and none twice."""
    found = prepared(options={"train": {"sum_2": 20}, "benchmarks": {"sum_2": 16}})
    assert 36 == len({numbers(prompt) for prompt in (*found.train, *found.benchmarks["sum_2"])})


@pytest.mark.parametrize(
    ("text", "stop", "cut_off", "reason"),
    [
        ("7", StopReason.EOS, "wrong", "right"),
        ("8", StopReason.EOS, "wrong", "wrong"),
        ("7.", StopReason.EOS, "wrong", "no_answer"),
        ("7", StopReason.LENGTH, "wrong", "truncated"),
        ("7", StopReason.LENGTH, "graded", "right"),
    ],
)
def test_scorer(text, stop, cut_off, reason):
    """By the grader `number`, unless the response was cut off."""
    verdict = build_task("mental", OPTIONS | {"cut_off": cut_off}, seed=0).score(PROMPT, text, stop=stop)
    assert (int(reason == "right"), reason) == (verdict.reward, verdict.reason)


def test_verdicts_keep_their_order_where_some_are_cut_off():
    """Unread ones stand where they stood."""
    stops = (StopReason.LENGTH, StopReason.EOS, StopReason.LENGTH, StopReason.EOS)
    responses = [
        Response(prompt=PROMPT, text=text, stop=stop) for text, stop in zip(("7", "7", "7", "9"), stops, strict=True)
    ]
    verdicts = build_task("mental", OPTIONS, seed=0).score_many(responses)
    assert ["truncated", "right", "truncated", "wrong"] == [verdict.reason for verdict in verdicts]


def test_another_grader_may_be_chosen():
    """A box is read then."""
    task = build_task("mental", OPTIONS | {"grader": "boxed"}, seed=0)
    assert 1 == task.score(PROMPT, r"so \boxed{7}", stop=StopReason.EOS).reward
    task.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "task.options.train: required key is missing; options: cut_off, train,"),
        ({"train": {"sum_2": 1}, "benchmarks": {}}, "task.options.benchmarks"),
        ({"train": {"sums": 1}, "benchmarks": {"sum_2": 1}}, "train.sums: unknown level 'sums'; "),
        ({"train": {"sum_2": 37}, "benchmarks": {"sum_3": 1}}, "train.sum_2: 37 problems; the level has 36"),
        ({"train": {"sum_2": 0}, "benchmarks": {"sum_2": 1}}, "task.options.train.sum_2: 0 problems"),
        ({"train": {"sum_2": 30}, "benchmarks": {"sum_2": 7}}, "37 problems with the benchmark's, but the level"),
        ({"train": {"sum_2": "x"}, "benchmarks": {"sum_2": 1}}, "task.options.train.sum_2: input should be a valid"),
        (OPTIONS | {"grader": "nmber"}, "task.options.grader: unknown grader 'nmber'; did you mean 'number'"),
        (OPTIONS | {"levels": 3}, "task.options.levels: unknown key (value 3); known: cut_off, train"),
    ],
)
def test_bad_options_are_one_line(options, said):
    """With key, value and what would do."""
    with pytest.raises(ConfigError) as error:
        build_task("mental", options, seed=0)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
