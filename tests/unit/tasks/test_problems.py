"""Sets of problems: rows of every known layout, answers, filters, overlap."""

from decimal import Decimal

import numpy as np
import pytest

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.base.types import Prompt
from knapsack_rl.records.prompts import write_train_prompts
from knapsack_rl.tasks.math_options import SetOptions
from knapsack_rl.tasks.problems import filters
from knapsack_rl.tasks.problems.answers import after_hashes, first_of_list, last_box, whole_number
from knapsack_rl.tasks.problems.overlap import find_overlap, normalise, word_windows
from knapsack_rl.tasks.problems.rows import problems
from knapsack_rl.tasks.problems.sources import SOURCES, get_source
from knapsack_rl.tasks.templates import TEMPLATES, fill

LONG = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon"


def prompt(text, answer="1", name="p"):
    return Prompt(id=f"{name}-{text[:40]}-{answer}", text=text, answer=answer, kind=name)


def only(row, name, seed=0):
    (found,) = problems([row], get_source(name), name=name, seed=seed)
    return found


@pytest.mark.parametrize(
    ("read", "column", "answer"),
    [
        (after_hashes, "He has 5*3=<<5*3=15>>15.\n#### 1,234,567", "1234567"),
        (after_hashes, "72", "72"),
        (last_box, r"So $x=\boxed{1}$, hence \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (last_box, r"Thus \boxed 7.", "7"),
        (last_box, r"\left( 3, \frac{\pi}{2} \right)", r"\left( 3, \frac{\pi}{2} \right)"),
        (last_box, r"never closed \boxed{1", ""),
        (last_box, r"Thus \fbox{7}.", "7"),
        (last_box, r"\fbox{7}", "7"),
        (last_box, r"\boxed{3}\fboxsep", "3"),
        (last_box, r"\boxed{\left\{ 1 \right.}", r"\left\{ 1 \right."),
        (last_box, r"First \boxed{1}, in the end \fbox{\frac{1}{2}}.", r"\frac{1}{2}"),
        (whole_number, "27.0", "27"),
        (whole_number, "027", "27"),
        (whole_number, r"336^\circ", "336"),
        (whole_number, "-1.5", "-1.5"),
        (first_of_list, "['$2^{1009}$', 'x']", "2^{1009}"),
        (first_of_list, "[0, 1)", "[0, 1)"),
        (first_of_list, "[1, 2]", "[1, 2]"),
        (first_of_list, "$3$", "3"),
    ],
)
def test_final_answers_are_read_out(read, column, answer):
    """From what the hub's column holds, and left alone where it is a final answer already."""
    assert answer == read(column)
    assert answer == read(answer)


@pytest.mark.parametrize(
    ("name", "row", "text", "answer"),
    [
        (
            "dapo_math_17k",
            {
                "prompt": [{"role": "user", "content": fill(TEMPLATES["dapo"].user, "What is 1+1?")}],
                "reward_model": {"ground_truth": "2"},
            },
            "What is 1+1?",
            "2",
        ),
        ("gsm8k", {"question": "Q?", "answer": "a\n#### 5"}, "Q?", "5"),
        ("math", {"problem": "P", "solution": r"so \boxed{5}", "level": "Level 1"}, "P", "5"),
        ("olympiadbench", {"question": "P", "final_answer": ["$5$"]}, "P", "5"),
        ("amc", {"id": 1, "problem": "P", "answer": 5.0}, "P", "5"),
        ("minerva", {"question": "P", "answer": "5"}, "P", "5"),
    ],
)
def test_rows_of_the_hub_and_of_normalised_files_agree(name, row, text, answer):
    """One schema, and ids that do not depend on where a problem was read."""
    from_hub = only(row, name)
    assert (text, answer, name) == (from_hub.text, from_hub.answer, from_hub.kind)
    assert from_hub == only({"id": "x-1", "problem": text, "answer": answer, "source": "s"}, name)


def test_choices_are_lettered_by_the_seed():
    """GPQA: the right choice stands where the seed puts it, every place occurs, and the letter is the answer."""
    row = {"Question": "Q", "Correct Answer": "right"} | {f"Incorrect Answer {i}": f"wrong {i}" for i in (1, 2, 3)}
    found = [only(row, "gpqa_diamond", seed=seed) for seed in range(30)]
    assert set("ABCD") == {each.answer for each in found}
    assert all(f"{each.answer}) right" in each.text for each in found)
    assert found[3] == only(row, "gpqa_diamond", seed=3)


def test_ids_are_stable_and_unique():
    """A repeated problem gets a number; order and neighbours do not matter."""
    rows = [{"problem": text, "answer": "1"} for text in ("a", "b", "a")]
    ids = [each.id for each in problems(rows, get_source("deepscaler"), name="s", seed=0)]
    assert len(set(ids)) == 3
    assert ids[:2] == [each.id for each in problems(rows[1::-1], get_source("deepscaler"), name="s", seed=0)][::-1]


def test_rows_without_problem_or_answer_are_left_out_and_missing_columns_are_named():
    """An empty cell is a flaw of the data, a missing column a mistake of the mapping."""
    rows = [{"problem": " ", "answer": "1"}, {"problem": "p", "answer": None}, {"problem": "p", "answer": "1"}]
    assert 1 == len(list(problems(rows[::2], get_source("deepscaler"), name="s", seed=0)))
    with pytest.raises(InputError, match=r"'answer'.*found: problem, solve"):
        list(problems([{"problem": "p", "solve": "1"}], get_source("deepscaler"), name="s", seed=0))


def test_every_known_source_is_pinned():
    """To a commit, not to a branch."""
    assert all(
        len(source.revision) == 40 and set(source.revision) <= set("0123456789abcdef") for source in SOURCES.values()
    )


def test_unknown_source_is_named():
    """With the nearest one."""
    with pytest.raises(ConfigError, match="did you mean 'gsm8k'"):
        get_source("gsm8")


def test_duplicates_and_conflicts():
    """The first copy stays; a problem with two answers goes altogether."""
    rows = [prompt("a", "1"), prompt("b", "1"), prompt("a", "1"), prompt("b", "2"), prompt("c", "3")]
    kept = filters.distinct(rows)
    assert ["a", "b", "c"] == [each.text for each in kept]
    assert ["a", "c"] == [each.text for each in filters.without_conflicts(kept, rows=rows)]


def test_language_and_length():
    """A Chinese character makes a problem Chinese; the limit itself is within."""
    prompts = [prompt("two words"), prompt("求 x"), prompt("three words here")]
    assert ["求 x"] == [each.text for each in filters.in_language(prompts, "zh")]
    kept = filters.within_tokens(prompts, 2, count=lambda text: len(text.split()))
    assert ["two words", "求 x"] == [each.text for each in kept]


def test_subsets_depend_on_seed_and_problem_alone():
    """Order in the file stays; whether a problem is in does not depend on its place."""
    prompts = [prompt(f"problem {index}") for index in range(50)]
    chosen = filters.seeded_subset(prompts, 10, seed=0)
    assert 10 == len(chosen)
    assert chosen == sorted(chosen, key=prompts.index)
    assert set(chosen) == set(filters.seeded_subset(prompts[::-1], 10, seed=0))
    assert chosen != filters.seeded_subset(prompts, 10, seed=1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (r"Find $\dfrac{1}{2}+x$.", r"find \(\frac12 + x\)", True),
        (r"$\left( 1, 2 \right)$", "$(1,2)$", True),
        ("Find x + 1", "Find x - 1", False),
        ("Find x < 1", "Find x > 1", False),
    ],
)
def test_layout_does_not_hide_an_equal_problem(one, other, same):
    """Operators count, layout does not."""
    assert same == (normalise(one) == normalise(other))


