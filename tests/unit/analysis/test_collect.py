"""From records to tidy frames."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_up import Shape

from knapsack_rl.analysis.frames.collect import collect
from knapsack_rl.analysis.frames.study import load_analysis
from knapsack_rl.analysis.make import analyse
from knapsack_rl.base.errors import ConfigError, InputError

TINY = Shape(seeds=(0,), steps=3, problems=2)


def test_rows_carry_the_run_they_belong_to(make_study):
    """Model, arm, strategy, budget and seed come from the run's configuration."""
    paths, run_ids = make_study(TINY)
    steps = collect(paths.results, run_ids).steps
    row = steps[steps["run_id"] == "small-knapsack-n8-s0"].iloc[0]
    assert (row.model, row.arm, row.strategy, row.budget, row.seed) == ("small", "knapsack", "knapsack", 8, 0)


def test_runs_keep_their_order(make_study):
    """Figures and tables follow the order of the grid, not the alphabet."""
    paths, run_ids = make_study(TINY)
    assert list(collect(paths.results, run_ids).groups["run_id"].unique()) == run_ids
    assert run_ids != sorted(run_ids)


def test_totals_run_up_to_the_step(make_study):
    """8 prompts x 8 rollouts of 10 tokens per step."""
    paths, _ = make_study(TINY)
    steps = collect(paths.results, ["small-uniform-n8-s0"]).steps
    assert list(steps["total_rollouts"]) == [64, 128, 192]
    assert list(steps["total_response_tokens"]) == [640, 1280, 1920]


def test_samples_are_counted_per_problem(make_study):
    """Counts of samples and right samples match the raw evaluation."""
    paths, run_ids = make_study(TINY)
    evals = collect(paths.results, run_ids[:1]).evals
    raw = pq.read_table(paths.run(run_ids[0]).evals).to_pandas()
    assert set(evals["num_samples"]) == {TINY.samples}
    assert evals["num_correct"].sum() == raw["reward"].sum()
    assert len(evals) == len(raw) / TINY.samples


def test_frames_survive_the_disk(make_study):
    """What is loaded is what was collected, unknown beliefs included."""
    paths, run_ids = make_study(TINY)
    analyse(paths.results, run_ids)
    groups, expected = load_analysis(paths.analysis).groups, collect(paths.results, run_ids).groups
    assert groups["p_belief"].isna().sum() == expected["p_belief"].isna().sum() > 0
    assert groups.equals(expected)


def test_nothing_finished_is_one_line(make_study):
    """The message names a run, what it lacks, and what to do."""
    paths, _ = make_study(TINY)
    with pytest.raises(InputError, match=r"none of the 1 runs is finished \(nowhere: not trained\)"):
        collect(paths.results, ["nowhere"])


def test_unfinished_runs_are_listed_and_the_rest_is_analysed(make_study, caplog):
    """One run without evaluation and one without anything leave the other."""
    paths, run_ids = make_study(TINY)
    paths.run(run_ids[0]).evals.unlink()
    frames = collect(paths.results, [*run_ids, "nowhere"])
    assert list(frames.steps["run_id"].unique()) == run_ids[1:]
    assert list(frames.runs["status"]) == ["not evaluated", "finished", "not trained"]
    assert "2 of 3 runs are left out: small-uniform-n8-s0 (not evaluated), nowhere (not trained)" in caplog.text


def test_runs_carry_their_configuration(make_study):
    """The resolved run and, without weights at hand, no number of parameters."""
    paths, run_ids = make_study(TINY)
    row = collect(paths.results, run_ids).runs.iloc[1]
    assert json.loads(row["config"])["arm"]["strategy"] == "knapsack"
    assert pd.isna(row["num_parameters"])


def test_gpus_come_from_the_manifest(make_study):
    """A manifest written before they were recorded says nothing, and nothing is guessed."""
    paths, run_ids = make_study(TINY)
    path = paths.run(run_ids[0]).folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"num_gpus": 8}), encoding="utf-8")
    found = collect(paths.results, run_ids).runs.set_index("run_id")["num_gpus"]
    assert found[run_ids[0]] == 8
    assert pd.isna(found[run_ids[1]])


def test_missing_column_is_named(make_study):
    """A table of an older version is refused with the column it lacks."""
    paths, run_ids = make_study(TINY)
    path = paths.run(run_ids[0]).folder / "steps.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["num_response_tokens"]), path)
    with pytest.raises(InputError, match="column 'num_response_tokens' is missing"):
        collect(paths.results, run_ids)


def _cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def _flip(path):
    data = bytearray(path.read_bytes())
    data[100:200] = bytes(byte ^ 0x5A for byte in data[100:200])
    path.write_bytes(data)


def _number_prompts(path):
    table = pq.read_table(path)
    numbers = pa.array(range(len(table)))
    pq.write_table(table.set_column(table.column_names.index("prompt_id"), "prompt_id", numbers), path)


def _empty_values(path):
    table = pq.read_table(path)
    nothing = pa.nulls(len(table), pa.int32())
    pq.write_table(table.set_column(table.column_names.index("visit"), "visit", nothing), path)


@pytest.mark.parametrize(
    ("file", "damage", "says"),
    [
        ("groups.parquet", _cut, "is not a readable parquet file .* delete it and write it again"),
        ("groups.parquet", _flip, "is not a readable parquet file .* delete it and write it again"),
        ("steps.parquet", lambda path: path.write_bytes(b""), "is not a readable parquet file"),
        ("groups.parquet", _number_prompts, "column 'prompt_id' has int64 instead of dictionary<.*write it again"),
        ("groups.parquet", _empty_values, "column 'visit' has empty values; delete the file and write it again"),
        ("manifest.json", lambda path: path.write_text("{"), "is not a manifest .* delete it, .* GPU-seconds"),
        ("manifest.json", lambda path: path.write_text('{"num_gpus": "four"}'), "is not a manifest"),
    ],
)
def test_a_damaged_file_is_one_line(make_study, file, damage, says):
    """It names the file and the remedy."""
    paths, run_ids = make_study(TINY)
    damage(paths.run(run_ids[0]).folder / file)
    with pytest.raises(InputError, match=rf"{file}: {says}") as caught:
        collect(paths.results, run_ids)
    assert "\n" not in str(caught.value)


def test_step_without_groups_is_refused(make_study):
    """Ratios of a step whose groups were lost would silently be missing."""
    paths, run_ids = make_study(TINY)
    path = paths.run(run_ids[0]).folder / "groups.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 8), path)
    with pytest.raises(InputError, match=r"step 2 of steps\.parquet has no groups"):
        collect(paths.results, run_ids)


def test_broken_config_is_refused(make_study):
    """A configuration that is no JSON names the file."""
    paths, run_ids = make_study(TINY)
    (paths.run(run_ids[0]).folder / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.json: is not valid JSON"):
        collect(paths.results, run_ids)


def test_no_runs_are_refused(make_study):
    """An empty list is a mistake of the caller."""
    paths, _ = make_study(TINY)
    with pytest.raises(InputError, match="no runs to analyse"):
        collect(paths.results, [])
