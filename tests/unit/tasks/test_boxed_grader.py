r"""The boxed grader: which box counts, and which spellings of an answer are the same answer."""

from pathlib import Path

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.tasks import build_grader
from knapsack_rl.tasks.isolation.pool import num_cores


@pytest.fixture(scope="module")
def grader():
    """One grader, so that its worker processes start once."""
    with build_grader("boxed") as grader:
        yield grader


@pytest.mark.parametrize(
    ("response", "verdict", "extracted", "reason"),
    [
        pytest.param(r"so \boxed{34}.", 1, "34", "right", id="box"),
        pytest.param(r"\boxed{35}, no, \boxed{34}", 1, "34", "right", id="last-counts"),
        pytest.param(r"\boxed{34}, no, \boxed{35}", 0, "35", "wrong", id="an-earlier-one-does-not"),
        pytest.param(r"\boxed {34}", 1, "34", "right", id="blank-before-the-brace"),
        pytest.param(r"\boxed{\boxed{34}}", 1, "34", "right", id="nested"),
        pytest.param(r"\boxed{\text{34}}", 1, r"\text{34}", "right", id="braces-inside"),
        pytest.param(r"<think>\boxed{35}</think> \boxed{34}", 1, "34", "right", id="after-the-thoughts"),
        pytest.param(r"a</think>\boxed{35}</think>\boxed{34}", 1, "34", "right", id="after-the-last-thoughts"),
        pytest.param(r"<think>\boxed{34}</think> done", 0, None, "no_answer", id="only-in-the-thoughts"),
        pytest.param(r"<think> so \boxed{34}", 0, None, "truncated", id="thoughts-never-closed"),
        pytest.param("the answer is 34", 0, None, "no_answer", id="number-elsewhere"),
        pytest.param(r"34 \boxed{}", 0, None, "no_answer", id="empty"),
        pytest.param(r"\boxed{34} \boxed{ }", 0, None, "no_answer", id="empty-at-the-end"),
        pytest.param(r"34 \boxed{34", 0, None, "truncated", id="cut-off"),
        pytest.param(r"\boxed{34} so \boxed{\frac{34}{1}", 0, None, "truncated", id="cut-off-at-the-end"),
        pytest.param(r"\boxed{34 or so}", 0, "34 or so", "wrong", id="text-around-the-number"),
        pytest.param("", 0, None, "no_answer", id="no-text"),
    ],
)
def test_box(grader, response, verdict, extracted, reason):
    """The last box, outside the thoughts, complete and not empty."""
    grade = grader.grade(response, "34")
    assert (verdict, extracted, reason) == (grade.verdict, grade.extracted, grade.reason)


GOLDEN = [
    pytest.param(answer, box, int(verdict), id=f"{kind}-{answer}-{box}")
    for line in (Path(__file__).parent / "boxed_golden.tsv").read_text(encoding="utf-8").splitlines()[1:]
    for kind, verdict, answer, box in [line.split("\t")]
]
LONG = "7" * 9_000


@pytest.mark.parametrize(("answer", "box", "verdict"), GOLDEN)
def test_golden(grader, answer, box, verdict):
    """Spellings of the reference, and answers that are close and wrong."""
    grade = grader.grade(rf"so \boxed{{{box}}}", answer)
    assert (verdict, "right" if verdict else "wrong") == (grade.verdict, grade.reason)


@pytest.mark.parametrize(
    ("answer", "box", "verdict"),
    [
        pytest.param(LONG, f" {LONG} ", 1, id="same"),
        pytest.param(LONG, f"{LONG[:-1]}8", 0, id="last-digit"),
        pytest.param(LONG, f"{LONG}7", 0, id="one-digit-more"),
        pytest.param(LONG, f"-{LONG}", 0, id="sign"),
        pytest.param(LONG, f"7,{',777' * 2_999}"[:-1], 0, id="thousands-cut-off"),
    ],
)
def test_long_integers(grader, answer, box, verdict):
    """Integers of any length are compared exactly."""
    assert verdict == grader.grade(rf"so \boxed{{{box}}}", answer).verdict


def test_empty_reference_is_met_by_nothing(grader):
    """A case without a reference cannot be right."""
    assert "wrong" == grader.grade(r"\boxed{5}", "").reason


def test_reference_may_be_boxed(grader):
    """As some data sets have it."""
    assert 1 == grader.grade(r"\boxed{5}", r"\boxed{5}").verdict


def test_many_keep_their_order(grader):
    """Grades come in order, also of pairs that occur again, and every case is heard of once."""
    heard = []
    boxes = [r"\boxed{\sqrt{8}}", r"\boxed{3}", "none", r"\boxed{\sqrt{9}}", r"\boxed{\sqrt{8}}"] * 20
    grades = grader.grade_many([(box, r"2\sqrt{2}") for box in boxes], on_done=heard.append)
    assert [1, 0, 0, 0, 1] * 20 == [grade.verdict for grade in grades]
    assert len(boxes) == sum(heard)


def test_processes_end_with_the_grader():
    """None is left, and a closed grader starts anew."""
    grader = build_grader("boxed")
    grader.grade(r"\boxed{\sqrt{8}}", r"2\sqrt{2}")
    processes = [worker.process for worker in grader._pool._workers]
    grader.close()
    assert processes
    assert None not in [process.poll() for process in processes]
    with grader:
        assert 1 == grader.grade(r"\boxed{\sqrt{8}}", r"2\sqrt{2}").verdict


def test_text_alone_starts_no_process():
    """Numbers, tuples and words are decided in place."""
    with build_grader("boxed") as grader:
        grader.grade_many([(r"\boxed{5}", "6"), (r"\boxed{(1,2)}", "(1, 2)"), (r"\boxed{even}", r"\text{odd}")])
        assert [] == grader._pool._workers


def test_cores_without_affinity(monkeypatch):
    """Where the system does not say which cores are ours (macOS) there is still at least one worker."""
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    assert num_cores() >= 1


def test_unknown_grader():
    """The nearest name is given."""
    with pytest.raises(ConfigError, match="did you mean 'boxed'"):
        build_grader("box")
