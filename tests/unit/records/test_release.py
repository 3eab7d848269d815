"""A release holds the records and nothing of the machine; equal records give equal bytes."""

import os
import tarfile

import pytest

from knapsack_rl.base.errors import InputError
from knapsack_rl.records.release import write_release


def _study(folder):
    for name in (
        *("study.json", "data/s0/train.parquet", "evals/a.parquet", "runs/a/steps.parquet", "runs/a/groups.parquet"),
        "runs/a/rounds.parquet",
        *("runs/a/weights/step_00001/model.safetensors", "state/a/journal.jsonl", "runs/.a.new/steps.parquet"),
    ):
        path = folder / "results" / "s" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder / "results" / "s"


def test_records_alone_are_packed(tmp_path):
    """No weights, no state, nothing half-published; names begin with the study."""
    digest, num = write_release(_study(tmp_path), tmp_path / "out.tar.xz")
    with tarfile.open(tmp_path / "out.tar.xz") as archive:
        names = archive.getnames()
        assert archive.extractfile("s/runs/a/steps.parquet").read() == b"runs/a/steps.parquet"
    assert names == ["s/study.json", "s/data/s0/train.parquet", "s/evals/a.parquet"] + [
        f"s/runs/a/{name}.parquet" for name in ("steps", "groups", "rounds")
    ]
    assert (num, len(digest)) == (6, 64)


def test_equal_records_give_equal_bytes(tmp_path):
    """Whenever and by whomever the files were written."""
    first, _ = write_release(_study(tmp_path / "one"), tmp_path / "one.tar.xz")
    again = _study(tmp_path / "two")
    os.utime(again / "study.json", (1, 1))
    (again / "study.json").chmod(0o600)
    assert write_release(again, tmp_path / "two.tar.xz")[0] == first


def test_without_records_nothing_is_written(tmp_path):
    """A folder that is no study is named."""
    with pytest.raises(InputError, match="no records"):
        write_release(tmp_path, tmp_path / "out.tar.xz")
    assert not (tmp_path / "out.tar.xz").exists()
