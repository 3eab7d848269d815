"""Records of an older version."""

import pyarrow.parquet as pq
import pytest
from made_up import Shape

from knapsack_rl.analysis.make import analyse
from knapsack_rl.base.errors import InputError
from knapsack_rl.records import STEPS, read_table
from knapsack_rl.records.convert import ADDED, RENAMED, convert_study


def test_older_records_are_refused_then_converted(make_study):
    """The message says how; afterwards they are read, and a second conversion changes nothing."""
    paths, run_ids = make_study(Shape(seeds=(0,), steps=3, problems=2))
    for run_id in run_ids:
        path = paths.run(run_id).folder / "steps.parquet"
        pq.write_table(pq.read_table(path).drop_columns(list(ADDED)), path)
    with pytest.raises(InputError, match=r"column 'num_probe_rollouts' is missing .*knapsack-rl convert"):
        analyse(paths.results, run_ids)
    written = (paths.run(run_ids[0]).folder / "steps.parquet").stat().st_mtime_ns
    assert convert_study(paths.results) == len(run_ids)
    assert (paths.run(run_ids[0]).folder / "steps.parquet").stat().st_mtime_ns == written
    analyse(paths.results, run_ids)
    assert convert_study(paths.results) == 0


def test_columns_are_renamed_with_their_values(make_study):
    """Entropy, clip share and KL were called after nothing; their numbers stay, and what is not known is empty."""
    paths, (run_id, *_) = make_study(Shape(seeds=(0,), steps=3, problems=2))
    path = paths.run(run_id).folder / "steps.parquet"
    now = pq.read_table(path)
    names = {new: old for old, new in RENAMED.items()}
    pq.write_table(
        now.drop_columns(["sampled_entropy"]).rename_columns(
            [names.get(n, n) for n in now.column_names if n != "sampled_entropy"]
        ),
        path,
    )
    assert convert_study(paths.results) == 1
    assert read_table(path, STEPS).drop_columns(["sampled_entropy"]) == now.drop_columns(["sampled_entropy"])
    assert read_table(path, STEPS)["sampled_entropy"].null_count == 3


def test_nothing_to_convert_is_one_line(tmp_path):
    """A wrong folder is named."""
    with pytest.raises(InputError, match="holds no records; give the folder of a study"):
        convert_study(tmp_path)
