"""The log of a whole study: few lines, short ones, with what is done and what is left."""

import pytest

from knapsack_rl.study.job_log import WIDEST, StudyLog, duration, wrapped


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_job_takes_two_lines_and_the_second_tells_how_far_the_study_is(clock):
    """Two of four trainings in ten minutes: ten more minutes."""
    log = StudyLog(clock=clock)
    assert list(log.planned({"train": 4, "analyse": 1, "total": 5})) == [
        "5 jobs, 4 of them trainings; what a job prints is in results/<study>/logs/"
    ]
    lines = []
    for job in (1, 2):
        lines += log.started(job, "train", wildcards=[f"tiny-knapsack-n8-s{job}"])
        clock.now += 300
        lines += log.finished(job)
    assert len(lines) == 4
    assert lines[0].endswith("start  train tiny-knapsack-n8-s1")
    assert lines[3].endswith("done   train tiny-knapsack-n8-s2 in 5 min | runs 2 of 4, jobs 2 of 5, about 10 min left")


def test_no_time_is_told_before_a_training_has_ended_and_after_the_last(clock):
    """There is nothing to judge it by, and then nothing left worth telling."""
    log = StudyLog(clock=clock)
    list(log.planned({"train": 1, "total": 2}))
    list(log.started(1, "train", wildcards=["a"]))
    assert "left" not in log.progress()
    list(log.finished(1))
    assert log.progress() == "runs 1 of 1, jobs 1 of 2"


def test_a_failed_job_names_its_log_and_why(tmp_path, clock):
    """Two lines, however much the job said."""
    path = tmp_path / "train.log"
    path.write_text("train: 1/9\n" * 500 + f"error: loss is not finite {'x' * 500}\n\n")
    log = StudyLog(clock=clock)
    list(log.started(7, "train", wildcards=["a"]))
    first, second = log.failed(7, logs=[str(path)])
    assert f"FAILED train a; its log: {path}" in first
    assert second.strip().startswith("error: loss is not finite")
    assert max(len(first), len(second)) <= WIDEST


def test_messages_of_others_are_folded():
    """Snakemake names every file of a study in one line."""
    lines = list(wrapped("files " + " ".join(f"results/file_{i}.csv" for i in range(300)) + "\nsecond"))
    assert lines[-1] == "second"
    assert max(map(len, lines)) <= WIDEST


@pytest.mark.parametrize(("seconds", "text"), [(4.4, "4 s"), (99, "99 s"), (720, "12 min"), (12_000, "3 h 20 min")])
def test_durations_are_told_as_people_do(seconds, text):
    """Seconds, minutes, hours."""
    assert duration(seconds) == text
