"""Problems of reasoning-gym as a task: sets without overlap, scores by the package, demonstrations of mixed quality."""

import inspect
from dataclasses import replace

import pytest
from procedural_sets import SUMS, few, options

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks import Response, build_task
from knapsack_rl.tasks.procedural.answers import END
from knapsack_rl.tasks.procedural.installed import REFUSED
from knapsack_rl.tasks.procedural.items import Items
from knapsack_rl.tasks.procedural.readable import LANGUAGES

pytest.importorskip("reasoning_gym", reason="needs reasoning-gym: pip install -e '.[reasoning-gym]'")


@pytest.fixture(scope="module")
def items():
    """Processes that all tasks of this file ask; starting some for each would take most of the time."""
    items = Items()
    yield items
    items.close()


@pytest.fixture
def make(items):
    """``make(options, seed=0)``: a task that asks the processes of this file."""
    return lambda given, seed=0: replace(build_task("reasoning_gym", given, seed=seed), _items=items)


@pytest.fixture
def make_anew():
    """The same with processes of its own, which end with the test."""
    tasks = []

    def build(given, seed=0):
        tasks.append(build_task("reasoning_gym", given, seed=seed))
        return tasks[-1]

    yield build
    for task in tasks:
        task.close()


def prepared(task):
    found = task.preparation(lambda *_: len)
    return list(found.train), {name: list(prompts) for name, prompts in found.benchmarks.items()}


def total(text):
    """``3 - 4 + 5`` is 4."""
    return sum(map(int, text.replace("- ", "-").replace("+ ", "").split()))


def graded(task, prompt, *texts, stop=StopReason.EOS):
    return task.score_many([Response(prompt=prompt, text=text, stop=stop) for text in texts])


def test_sets_are_disjoint_and_as_asked(make):
    """No text and no item occurs twice, across families too, whose problems are strata of their name."""
    hard = SUMS | {"name": "hard", "parameters": {"min_terms": 3, "max_terms": 3, "max_digits": 1}, "num_train": 0}
    train, benchmarks = prepared(make(options(SUMS, hard)))

    every = [*train, *benchmarks["chain_sum"], *benchmarks["hard"]]
    assert [len(train), *map(len, benchmarks.values())] == [40, 20, 20]
    assert len({prompt.text for prompt in every}) == len({prompt.id for prompt in every}) == 80
    assert {prompt.kind for prompt in train} == {"chain_sum"}
    for prompt in every:
        assert total(prompt.text) == int(prompt.answer)


def test_problems_are_a_function_of_options_and_seed(make, make_anew):
    """The same in other processes; another seed asks others, although neighbouring seeds of the package share items."""
    one, again, other = (prepared(new(options(), seed=seed))[0] for new, seed in ((make, 0), (make_anew, 0), (make, 1)))
    assert one == again
    texts = [prompt.text for prompt in other]
    assert sum(prompt.text in texts for prompt in one) < len(one) // 2


def test_sets_that_draw_elsewhere_are_made_alike(make, make_anew):
    """Two of them use generators of the whole process, two the order of a Python set, one is bounded by its size."""
    names = ("list_functions", "pool_matrix", "isomorphic_strings", "ransom_note", "gsm_symbolic")
    given = options(*map(few, names))
    train, _ = prepared(make(given))
    other = make_anew(given)
    assert train == prepared(other)[0]
    found = other.score_many([Response(prompt=prompt, text=prompt.answer, stop=StopReason.EOS) for prompt in train])
    assert [1] * 4 * len(names) == [verdict.reward for verdict in found]


def test_right_means_a_score_of_one(make):
    """Partial credit is recorded and earns nothing; no answer and a cut-off response have no score."""
    task = make(options(few("countdown", min_numbers=3, max_numbers=3)))
    prompt = prepared(task)[0][0]

    found = graded(task, prompt, prompt.answer + END, f" {prompt.answer}\n", "1+1", "", END)
    assert [(each.reward, each.reason, each.score) for each in found] == [
        (1, "right", 1.0),
        (1, "right", 1.0),
        (0, "wrong", 0.05),
        (0, "no_answer", None),
        (0, "no_answer", None),
    ]
    assert found[0].extracted == prompt.answer
    (cut_off,) = graded(task, prompt, prompt.answer, stop=StopReason.LENGTH)
    assert (cut_off.reward, cut_off.reason) == (0, "truncated")


def test_cut_off_responses_are_graded_where_the_study_says_so(make):
    """As the option of the other tasks."""
    task = make(options(cut_off="graded"))
    prompt = prepared(task)[0][0]
    assert graded(task, prompt, prompt.answer, stop=StopReason.LENGTH)[0].reward == 1


