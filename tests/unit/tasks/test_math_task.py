"""The math task: its options, preparation of small and of real sets, scoring, and sets that must not be copied."""

import json
import os
import subprocess
import sys

import pytest

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks import Response, build_task

TRAIN = [("a b", "1"), ("a b", "1"), ("c", "2"), ("c", "3"), ("求 x", "4"), ("benchmark one", "5"), ("long " * 30, "6")]
BENCH = [("Benchmark $one$.", "5"), ("benchmark two", "7"), ("benchmark three", "8")]


def jsonl(path, pairs):
    path.write_text("".join(json.dumps({"problem": text, "answer": answer}) + "\n" for text, answer in pairs))
    return str(path)


def no_tokenizer(place, revision):
    raise AssertionError((place, revision))


@pytest.fixture
def options(tmp_path):
    return {
        "train": {"source": "dapo_math_17k", "file": jsonl(tmp_path / "train.jsonl", TRAIN)},
        "benchmarks": {"aime24": {"file": jsonl(tmp_path / "bench.jsonl", BENCH)}},
    }


def counts(prepared):
    return {(each.set, each.step): (each.num_before, each.num_after) for each in prepared.counts}


def test_every_filter_is_counted(options):
    """Duplicates, conflicts, language, length, overlap and subset, in this order."""
    options |= {"language": "en", "remove_overlap": "exact", "subset": 1}
    options |= {"max_prompt_tokens": 20, "tokenizer": {"path": "folder"}}
    task = build_task("math", options, seed=0)
    prepared = task.preparation(lambda place, _: lambda text: len(text.split()) if place == "folder" else 0)
    assert {
        ("dapo_math_17k", "rows read"): (7, 7),
        ("all", "duplicates"): (7, 5),
        ("all", "conflicting labels"): (5, 4),
        ("all", "language en"): (4, 3),
        ("all", "at most 20 tokens"): (3, 2),
        ("all", "overlap with a benchmark (exact)"): (2, 1),
        ("all", "subset"): (1, 1),
        ("aime24", "rows read"): (3, 3),
        ("aime24", "in training: same problem"): (1, 0),
        ("aime24", "in training: 20 words in common"): (1, 0),
    } == counts(prepared)
    assert ["a b"] == [each.text for each in prepared.train]
    assert {} == prepared.overlaps


def test_overlaps_are_told_where_they_stay(options):
    """By benchmark and problem, for the contamination column."""
    prepared = build_task("math", options, seed=0).preparation(no_tokenizer)
    (place,) = prepared.overlaps
    assert "exact" == prepared.overlaps[place]
    assert ("aime24", prepared.benchmarks["aime24"][0].id) == place