def test_overlap_levels():
    """Equal, 20 words in common, and neither; a shorter text has no run of 20 words."""
    benchmarks = {"b": [prompt("Find $x$.", name="b"), prompt(f"Let {LONG} be", name="b"), prompt("short", name="b")]}
    training = [prompt("find x"), prompt(f"Other words. {LONG}"), prompt("nothing"), prompt("short indeed")]
    overlap = find_overlap(training, benchmarks)
    assert ["exact", "words", "none", "none"] == [overlap.level_of_training(each.id) for each in training]
    exact, words, _ = (("b", each.id) for each in benchmarks["b"])
    assert {exact: "exact", words: "words"} == overlap.levels(each.id for each in training)
    assert {exact: "exact"} == overlap.levels([training[0].id])
    assert not word_windows(" ".join(LONG.split()[:19]))


@pytest.mark.parametrize(
    ("columns", "wanted"), [({"answer": "solutoin"}, "solutoin"), ({"problem": "qeustion"}, "qeustion")]
)
def test_a_column_that_was_named_is_the_only_one(columns, wanted):
    """Misspelt, it would be replaced by `answer` without a word, a column that may hold something else."""
    source = SetOptions(file="f.jsonl", columns=columns).resolve("s")
    with pytest.raises(InputError, match=f"s: row 1 has no column '{wanted}' .found: problem, answer"):
        list(problems([{"problem": "p", "answer": "1"}], source, name="s", seed=0))


