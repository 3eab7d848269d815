"""Whatever is damaged in a run's state or records is found, in one line; a run goes on from the newest whole save."""

import shutil

import pyarrow.parquet as pq
import pytest

from knapsack_rl.base.errors import KnapsackError, StateError
from knapsack_rl.records import WALL_CLOCK_COLUMNS
from knapsack_rl.records.verify import verify
from knapsack_rl.train import train

STEPS = 12


@pytest.fixture
def whole(bench):
    """A finished run of 12 steps with saves of steps 8 and 12, and its records."""
    job = bench.job(steps=STEPS)
    train(job)
    return job, _records(job)


def _records(job):
    tables = [pq.read_table(job.paths.folder / name) for name in ("steps.parquet", "groups.parquet")]
    return tables[0].drop_columns(list(WALL_CLOCK_COLUMNS)).to_pylist(), tables[1].to_pylist()


def _flip(path, position=-1):
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(bytes(content))


def _folder_in_place_of(path):
    path.unlink()
    path.mkdir()


DAMAGE = {
    "a digit": lambda path: path.write_text(path.read_text().replace("12", "13", 1)),
    "a renamed key": lambda path: path.write_text(path.read_text().replace('"tracker"', '"trakcer"')),
    "text for a number": lambda path: path.write_text(path.read_text().replace('"step": 12', '"step": "twelve"')),
    "no UTF-8": lambda path: path.write_bytes(b"\xff\xfe" + path.read_bytes()),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-5]),
    "empty": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
    "a folder": _folder_in_place_of,
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_newest_save_is_passed_over(whole, bench, caplog, kind):
    """In one line that names the file and the step it goes on from; the records are those of an undamaged run."""
    job, before = whole
    DAMAGE[kind](job.paths.state / "step_00012" / "state.json")
    train(bench.job(steps=STEPS))
    (line,) = caplog.messages
    assert "step_00012/state.json: " in line
    assert line.endswith("goes on from the save before it, of step 8")
    assert _records(job) == before
    assert verify(job.paths.study).damage == []
    assert not list(job.paths.state.glob("damaged.*"))


@pytest.mark.parametrize("name", ["fake.json", "SHA256SUMS"])
def test_every_file_of_a_save_is_watched(whole, bench, caplog, name):
    """Weights and the digests themselves, too."""
    job, before = whole
    _flip(job.paths.state / "step_00012" / name, 3)
    train(bench.job(steps=STEPS))
    assert "goes on from the save before it, of step 8" in caplog.text
    assert _records(job) == before


def test_without_a_whole_save_nothing_is_trained(whole, bench):
    """One line says what to do; the saves stay where they are."""
    job, _ = whole
    for step in (8, 12):
        _flip(job.paths.state / f"step_{step:05d}" / "state.json", 20)
    with pytest.raises(StateError, match=r"step_00008.* no older save can be used; delete .* to start over"):
        train(bench.job(steps=STEPS))


def test_a_damaged_line_of_the_journal_is_trained_again(whole, bench, caplog):
    """Step 10: the save of step 8 is the newest that the journal leads up to."""
    job, before = whole
    journal = job.paths.state / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[9] = lines[9].replace(b'"step": 10', b'"step": 11')
    journal.write_bytes(b"".join(lines))
    train(bench.job(steps=STEPS))
    assert "step 10 is missing or damaged; goes on from the save before it, of step 8" in caplog.text
    assert _records(job) == before


def test_a_damaged_stamp_does_not_cost_the_run(whole, bench, caplog):
    """The saves say what they belong to."""
    job, before = whole
    _flip(job.paths.state / "stamp.json", 40)
    train(bench.job(steps=STEPS))
    assert "stamp.json: was damaged; written anew" in caplog.text
    assert _records(job) == before
    assert not list(job.paths.state.parent.glob("*.aside-*"))


def test_state_comes_back_with_its_configuration(whole, bench, caplog):
    """Another learning rate and back: the first run is not trained again."""
    job, before = whole
    train(bench.job(steps=STEPS, optimizer={"learning_rate": 0.5}))
    journal = (job.paths.state / "journal.jsonl").read_bytes()
    train(bench.job(steps=STEPS))
    assert "goes on from" in caplog.text
    assert (job.paths.state / "journal.jsonl").read_bytes() != journal
    assert _records(job) == before


def test_strangers_among_the_saves_are_left_alone(whole, bench):
    """Somebody's notes and copies are no saves."""
    job, before = whole
    (job.paths.state / "step_notes.txt").write_text("mine")
    (job.paths.state / "step_00099.bak").mkdir()
    (job.paths.state / "step_00099").write_text("a file")
    train(bench.job(steps=STEPS))
    assert _records(job) == before
    assert (job.paths.state / "step_notes.txt").read_text() == "mine"


def test_damaged_weights_of_the_last_step_are_written_again(whole, bench, caplog):
    """From the save of that step."""
    job, _ = whole
    _flip(job.paths.state / "weights" / "step_00012" / "fake.json")
    train(bench.job(steps=STEPS))
    assert "step_00012/fake.json: damaged" in caplog.text
    assert verify(job.paths.study).damage == []


def test_verify_finds_a_bit_in_any_file(whole):
    """Records, weights, manifest, configuration, saves, journal; nothing is found in what is as it was."""
    job, _ = whole
    assert verify(job.paths.study).damage == []
    files = [path for path in job.paths.study.rglob("*") if path.is_file() and "/data/" not in str(path)]
    watched = [path for path in files if not path.name.startswith(".") and path.name != "stamp.json"]
    assert len(watched) > 20
    for path in watched:
        content = path.read_bytes()
        _flip(path, len(content) // 2)
        damage = verify(job.paths.study).damage
        assert damage, path
        assert len(damage) == len(set(damage))
        path.write_bytes(content)


def test_verify_needs_something_to_look_at(tmp_path):
    """A folder without digests is not called whole."""
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(KnapsackError, match=r"e\.g\. results/arithmetic"):
            verify(folder)


def test_a_kill_while_publishing_leaves_whole_records(whole, bench, monkeypatch):
    """The old folder stays until the new one is finished."""
    job, before = whole
    monkeypatch.setattr(shutil, "copytree", _dies)
    with pytest.raises(_Killed):
        train(bench.job(steps=STEPS))
    assert _records(job) == before
    assert verify(job.paths.folder).damage == []


class _Killed(BaseException):
    pass


def _dies(*_, **__):
    raise _Killed
