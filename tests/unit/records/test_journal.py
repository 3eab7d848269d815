"""The journal is append-only and survives being cut anywhere."""

import pytest

from knapsack_rl.base.errors import StateError
from knapsack_rl.records import Journal, read_journal


def _write(path, steps):
    with Journal(path) as journal:
        for step in steps:
            journal.append({"step": step, "value": step * 10})


def test_newest_line_of_a_step_counts(tmp_path):
    """A resumed run appends steps again; the file only grows and the newest line wins."""
    path = tmp_path / "journal.jsonl"
    _write(path, [1, 2, 3])
    size = path.stat().st_size
    with Journal(path) as journal:
        journal.append({"step": 3, "value": 99})
    assert path.stat().st_size > size
    assert [record["value"] for record in read_journal(path)] == [10, 20, 99]


@pytest.mark.parametrize("keep", range(1, 25))
def test_torn_last_line_is_dropped(tmp_path, keep):
    """Cut inside the last line: that step is gone, the others stay, and appending continues cleanly."""
    path = tmp_path / "journal.jsonl"
    _write(path, [1, 2])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][: min(keep, len(lines[1]) - 1)])
    assert [record["step"] for record in read_journal(path)] == [1]
    _write(path, [2])
    assert [record["step"] for record in read_journal(path)] == [1, 2]


def test_damage_in_the_middle_is_reported(tmp_path):
    """A complete line that is no JSON is not skipped silently."""
    path = tmp_path / "journal.jsonl"
    _write(path, [1])
    path.write_text("{broken}\n" + path.read_text())
    with pytest.raises(StateError, match=r"journal\.jsonl:1: damaged"):
        read_journal(path)


def test_missing_step_is_reported(tmp_path):
    """Steps must be consecutive from 1."""
    path = tmp_path / "journal.jsonl"
    _write(path, [1, 3])
    with pytest.raises(StateError, match="missing"):
        read_journal(path)


def test_no_journal_is_an_empty_run(tmp_path):
    """A run that never started has no records."""
    assert read_journal(tmp_path / "journal.jsonl") == []
