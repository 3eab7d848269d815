"""The journal is append-only and survives being cut anywhere."""

import pytest

from knapsack_rl.base.errors import StateError
from knapsack_rl.records import Journal, journal_damage, read_journal, recorded_steps
from knapsack_rl.records.journal import _line


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


@pytest.mark.parametrize("flipped", range(len(_line({"step": 2, "value": 20})) - 1))
def test_a_changed_bit_is_found_wherever_it_is(tmp_path, flipped):
    """Also in a digit, which leaves a line of valid JSON; the steps before it are whole."""
    path = tmp_path / "journal.jsonl"
    _write(path, [1, 2, 3])
    first, second, third = path.read_bytes().splitlines(keepends=True)
    changed = bytearray(second)
    changed[flipped] ^= 1
    path.write_bytes(first + bytes(changed) + third)
    assert recorded_steps(path) == 1
    assert any(line.startswith(f"{path}:2") for line in journal_damage(path))
    with pytest.raises(StateError, match=r"journal\.jsonl: step 2 is missing or damaged"):
        read_journal(path)


def test_a_damaged_line_that_was_written_again_does_no_harm(tmp_path):
    """The run went back to a save before it and trained the step once more."""
    path = tmp_path / "journal.jsonl"
    _write(path, [1, 2])
    path.write_bytes(path.read_bytes().replace(b"20", b"21"))
    _write(path, [2, 3])
    assert [record["value"] for record in read_journal(path)] == [10, 20, 30]


def test_a_journal_that_is_a_folder_is_named(tmp_path):
    """Neither written nor read with a traceback."""
    path = tmp_path / "journal.jsonl"
    path.mkdir()
    for use in (Journal, read_journal, recorded_steps):
        with pytest.raises(StateError, match=r"journal\.jsonl: cannot be read"):
            use(path)


def test_missing_step_is_reported(tmp_path):
    """Steps must be consecutive from 1."""
    path = tmp_path / "journal.jsonl"
    _write(path, [1, 3])
    with pytest.raises(StateError, match="missing"):
        read_journal(path)


def test_no_journal_is_an_empty_run(tmp_path):
    """A run that never started has no records."""
    assert read_journal(tmp_path / "journal.jsonl") == []
