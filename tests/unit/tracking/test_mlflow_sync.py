"""After a sync MLflow equals the records, whatever it held before."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knapsack_rl.base.errors import InputError, OutputError
from knapsack_rl.base.layout import RunPaths
from knapsack_rl.config import ArmConfig, run_hash
from knapsack_rl.records import SAMPLES, sha256_of, table_of, write_table
from knapsack_rl.tracking import LiveTracker
from knapsack_rl.tracking.metrics import evaluation_points

RUN = "small-knapsack-n4-s0"


def counts(receipt: dict[str, Any]) -> tuple[int, int, int]:
    return receipt["written"], receipt["unchanged"], receipt["deleted"]


def test_sync_writes_every_step_of_every_run(workplace):
    """Facts, shares of groups, and wall-clock order arrive step by step."""
    receipt = workplace.sync()

    assert (2, 0, 0) == counts(receipt)
    assert {RUN, "small-knapsack-n4-s1", "summary"} == set(workplace.mlflow_runs())
    assert [(1, 0.5), (2, 0.25), (3, 0.5 / 3)] == workplace.history(RUN, "train/loss")
    assert [(step, 2 / 12) for step in (1, 2, 3)] == workplace.history(RUN, "allocation/ratio_rollouts")
    assert [(step, 1 / 3) for step in (1, 2, 3)] == workplace.history(RUN, "allocation/ratio_prompts")
    assert [(step, 1 / 3) for step in (1, 2, 3)] == workplace.history(RUN, "allocation/all_correct_prompts")
    assert [(step, 1 / 3) for step in (1, 2, 3)] == workplace.history(RUN, "allocation/all_wrong_prompts")


def test_sync_writes_benchmarks_per_checkpoint_and_final_values(workplace):
    """avg@k is a mean over problems; the average weighs benchmarks equally."""
    workplace.sync()

    assert [(0, 0.0), (3, 0.75)] == workplace.history(RUN, "eval/easy/avg_at_k")
    assert [(0, 0.0), (3, 0.375)] == workplace.history(RUN, "eval/average/avg_at_k")
    final = workplace.mlflow_runs()[RUN].data.metrics
    assert 0.375 == final["final/average/avg_at_k"]
    assert 36 == final["final/total_rollouts"]
    assert 1 / 3 == final["final/mean_ratio_prompts"]


def test_texts_are_an_artifact_of_their_run(workplace):
    """What was written and why it got its reward, as MLflow's own table; a run without texts has none."""
    row = dict.fromkeys(SAMPLES.names, 1) | dict.fromkeys(("prompt_id", "kind", "reason", "prompt", "answer"), "x")
    path = RunPaths(workplace.results, RUN).samples
    write_table(path, table_of([row | {"response": "<b>12</b>"}], SAMPLES))
    workplace.sync()

    client, runs = workplace.client(), workplace.mlflow_runs()
    found = {name: {file.path for file in client.list_artifacts(run.info.run_id)} for name, run in runs.items()}
    assert "samples.json" in found[RUN]
    assert "samples.json" not in found["small-knapsack-n4-s1"]
    table = json.loads(Path(client.download_artifacts(runs[RUN].info.run_id, "samples.json")).read_text())
    assert table["data"][0][table["columns"].index("response")] == "<b>12</b>"


def test_sync_describes_the_run(workplace):
    """Parameters are the resolved configuration; tags say which run this is; the run is finished."""
    workplace.sync()

    run = workplace.mlflow_runs()[RUN]
    expected = {
        "model": "small",
        "arm": "knapsack",
        "strategy": "knapsack",
        "budget": "4",
        "seed": "0",
        "study": "tiny",
    }
    assert expected.items() <= run.data.tags.items()
    assert "abc123" == run.data.tags["mlflow.source.git.commit"]
    assert run_hash(workplace.runs[RUN]) == run.data.tags["knapsack_rl.config_hash"]
    assert "8" == run.data.params["model.build.hidden_size"]
    assert "x" == run.data.params["arm.options.value.name"]
    assert "FINISHED" == run.info.status
    assert 2000 == run.info.end_time - run.info.start_time  # three steps of a second each


def test_summary_holds_tables_and_figures(workplace):
    """They and the study's configuration are artifacts of one run."""
    workplace.sync()

    summary = workplace.mlflow_runs()["summary"].info.run_id
    found = {
        item.path
        for folder in (None, "tables", "figures")
        for item in workplace.client().list_artifacts(summary, folder)
    }
    assert {"study.json", "tables", "figures", "tables/benchmarks.csv", "figures/zero_gradient.png"} == found