def test_benchmark_subset(options):
    """Seeded, and compared as it is evaluated."""
    options["benchmarks"]["aime24"]["subset"] = 2
    prepared = build_task("math", options, seed=0).preparation(no_tokenizer)
    assert 2 == len(prepared.benchmarks["aime24"])
    assert (3, 2) == counts(prepared)["aime24", "subset"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trian": 1}, "task.options.trian"),
        ({"train": {"source": "dapo"}}, "unknown source 'dapo'"),
        ({"grader": "boxt"}, "did you mean 'boxed'"),
        ({"benchmarks": {"aime24": {"grader": "boxt"}}}, r"benchmarks\.aime24\.grader"),
        ({"benchmarks": {"dapo_math_17k": {}}}, "name of a training set"),
        ({"train": {"hub": "a/b"}}, "needs `revision`"),
        ({"train": {"source": "gsm8k", "revision": "main"}}, "revision"),
        ({"train": {"source": "gsm8k", "file": "f.jsonl", "hub": "a/b"}}, "either `file` or `hub`"),
        ({"benchmarks": {"gpqa_diamond": {"file": "f.jsonl"}}}, "hub alone"),
        ({"max_prompt_tokens": 5}, "tokenizer belong together"),
        ({"tokenizer": {"hub": "a/b"}, "max_prompt_tokens": 5}, "with `revision`"),
        ({"language": "de"}, "'de'"),
    ],
)
def test_mistakes_in_the_options_are_one_line(options, change, message):
    """Key, value and remedy, before anything is read."""
    with pytest.raises(ConfigError, match=message) as caught:
        build_task("math", options | change, seed=0)
    assert str(caught.value).startswith("task.options")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("gone.jsonl", None, "no such file"),
        ("set.jsonl", "", "is empty"),
        ("set.csv", "a,b", "a set of problems is a .jsonl"),
        ("set.jsonl", "{no json", "is not a readable"),
        ("set.jsonl", '{"question": "a"}\n', "no column 'prompt.0.content' or 'problem'"),
        ("set.jsonl", '{"problem": "a", "answer": ""}\n', "no row with both"),
    ],
)
def test_files_that_cannot_be_used_are_named(options, tmp_path, name, text, message):
    """One line with the file or the set."""
    if text is not None:
        (tmp_path / name).write_text(text)
    options["train"]["file"] = str(tmp_path / name)
    with pytest.raises(InputError, match=message) as caught:
        build_task("math", options, seed=0).preparation(no_tokenizer)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", ["gsm8k", "gpqa_diamond"])
def test_hub_out_of_reach_is_one_line(tmp_path, source):
    """In a process of its own, because the hub's library reads its switch on import."""
    code = (
        "from knapsack_rl.tasks.problems.loading import hub_rows\n"
        "from knapsack_rl.tasks.problems.sources import get_source\n"
        "from knapsack_rl.base.errors import InputError\n"
        f"try: list(hub_rows(get_source({source!r}), name={source!r}))\n"
        "except InputError as error: print(error)"
    )
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert f"set {source}: " in done.stdout
    assert "cannot be reached" in done.stdout
    assert 1 == len(done.stdout.splitlines())
    assert "" == done.stderr


def test_a_subset_larger_than_its_set_is_an_error(options):
    """Not silently the whole set."""
    options["benchmarks"]["aime24"]["subset"] = 4
    with pytest.raises(InputError, match="subset of 4 is larger than the set of 3"):
        build_task("math", options, seed=0).preparation(no_tokenizer)


def test_scores_by_the_grader_of_the_set(options):
    """Training by its grader, a benchmark by its own; a cut-off response is wrong whatever it says."""
    options["benchmarks"]["aime24"]["grader"] = "boxed"
    task = build_task("math", options, seed=0)
    train = Prompt(id="t", text="?", answer="5", kind="dapo_math_17k")
    bench = Prompt(id="b", text="?", answer="5", kind="aime24")
    responses = [
        Response(prompt=train, text="Answer: 5", stop=StopReason.EOS),
        Response(prompt=train, text=r"\boxed{5}", stop=StopReason.EOS),
        Response(prompt=bench, text="Answer: 5", stop=StopReason.EOS),
        Response(prompt=bench, text=r"\boxed{5}", stop=StopReason.EOS),
        Response(prompt=train, text="Answer: 5", stop=StopReason.LENGTH),
        Response(prompt=train, text="Answer: 6", stop=StopReason.EOS),
    ]
    verdicts = task.score_many(responses)
    task.close()
    assert [1, 0, 0, 1, 0, 0] == [verdict.reward for verdict in verdicts]
    assert ("truncated", "6") == (verdicts[4].reason, verdicts[5].extracted)


