"""Records of an older version."""

import pyarrow.parquet as pq
import pytest
from made_up import Shape

from knapsack_rl.analysis import analyse
from knapsack_rl.base.errors import InputError
from knapsack_rl.records.convert import ADDED, convert_study


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


def test_nothing_to_convert_is_one_line(tmp_path):
    """A wrong folder is named."""
    with pytest.raises(InputError, match="holds no records; give the folder of a study"):
        convert_study(tmp_path)