def test_summary_tells_the_answer_with_its_numbers(workplace):
    """Description, differences with the ends of their intervals, and the report."""
    (workplace.results / "report.html").write_text("<html></html>")
    (workplace.results / "tables" / "differences.csv").write_text(
        "model,budget,arm,baseline,metric,difference,ci_low,ci_high\n"
        "small,4,knapsack,uniform,ratio_rollouts,0.2,0.1,0.3\n"
        "small,4,knapsack,uniform,accuracy/average,-0.01,,\n"
        "small,4,knapsack,uniform,accuracy/easy,0.5,0.4,0.6\n"
    )
    workplace.sync(answer=["1. The ratio rises."])

    summary = workplace.mlflow_runs()["summary"]
    assert "The ratio rises." in summary.data.tags["mlflow.note.content"]
    at = "difference/small-n4/knapsack/"
    assert summary.data.metrics == {
        f"{at}ratio_rollouts": 0.2,
        f"{at}ratio_rollouts/ci_low": 0.1,
        f"{at}ratio_rollouts/ci_high": 0.3,
        f"{at}accuracy/average": -0.01,
    }
    assert "report.html" in {file.path for file in workplace.client().list_artifacts(summary.info.run_id)}


def test_runs_have_the_colour_of_their_arm(workplace):
    """That of the figures."""
    workplace.sync()
    assert workplace.mlflow_runs()[RUN].data.tags["mlflow.runColor"] == "#D55E00"


def test_sync_logs_data_and_model(workplace):
    """Problem sets by content and policies by the folder of their weights; a model goes when its run is replaced."""
    data = workplace.results / "data"
    data.mkdir()
    for name in ("train", "benchmarks"):
        pq.write_table(pa.table({"prompt_id": ["a", "b"]}), data / f"{name}.parquet")
    workplace.sync()

    run = workplace.mlflow_runs()[RUN]
    contexts = {item.tags[0].value: item.dataset for item in run.inputs.dataset_inputs}
    assert {"training", "evaluation"} == set(contexts)
    assert '{"uri": "results/tiny/data/train.parquet"}' == contexts["training"].source
    assert sha256_of(data / "train.parquet").startswith(contexts["training"].digest)
    models = {model.name: model for model in workplace.client().search_logged_models([run.info.experiment_id])}
    assert set(workplace.runs) == set(models)
    assert run.info.run_id == models[RUN].source_run_id
    assert f"results/tiny/runs/{RUN}/weights/step_00003" == models[RUN].tags["knapsack_rl.weights"]

    workplace.train(workplace.runs[RUN], loss=0.7)
    workplace.sync()
    after = workplace.client().search_logged_models([run.info.experiment_id])
    assert sorted(workplace.runs) == sorted(model.name for model in after)


def test_descriptions_link_study_runs_and_baseline(workplace):
    """The study links to the comparison of its arms, a run to its study and to uniform in the same cell and seed."""
    baseline = workplace.make_config("small-uniform-n4-s0")
    baseline = baseline.model_copy(update={"arm_name": "uniform", "arm": ArmConfig(strategy="uniform")})
    workplace.train(baseline)
    workplace.sync()

    experiment = workplace.client().get_experiment_by_name("tiny")
    runs = workplace.mlflow_runs()
    note = experiment.tags["mlflow.note.content"]
    assert f"#/experiments/{experiment.experiment_id}/runs?viewStateShareKey=small-n4&compareRunsMode=CHART" in note
    assert f"runs/{runs['summary'].info.run_id})" in note
    view = json.loads(experiment.tags["mlflow.sharedViewState.small-n4"])
    assert {"tags.`arm`", "tags.`budget`", "tags.`seed`", "metrics.`final/average/avg_at_k`"} <= set(
        view["selectedColumns"]
    )
    shown = workplace.client().search_runs([experiment.experiment_id], view["searchFilter"])
    assert {"small-knapsack-n4-s0", "small-knapsack-n4-s1"} == {run.info.run_name for run in shown}
    note = unquote(runs[RUN].data.tags["mlflow.note.content"])
    assert f"#/experiments/{experiment.experiment_id}/runs" in note
    assert f'["{runs["small-uniform-n4-s0"].info.run_id}", "{runs[RUN].info.run_id}"]' in note
    assert "Compare with" not in runs["small-uniform-n4-s0"].data.tags["mlflow.note.content"]


def test_second_sync_changes_nothing(workplace):
    """Same MLflow runs, nothing written."""
    workplace.sync()
    before = {name: run.info.run_id for name, run in workplace.mlflow_runs().items()}

    receipt = workplace.sync()

    assert (0, 2, 0) == counts(receipt)
    assert before == {name: run.info.run_id for name, run in workplace.mlflow_runs().items()}