def test_cut_off_responses_are_graded_where_the_study_says_so(options):
    """As the release does: the text that there is counts, right or wrong; one word decides, in training and after."""
    prompt = Prompt(id="t", text="?", answer="5", kind="dapo_math_17k")
    bench = Prompt(id="b", text="?", answer="5", kind="aime24")
    texts = ("Answer: 5", "Answer: 6", "so we get")
    responses = [Response(prompt=p, text=text, stop=StopReason.LENGTH) for p in (prompt, bench) for text in texts]
    verdicts = build_task("math", options | {"cut_off": "graded"}, seed=0).score_many(responses)
    assert [verdict.reason for verdict in verdicts] == ["right", "wrong", "no_answer"] * 2
    unread = build_task("math", options | {"cut_off": "wrong"}, seed=0).score_many(responses)
    assert unread == build_task("math", options, seed=0).score_many(responses)
    assert {(verdict.reward, verdict.reason) for verdict in unread} == {(0, "truncated")}
    with pytest.raises(ConfigError, match=r"task\.options\.cut_off: .*'wrong' or 'graded'"):
        build_task("math", options | {"cut_off": "maybe"}, seed=0)


def test_templates_must_suit_the_graders(options):
    """A box that was never asked for is never found; the message says which template it is."""
    task = build_task("math", options | {"benchmark_grader": "boxed"}, seed=0)
    task.check_templates("dapo", "boxed")
    task.check_templates("plain", "plain")
    with pytest.raises(ConfigError, match=r"prompt\.benchmark_template: 'dapo' asks for the answer as answer_line"):
        task.check_templates("dapo", "dapo")
    with pytest.raises(ConfigError, match=r"prompt\.template: 'boxed'"):
        task.check_templates("boxed", "boxed")


def test_gated_sets_leave_no_text_on_disk(options, monkeypatch):
    """What is written has neither problems nor answers; evaluation gets them back from the hub's cache."""
    row = {"Question": "secret", "Correct Answer": "right"} | {f"Incorrect Answer {i}": f"wrong {i}" for i in (1, 2, 3)}
    monkeypatch.setattr("knapsack_rl.tasks.math.hub_rows", lambda *_, **__: iter([row]))  # the hub itself
    options["benchmarks"]["gpqa_diamond"] = {}
    task = build_task("math", options, seed=0)
    written = task.preparation(no_tokenizer).benchmarks
    assert [("", "")] == [(each.text, each.answer) for each in written["gpqa_diamond"]]
    (revealed,) = task.reveal(written)["gpqa_diamond"]
    assert revealed.text.startswith("secret")
    assert revealed.answer in "ABCD"
    assert written["aime24"] == task.reveal(written)["aime24"]


FILES = {"aime24": "aime24", "aime25": "aime25", "amc23": "amc23", "amc": "amc22_23", "math500": "math500"}
FILES |= {"minerva": "minerva", "olympiadbench": "olympiadbench", "gsm8k_test": "gsm8k_test"}
DAPO_OVERLAP = {
    "aime24": (0, 1),
    "aime25": (0, 2),
    "amc23": (8, 27),
    "amc": (14, 51),
    "math500": (7, 28),
    "minerva": (0, 0),
    "olympiadbench": (9, 64),
    "gsm8k_test": (0, 0),
}
"""Same problem, and 20 words in common, by the normaliser of ``tasks/problems/overlap.py``."""


def test_facts_of_the_real_sets(math_data):
    """DAPO-Math-17k: rows, distinct problems, conflicting labels, and what of the benchmarks it holds."""
    options = {
        "train": {"source": "dapo_math_17k", "file": str(math_data / "train" / "dapo_math_17k.jsonl")},
        "benchmarks": {name: {"file": str(math_data / "bench" / f"{file}.jsonl")} for name, file in FILES.items()},
    }
    found = counts(build_task("math", options, seed=0).preparation(no_tokenizer))
    assert (17_917, 17_917) == found["dapo_math_17k", "rows read"]
    assert (17_917, 17_188) == found["all", "duplicates"]
    assert (17_188, 17_176) == found["all", "conflicting labels"]
    steps = ("in training: same problem", "in training: 20 words in common")
    assert DAPO_OVERLAP == {name: tuple(found[name, step][0] for step in steps) for name in FILES}
