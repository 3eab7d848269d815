"""Whatever is wrong with a log is one line that names file, row and remedy; nothing is written."""

import gzip
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trainer_logs import plain_rows, rollout, write_lines, write_parquet

from knapsack_rl.audit import audit
from knapsack_rl.base.errors import KnapsackError

GOOD = [rollout(1, "a", 0), rollout(1, "a", 1)]

LINES = {
    "cut off": (['{"step": 1, "pro'], ["log.jsonl:3: is no JSON", "delete the line"]),
    "no object": (["[1, 2]"], ["log.jsonl:3: is a list"]),
    "mixed keys": ([{"step": 2, "question": "b", "reward": 1}], ["log.jsonl:3: has no field 'prompt'"]),
    "step of text": ([rollout("two", "b", 1)], ["log.jsonl:3: step is 'two'", "whole number"]),
    "half a step": ([rollout(1.5, "b", 1)], ["log.jsonl:3: step is 1.5"]),
    "endless step": ([rollout(float("inf"), "b", 1)], ["log.jsonl:3: step is inf"]),
    "no step": ([rollout(None, "b", 1)], ["log.jsonl:3: step is None"]),
    "empty prompt": ([rollout(1, "", 1)], ["log.jsonl:3: prompt is empty"]),
    "reward of text": ([rollout(1, "b", "good")], ["log.jsonl:3: reward is 'good'", "--reward"]),
    "reward of a list": ([rollout(1, "b", [1.0])], ["log.jsonl:3: reward is [1.0]"]),
    "endless reward": ([rollout(1, "b", float("inf"))], ["log.jsonl:3: reward is inf"]),
    "graded rewards": (
        [rollout(1, "b", 0.35)],
        ["log.jsonl:3: rewards are not 0/1 (so far 0, 0.35, 1)", "--threshold"],
    ),
    "deep": ("[" * 100_000, ["log.jsonl:3: is no JSON"]),
}


@pytest.mark.parametrize("name", LINES)
def test_a_row_of_json_lines(tmp_path, refused, name):
    """Row 3, after two good ones."""
    bad, words = LINES[name]
    write_lines(tmp_path / "log.jsonl", [*GOOD, *([bad] if isinstance(bad, str) else bad)])
    line = refused("log.jsonl", "--output", "page.md")
    assert all(word in line for word in words), line


FIELDS = {
    "no step": ({"prompt": "a", "reward": 1}, ["no field with the step (prompt, reward)", "--step"]),
    "no prompt": ({"step": 1, "reward": 1}, ["no field with the prompt", "--prompt"]),
    "no reward": ({"step": 1, "prompt": "a", "advantage": 0.1}, ["no field with the reward", "--reward"]),
    "two rewards": (
        {"step": 1, "prompt": "a", "format_reward": 1, "math_reward": 0},
        ["several rewards (format_reward, math_reward)", "--reward"],
    ),
}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_fields_that_are_missing(tmp_path, refused, name, kind):
    """The line lists what the file has and names the option."""
    row, words = FIELDS[name]
    (write_lines if kind == "jsonl" else write_parquet)(tmp_path / f"log.{kind}", [row])
    line = refused(f"log.{kind}")
    assert all(word in line for word in (f"log.{kind}: ", *words)), line