def test_sync_replaces_a_partial_and_stale_live_run(workplace):
    """A stream that was cut off, with a step that was later trained again, leaves no trace."""
    live = LiveTracker.start(workplace.runs[RUN], workplace.results_root, interval_s=0.01)
    live.log_step(workplace.make_record(1))
    live.log_step(workplace.make_record(2, loss=99.0))
    live.close(timeout_s=60)
    assert [(1, 0.5), (2, 49.5)] == workplace.history(RUN, "train/loss")

    receipt = workplace.sync()

    assert (2, 0, 1) == counts(receipt)
    assert [(1, 0.5), (2, 0.25), (3, 0.5 / 3)] == workplace.history(RUN, "train/loss")


def test_sync_replaces_only_the_run_whose_records_changed(workplace):
    """A run trained again, or with another configuration, is written anew and the old one deleted."""
    workplace.sync()
    kept = workplace.mlflow_runs()["small-knapsack-n4-s1"].info.run_id
    workplace.train(workplace.make_config(RUN, steps=2), loss=0.8)

    receipt = workplace.sync()

    assert (1, 1, 1) == counts(receipt)
    assert [(1, 0.8), (2, 0.4)] == workplace.history(RUN, "train/loss")
    assert kept == workplace.mlflow_runs()["small-knapsack-n4-s1"].info.run_id


def test_sync_replaces_a_changed_summary(workplace):
    """A redrawn figure replaces the summary, and runs are left alone."""
    workplace.sync()
    (workplace.root / "figures" / "tiny" / "zero_gradient.png").write_bytes(b"redrawn")

    assert (0, 2, 1) == counts(workplace.sync())
    assert (0, 2, 0) == counts(workplace.sync())


def test_sync_finishes_what_an_interrupted_sync_began(workplace):
    """An MLflow run without the final mark is not taken for complete."""
    workplace.sync()
    interrupted = workplace.mlflow_runs()[RUN].info.run_id
    workplace.client().delete_tag(interrupted, "knapsack_rl.records_digest")

    assert (1, 1, 1) == counts(workplace.sync())
    assert interrupted != workplace.mlflow_runs()[RUN].info.run_id


def test_sync_restores_a_deleted_experiment(workplace):
    """Deleting the experiment in the interface does not break the next sync."""
    workplace.sync()
    client = workplace.client()
    client.delete_experiment(client.get_experiment_by_name("tiny").experiment_id)

    workplace.sync()

    assert RUN in workplace.mlflow_runs()


def test_sync_needs_the_records(workplace):
    """Missing records are the caller's mistake and are named."""
    (workplace.results / "runs" / RUN / "steps.parquet").unlink()

    with pytest.raises(InputError, match=r"steps\.parquet"):
        workplace.sync()


def test_sync_says_when_the_store_is_down(workplace, monkeypatch):
    """One line, without the password of the address."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    with pytest.raises(OutputError, match="cannot be reached") as error:
        workplace.sync()
    assert "secret" not in str(error.value)


def test_receipt_is_json_and_names_the_records(workplace):
    """The workflow keeps the receipt; it depends on the records and holds no path."""
    receipt = workplace.sync()

    assert str(workplace.root) not in json.dumps(receipt)
    assert receipt["digests"] == workplace.sync()["digests"]
    assert 2 == receipt["artifacts"]


def test_final_scores_agree_with_the_analysis(workplace):
    """Tracking and result tables define avg@k alike."""
    analysis = pytest.importorskip("knapsack_rl.analysis.measures.benchmarks")
    pd = pytest.importorskip("pandas")
    from knapsack_rl.records import EVALS, read_table

    table = read_table(workplace.results / "evals" / f"{RUN}.parquet", EVALS)
    ours = {(p.step, p.name.split("/")[1]): p.value for p in evaluation_points(table, end_ms=0) if p.name[:4] == "eval"}
    tidy = table.to_pandas().groupby(["run_id", "step", "benchmark", "problem_id"], as_index=False)["reward"]
    tidy = tidy.agg(["sum", "size"]).rename(columns={"sum": "num_correct", "size": "num_samples"})
    scores = analysis.benchmark_scores(
        tidy.assign(model="small", arm="knapsack", strategy="knapsack", budget=4, seed=0)
    )
    assert isinstance(scores, pd.DataFrame)
    assert ours == {(row.step, row.benchmark): row.avg_at_k for row in scores.itertuples()}