def test_the_remedy_for_a_list_works():
    """It names the column that was read, and leads to the answer."""
    row = {"question": "p", "final": {"value": ["5"]}}
    chosen = {"problem": "question", "answer": "final"}
    for step in ("final.value", "final.value.0"):
        source = SetOptions(file="f.jsonl", columns=chosen).resolve("s")
        with pytest.raises(InputError, match=f"columns: {{answer: {step}}}"):
            list(problems([row], source, name="s", seed=0))
        chosen["answer"] = step
    (found,) = problems([row], SetOptions(file="f.jsonl", columns=chosen).resolve("s"), name="s", seed=0)
    assert found.answer == "5"


@pytest.mark.parametrize(
    "answer", ["[0, 1]", "[[1, 2], [3, 4]]", r"\{1, 2\}", "{1, 2}", "[0, \\infty)", "['", "[" * 5000]
)
def test_intervals_sets_and_matrices_are_answers(answer):
    """They look like lists of a program, and are none."""
    (found,) = problems([{"problem": "p", "answer": answer}], get_source("deepscaler"), name="s", seed=0)
    assert found.answer == answer


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (float(np.float32(0.1)), "0.1"),
        (Decimal("5.50"), "5.50"),
        (5, "5"),
        (5.0, "5"),
        (0.5, "0.5"),
        ("5.0", "5.0"),
        (10**20, "1" + "0" * 20),
    ],
)
def test_numbers_are_answers(answer, text):
    """As they are written."""
    (found,) = problems([{"problem": "p", "answer": answer}], get_source("deepscaler"), name="s", seed=0)
    assert found.answer == text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (["5"], r"s: row 2: answer is \['5'\], a list; .*columns: {answer: answer.0}"),
        ({"value": "5"}, r"s: row 2: answer is {'value': '5'}, a dict; .*columns: {answer: answer.value}"),
        (True, "s: row 2: answer is True, a bool; give it as text"),
        (1e30, "s: row 2: answer is 1e\\+30, a float; give it as text"),
        ("['5']", "s: row 2: answer is \"\\['5'\\]\", a list or object as text"),
        (' {"value": "5"}', "a list or object as text; give the answer that is inside it"),
        (float("nan"), "s: row 2: answer is nan, a float"),
        (["x" * 1000], r"row 2: answer is \['x{50,60}\.\.\., a list"),
    ],
)
def test_what_is_neither_text_nor_number_is_no_answer(answer, words):
    """It would become a text that no response ever equals: every reward 0, without a word."""
    rows = [{"problem": "p", "answer": "1"}, {"problem": "q", "answer": answer}]
    with pytest.raises(InputError, match=words):
        list(problems(rows, get_source("deepscaler"), name="s", seed=0))


def test_one_problem_in_two_spellings_is_one():
    """Blanks, line breaks and composed accents: beliefs would be split over two ids."""
    prompts = [
        _prompt(f"p{index}", text) for index, text in enumerate(("What  is é?", "What is\ne\u0301?", "What is e?"))
    ]
    assert [each.id for each in filters.distinct(prompts)] == ["p0", "p2"]


def test_problems_of_one_text_are_not_written(tmp_path):
    """Whatever task made them."""
    with pytest.raises(InputError, match="problems p0 and p1 have one text"):
        write_train_prompts(tmp_path / "train.parquet", [_prompt("p0", "same"), _prompt("p1", "same")])


def _prompt(identity, text):
    return Prompt(id=identity, text=text, answer="1", kind="k")
