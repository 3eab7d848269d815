"""What every task keeps to, whatever it asks: the rules of docs/adding_a_task.md."""

import json
import sys
from importlib.util import find_spec

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks import InFile, Response, Verdict, build_task, task_names

SUMS = {"set": "chain_sum", "num_train": 6, "num_benchmark": 3}
HOSTILE = ["", " ", "\x00", "7" * 5000, "\\boxed{", "Answer:", "=", "__import__('os').system('true')", "\ud800", "é数"]


def _math(folder):
    sets = {}
    for name, size in (("gsm8k", 4), ("aime24", 2)):
        path = folder / f"{name}.jsonl"
        rows = [{"problem": f"What is {name} plus {number}?", "answer": str(number)} for number in range(size)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        sets[name] = {"source": name, "file": str(path)}
    return {"train": sets["gsm8k"], "benchmarks": {"aime24": sets["aime24"]}}


OPTIONS = {
    "arithmetic": lambda _: {"num_train": 12, "num_per_benchmark": 3},
    "math": _math,
    "mental": lambda _: {"train": {"sum_2": 6}, "benchmarks": {"sum_2": 3, "sum_3": 2}},
    "reasoning_gym": lambda _: {"families": [SUMS]},
}
"""A small set of options per task."""


@pytest.fixture(params=task_names())
def made(request, tmp_path):
    """``made(seed=0, **more)``: the task with its small options, and some more."""
    if request.param == "reasoning_gym" and find_spec("reasoning_gym") is None:
        pytest.skip("needs reasoning-gym: pip install -e '.[reasoning-gym]'")
    tasks = []

    def build(*, seed=0, **more):
        tasks.append(build_task(request.param, OPTIONS[request.param](tmp_path) | more, seed=seed))
        return tasks[-1]

    yield build
    for task in tasks:
        task.close()


def prepared(task):
    return task.preparation(lambda *_: len)


def prompts_made(action):
    """How many problems are made while ``action`` runs, in this process."""
    count = 0

    def watch(frame, event, _):
        nonlocal count
        count += event == "call" and frame.f_code is Prompt.__init__.__code__

    sys.setprofile(watch)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


def test_every_task_has_options_here():
    """One that is added is held to the rules, too."""
    assert set(OPTIONS) == set(task_names())


def test_planning_makes_no_problem(made):
    """Whatever is asked of a task while a study is read; the counter sees what preparing makes."""

    def plan():
        task = made()
        task.check_templates("plain", "plain")
        return (
            task.num_train,
            task.num_problems(),
            task.needs(),
            task.readings(),
            task.vocabulary(),
            task.partial_credit,
        )

    prepared(made())  # what is imported on first use is not counted, and slow to watch
    assert prompts_made(plan) == 0
    assert prompts_made(lambda: prepared(made())) >= 5


def test_problem_sets_are_told_apart(made):
    """Ids and texts occur once in the training set, ids once overall, and every set has problems."""
    found = prepared(made())
    sets = [found.train, *found.benchmarks.values()]
    every = [prompt for prompts in sets for prompt in prompts]
    assert all(sets)
    assert len({prompt.id for prompt in every}) == len(every)
    assert len({prompt.text for prompt in found.train}) == len(found.train)


def test_numbers_told_are_those_made(made):
    """Before preparation, unless the sets come from outside."""
    task = made()
    found = prepared(task)
    assert task.num_train in (None, len(found.train))
    if not task.needs().data:
        assert task.num_problems() in (None, sum(map(len, found.benchmarks.values())))


def test_problems_are_a_function_of_options_and_seed(made):
    """The same twice."""
    one, again = prepared(made(seed=3)), prepared(made(seed=3))
    assert (one.train, one.benchmarks) == (again.train, again.benchmarks)


def test_any_text_is_judged(made):
    """No exception, and a wrong answer, whatever a model writes."""
    task = made()
    prompt = prepared(task).train[0]
    verdicts = task.score_many([Response(prompt=prompt, text=text, stop=StopReason.EOS) for text in HOSTILE])
    assert [task.succeeded(verdict) for verdict in verdicts] == [False] * len(HOSTILE)
    assert {verdict.reason for verdict in verdicts} <= {"wrong", "no_answer", "timeout"}


@pytest.mark.parametrize(("cut_off", "reason"), [("wrong", "truncated"), ("graded", "no_answer")])
def test_a_cut_off_response_is_read_if_the_option_says_so(made, cut_off, reason):
    """One rule for all tasks; order is kept."""
    task = made(cut_off=cut_off)
    prompt = prepared(task).train[0]
    asked = [Response(prompt=prompt, text="", stop=stop) for stop in (StopReason.LENGTH, StopReason.EOS)]
    assert [verdict.reason for verdict in task.score_many(asked)] == [reason, "no_answer"]


def test_one_response_is_judged_as_many_are(made):
    """`judge`, `score` and `score_many` agree, and the reference answer, said as demonstrated, is right."""
    task = made()
    prompt = prepared(task).train[0]
    for text in ("3", f"={prompt.answer}#", f"Answer: {prompt.answer}", prompt.answer):
        alone = task.judge(prompt, text)
        assert alone == task.score(prompt, text, stop=StopReason.EOS)
        assert isinstance(alone, Verdict)
    said = (f"={prompt.answer}", f"Answer: {prompt.answer}", prompt.answer)
    assert any(task.succeeded(task.judge(prompt, text)) for text in said)


def test_demonstrations_are_written_in_the_vocabulary(made):
    """Prompt and response; the response ends with the last character; benchmark problems never occur."""
    task = made()
    known, found = task.vocabulary(), task.demonstrations(20)
    assert len(found) == (20 if known else 0)
    held_out = {prompt.text for prompts in prepared(task).benchmarks.values() for prompt in prompts}
    for each in found:
        assert set(each.prompt + each.response) <= set(known)
        assert each.response.endswith(known[-1])
        assert each.prompt not in held_out


def test_an_unknown_option_is_one_line(made):
    """With its key and the options there are."""
    with pytest.raises(ConfigError, match=r"^task\.options\.nmu: unknown key \(value 3\); .*known: cut_off, "):
        made(nmu=3)


def test_needs_are_said_in_words(made):
    """Every library with a command that installs it, every set with what to do where it is absent."""
    needs = made().needs()
    assert all(library.install.startswith("pip install") for library in needs.libraries)
    assert all(one.instead for one in needs.data)
    for one in needs.data:
        if isinstance(one, InFile):
            one.look()