@pytest.mark.parametrize(("style", "written"), [("boxed", r"So \boxed{%s}"), ("answer_line", "So\nAnswer: %s")])
def test_final_answer_is_read_as_the_options_say(make, style, written):
    """Where a template asks for it; demonstrations write it so."""
    task = make(options(answer=style))
    prompt = prepared(task)[0][0]
    right, bare = graded(task, prompt, written % prompt.answer, prompt.answer)
    assert (right.reward, right.extracted, bare.reason) == (1, prompt.answer, "no_answer")
    assert graded(task, prompt, task.demonstrations(1)[0].response)[0].extracted


@pytest.mark.parametrize("name", LANGUAGES)
def test_responses_are_never_run(make, name, tmp_path):
    """Nine scorers evaluate what they are shown; files that responses would write are not there."""
    task = make(options(few(name)))
    prompt = prepared(task)[0][0]
    target = tmp_path / "hacked"
    texts = [
        f"open('{target}','w')",
        f"__import__('pathlib').Path('{target}').touch()",
        f"[open('{target}','w')]",
        "exit()",
        "().__class__.__base__.__subclasses__()",
    ]
    found = graded(task, prompt, *texts, prompt.answer)
    assert [verdict.reward for verdict in found] == [0, 0, 0, 0, 0, 1]
    assert not target.exists()


def test_slow_answers_harm_no_neighbour(make):
    """A power of astronomic size ends its process; what stood beside it is judged all the same."""
    task = make(options(few("polynomial_multiplication")))
    prompt = prepared(task)[0][0]
    first, slow, last = graded(task, prompt, prompt.answer, "9**9**9**9", f"0 + {prompt.answer}")
    assert (first.reward, slow.reason, slow.score, last.reward) == (1, "timeout", None, 1)


def test_every_scorer_that_evaluates_is_known():
    """The scorers of the installed package, by their source."""
    from reasoning_gym.factory import DATASETS

    evaluating = {
        name
        for name, (made, _) in DATASETS.items()
        if name not in REFUSED
        and any(word in inspect.getsource(made.score_answer) for word in ("eval(", "parse_expr(", "exec(", "sympify("))
    }
    # Both compare with a number or a parser of their own.
    assert evaluating - {"number_sorting", "propositional_logic"} == set(LANGUAGES)


def test_scorer_that_fails_means_wrong(make):
    """prime_factorization raises ValueError on a word."""
    task = make(options(few("prime_factorization")))
    (verdict,) = graded(task, prepared(task)[0][0], "two")
    assert (verdict.reward, verdict.reason) == (0, "wrong")


def test_problems_of_another_version_are_refused(make):
    """What is on disk must be what the installed package makes."""
    task = make(options())
    prompt = prepared(task)[0][0]
    other = Prompt(id=prompt.id, text=prompt.text, answer="999", kind=prompt.kind)
    with pytest.raises(InputError, match=r"cannot be scored: its answer is .* prepare the problems again"):
        task.score(other, "999", stop=StopReason.EOS)


def test_demonstrations_are_wrong_as_often_as_asked(make):
    """In the family's own share; families come in proportion to their training problems, benchmarks' texts never."""
    clean = few("gcd", min_value=2, max_value=40) | {"num_train": 10, "demonstration_errors": 0.0}
    task = make(options(SUMS, clean, demonstration_errors=0.4))
    found = task.demonstrations(1000)
    held_out = {prompt.text for prompts in prepared(task)[1].values() for prompt in prompts}
    assert len(found) == 1000
    assert not held_out & {each.prompt for each in found}

    sums = found[:800]
    right = [
        total(each.prompt) == int(each.response.removesuffix(END))
        for each in sums
        if each.response.removesuffix(END).lstrip("-").isdigit()
    ]
    assert all(each.prompt[0].isdigit() and each.response.endswith(END) for each in sums)
    assert 0.54 < sum(right) / 800 < 0.66
    assert all(each.prompt.startswith("Find the Greatest") for each in found[800:])


def test_demonstrations_are_a_function_of_options_and_seed(make):
    """The base model of a study is made from them."""
    given = options(demonstration_errors=0.5)
    one, again, other = (make(given, seed=seed).demonstrations(50) for seed in (0, 0, 1))
    assert one == again != other


def test_sets_without_reference_answers_are_not_demonstrated(make):
    """Several placements are right in rush_hour; its problems can be asked and scored all the same."""
    task = make(options(few("rush_hour")))
    with pytest.raises(ConfigError, match=r"rush_hour has no reference answers to demonstrate; give a model by"):
        task.demonstrations(3)
    prompt = prepared(task)[0][0]
    assert (prompt.answer, graded(task, prompt, "F+1")[0].reward) == ("", 0)