FILES = {
    "empty.jsonl": (b"", "holds no rollout"),
    "empty.csv": (b"", "has no field with the step (it has none)"),
    "header.csv": (b"step,prompt,reward\n", "holds no rollout"),
    "twice.csv": (b"step,prompt,reward,reward\n1,a,1,0\n", "has 2 fields named 'reward'"),
    "short.csv": (b"step,prompt,reward\n1,a\n", "short.csv:2: has 2 cells and the header 3"),
    "quote.csv": (b'step,prompt,reward\n1,"a"b,1\n', "is no CSV"),
    "letters.csv": (b"step,prompt,reward\n1,\xff,1\n", "cannot be read"),
    "letters.jsonl": (b'{"step": 1, "prompt": "\xff", "reward": 1}\n', "letters.jsonl:1: is no JSON"),
    "none.parquet": (b"PAR1 and no more", "is no parquet file"),
    "nothing.parquet": (b"", "is no parquet file"),
    "plain.jsonl.gz": (b'{"step": 1}\n', "cannot be read"),
    "cut.jsonl.gz": (gzip.compress(b'{"step": 1, "prompt": "a", "reward": 1}\n' * 2000)[:-20], "cannot be read"),
    "log.txt": (b"step 1", "is no kind of log that is known"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_log(tmp_path, refused, name):
    """Empty, cut off, of another kind, or not in UTF-8."""
    content, words = FILES[name]
    (tmp_path / name).write_bytes(content)
    assert words in refused(name)


def test_logs_that_are_not_there(tmp_path, refused):
    """A folder without logs, and no file at all."""
    (tmp_path / "empty").mkdir()
    assert "empty: holds no log" in refused("empty")
    assert "missing.jsonl: no such file or folder" in refused("missing.jsonl")


def test_logs_that_are_no_groups(tmp_path, refused):
    """Every prompt once a step, and rewards that are all one odd number."""
    write_lines(tmp_path / "log.jsonl", [rollout(1, f"p{place}", place % 2) for place in range(8)])
    assert "every prompt has one rollout per step" in refused("log.jsonl")
    write_lines(tmp_path / "log.jsonl", [rollout(1, "p", 0.5)] * 4)
    assert "all rewards are 0.5" in refused("log.jsonl")


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--strategies", "knapsak", "did you mean 'knapsack'"),
        ("--strategies", "dapo", "dapo"),
        ("--strategies", "oracle", "needs a probe"),
        ("--strategies", "vip", "needs features"),
        ("--strategies", "knapsack_tokens", "needs expected tokens"),
        ("--strategies", "knapsack,knapsack", "name each once"),
        ("--belief", "betta", "did you mean 'beta'"),
        ("--low", "0", "bounds 0 to 128"),
        ("--reward", "acc", "has no field 'acc' (--reward)"),
        ("--output", "page.pdf", "end the name in .md or .html"),
        ("--output", "log.jsonl/page.md", "is a file"),
    ],
)
def test_options_that_cannot_be(tmp_path, refused, option, value, words):
    """Named with the value and the remedy."""
    write_lines(tmp_path / "log.jsonl", plain_rows())
    assert words in refused("log.jsonl", option, value)


scraps = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2)
)
rows = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"step": st.integers(1, 4), "prompt": st.sampled_from("ab"), "reward": st.integers(0, 1)}
        ),
        st.dictionaries(st.sampled_from(["step", "prompt", "reward", "uid", "completion", "x"]), scraps, max_size=6),
        st.text(max_size=20),
    ),
    max_size=12,
)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def audited_or_refused(path):
    """An audit, or an error of one line."""
    try:
        said = audit(path).verdict
    except KnapsackError as error:
        said = str(error)
    assert len(said.splitlines()) == 1


@quick
@given(rows)
def test_any_rows_are_audited_or_refused(rows):
    """Well-formed rows between scraps."""
    with tempfile.TemporaryDirectory() as folder:
        audited_or_refused(write_lines(Path(folder) / "log.jsonl", [row for row in rows if row != "\r"]))


@quick
@given(st.binary(max_size=200), st.sampled_from(["log.jsonl", "log.csv", "log.parquet", "log.csv.gz"]))
def test_any_bytes_are_refused(content, name):
    """No bytes bring it down."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(b"step,prompt,reward\n" * (name == "log.csv") + content)
        audited_or_refused(path)


@quick
@given(st.lists(st.tuples(scraps, scraps, scraps), min_size=1, max_size=6))
def test_any_table_is_audited_or_refused(rows):
    """Parquet columns of whatever type Arrow makes of them."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = write_parquet(
                Path(folder) / "log.parquet",
                [dict(zip(("step", "prompt", "reward"), row, strict=True)) for row in rows],
            )
        except (pa.ArrowException, OverflowError):
            return
        audited_or_refused(path)
