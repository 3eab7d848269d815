"""The smoke study end to end: two real, very small models trained, evaluated, tabulated, drawn and tracked."""

import json
import os
import shutil
import signal
import subprocess
import time

import pyarrow.parquet as pq
import pytest

from knapsack_rl.analysis.catalogue import FIGURE_NAMES, TABLE_NAMES
from knapsack_rl.records import WALL_CLOCK_COLUMNS

from .conftest import ROOT, Workspace, environment

pytestmark = [pytest.mark.workflow, pytest.mark.torch, pytest.mark.slow, pytest.mark.xdist_group("study")]

RUNS = ("nano-uniform-n4-s0", "nano-knapsack-n4-s0")


def _records(space, run):
    folder = space.folder / "results/smoke/runs" / run
    steps = pq.read_table(folder / "steps.parquet").drop_columns(list(WALL_CLOCK_COLUMNS))
    return steps.to_pylist(), pq.read_table(folder / "groups.parquet").to_pylist()


def test_every_product_is_there(finished):
    """Tables as CSV and Markdown, figures as PNG and PDF, the report and the receipt of the MLflow sync."""
    results, figures = finished.folder / "results/smoke", finished.folder / "figures/smoke"
    wanted = [results / "tables" / f"{name}.{suffix}" for name in TABLE_NAMES for suffix in ("csv", "md")]
    wanted += [figures / f"{name}.{suffix}" for name in FIGURE_NAMES for suffix in ("png", "pdf", "csv")]
    wanted += [results / "views" / f"{name}.json" for name in FIGURE_NAMES]
    wanted += [results / "report.html", results / "mlflow_receipt.json"]
    assert [path for path in wanted if not path.is_file() or path.stat().st_size == 0] == []


def test_jobs_are_chosen_when_one_has_finished(finished):
    """Not also every second for as long as jobs wait, more often with each that has finished."""
    output = (finished.folder / "snakemake.out").read_text()
    assert 0 < output.count("Resources before job selection") <= output.count("Finished jobid") + 1


def test_every_run_is_in_the_tables_and_in_mlflow(finished):
    """Both runs, by id."""
    from mlflow import MlflowClient

    table = (finished.folder / "results/smoke/tables/runs.csv").read_text()
    client = MlflowClient(f"sqlite:///{finished.folder}/results/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("smoke")
    tracked = {run.data.tags.get("knapsack_rl.run_id"): run for run in client.search_runs([experiment.experiment_id])}
    for run in RUNS:
        assert run in table
        assert tracked[run].info.status == "FINISHED"
        assert len(client.get_metric_history(tracked[run].info.run_id, "allocation/ratio_rollouts")) == 12


def test_records_add_up(finished):
    """Four prompts x four rollouts a step in both arms, and successes that the groups explain."""
    for run in RUNS:
        steps, groups = _records(finished, run)
        assert [row["num_rollouts"] for row in steps] == [16] * 12
        for row in steps:
            mine = [group for group in groups if group["step"] == row["step"]]
            assert sum(group["num_rollouts"] for group in mine) == 16
            assert sum(group["num_successes"] for group in mine) == row["num_successes"]


def test_models_really_learn(finished):
    """Both arms update on mixed groups, and knapsack hands out unequal counts once it knows something."""
    for run in RUNS:
        steps, _ = _records(finished, run)
        assert sum(row["num_updated_rollouts"] for row in steps) > 0
        assert max(row["grad_norm"] for row in steps) > 0
    _, groups = _records(finished, RUNS[1])
    assert len({group["num_rollouts"] for group in groups}) > 1


def test_evaluation_covers_every_checkpoint_and_sample(finished):
    """3 checkpoints x 5 benchmarks x 3 problems x 2 samples."""
    evals = pq.read_table(finished.folder / "results/smoke/evals" / f"{RUNS[0]}.parquet")
    assert evals.num_rows == 3 * 5 * 3 * 2
    assert set(evals["step"].to_pylist()) == {0, 6, 12}


def test_probe_covers_the_first_and_last_checkpoint(finished):
    """8 training problems x 4 samples, kept apart from the benchmarks."""
    probe = pq.read_table(finished.folder / "results/smoke/probes" / f"{RUNS[0]}.parquet")
    assert probe.num_rows == 2 * 8 * 4
    assert set(probe["step"].to_pylist()) == {0, 12}


def test_the_base_model_is_evaluated_once(finished):
    """Both runs start from it: its benchmarks and its probe were sampled for the first alone."""
    folder = finished.folder / "results/smoke"
    assert len(list((folder / "base_evals").glob("*.parquet"))) == 2
    for kind in ("evals", "probes"):
        tables = [pq.read_table(folder / kind / f"{run}.parquet", filters=[("step", "=", 0)]) for run in RUNS]
        assert [set(table["run_id"].to_pylist()) for table in tables] == [{run} for run in RUNS]
        assert tables[0].drop_columns("run_id") == tables[1].drop_columns("run_id")


def test_second_run_does_nothing(finished):
    """Snakemake says so."""
    assert "Nothing to be done" in finished.run("--cores", "2").stdout


def test_deleted_figure_is_redrawn_with_its_readers_only(finished, tmp_path):
    """One job for the figures, the report and the MLflow sync; nothing upstream."""
    space = _copy(finished, tmp_path)
    (space.folder / "figures/smoke/allocation.png").unlink()
    jobs = space.planned()
    assert {rule: count for rule, count in jobs.items() if rule not in ("all", "total")} == {
        "figure": 1,
        "report": 1,
        "mlflow_sync": 1,
    }


@pytest.mark.parametrize("override", [{"seed": 9}, {"train": {"steps": 13}}])
def test_changing_one_run_reruns_that_run(finished, tmp_path, override):
    """One training with its evaluation, then the results that read them."""
    space = _copy(finished, tmp_path)
    space.edit(lambda study: study.update(overrides={RUNS[1]: override}))
    jobs = space.planned()
    assert (jobs["train"], jobs["analyse"]) == (1, 1)
    assert not {"base_model", "prepare_data", "mlflow_store"} & set(jobs)


def test_killed_training_resumes_to_the_same_records(finished, workspace):
    """SIGKILL Snakemake and its trainers after step 6, unlock, run again: the records of an uninterrupted study.

    The last save is of step 4, so weights, optimiser, tracker and history all come back from disk.
    """
    process = subprocess.Popen(
        workspace.command("--cores", "2", "training"),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    journal = workspace.folder / "results/smoke/state" / RUNS[0] / "journal.jsonl"
    deadline = time.monotonic() + 300
    while not (journal.exists() and journal.read_text().count("\n") >= 6):
        assert process.poll() is None, "training ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (workspace.folder / "results/smoke/runs" / RUNS[0] / "manifest.json").exists()
    steps_before = journal.read_text().count("\n")
    workspace.run("--unlock")
    workspace.run("--cores", "2", "training")
    assert journal.read_text().count("\n") > 12 >= steps_before
    for run in RUNS:
        assert _records(workspace, run) == _records(finished, run)


def test_interrupted_training_says_how_to_go_on(finished, tmp_path):
    """Ctrl-C: one line, exit code 130, no traceback; the next run continues."""
    space = _copy(finished, tmp_path)
    space.edit(lambda study: study.update(overrides={RUNS[0]: {"train": {"steps": 5000}}}))
    command = ["knapsack-rl", "train", "--study", "config/config.yaml", "--run", RUNS[0]]
    process = subprocess.Popen(  # a suite started in the background ignores SIGINT, and so would what it starts
        command,
        cwd=space.folder,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    journal = space.folder / "results/smoke/state" / RUNS[0] / "journal.jsonl"
    while journal.read_text().count("\n") < 15:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; the same command continues from the last saved state" in output
    assert "Traceback" not in output


def test_report_is_one_self_contained_file(finished):
    """Figures are embedded as drawings; nothing is fetched when it is opened."""
    html = (finished.folder / "results/smoke/report.html").read_text()
    assert html.count("<figure>") == len(FIGURE_NAMES)
    assert html.count('<div class="view"') == html.count("<svg") - html.count('<svg class="rules"') >= len(FIGURE_NAMES)
    assert 'src="http' not in html
    assert 'href="http' not in html.replace('href="https://arxiv.org', "")


def test_snakemake_report_builds(finished, tmp_path):
    """Captions and labels of the workflow's own report are right."""
    finished.run("--report", str(tmp_path / "report.zip"))
    assert (tmp_path / "report.zip").stat().st_size > 10_000


def test_manifest_names_code_and_versions(finished):
    """What a result was made with is beside it, and nothing of the user."""
    manifest = json.loads((finished.folder / "results/smoke/runs" / RUNS[0] / "manifest.json").read_text())
    assert manifest["packages"]["torch"]
    assert str(finished.folder) not in json.dumps(manifest)


def test_commands_answer_mistakes_in_one_line(finished, tmp_path):
    """A truncated checkpoint, a missing column and a missing base model: one line, exit code 2, no traceback."""
    space = _copy(finished, tmp_path)
    study = space.folder / "config/config.yaml"
    weights = space.folder / "results/smoke/runs" / RUNS[0] / "weights/step_00012/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:300])
    _fails(space, ["evaluate", "--study", str(study), "--run", RUNS[0]], "step_00012", "truncated", "cannot be loaded")
    train = space.folder / "results/smoke/data/train.parquet"
    pq.write_table(pq.read_table(train).drop_columns(["answer"]), train)
    _fails(space, ["train", "--study", str(study), "--run", RUNS[0]], "train.parquet", "answer")
    shutil.rmtree(space.folder / "results/smoke/models/nano")
    _fails(space, ["train", "--study", str(study), "--run", RUNS[0]], "base model", "base_models")
    _fails(space, ["train", "--study", str(study), "--run", "nano-knapsak"], "nano-knapsak", "no such run")


def _fails(space, arguments, *any_words):
    done = subprocess.run(
        ["knapsack-rl", *arguments], cwd=space.folder, env=environment(), capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert (done.returncode, len(lines)) == (2, 1), done.stderr
    assert "Traceback" not in done.stderr
    assert any(word in lines[0] for word in any_words)


def _copy(finished, tmp_path):
    """A private copy of the finished study, modification times kept."""
    return Workspace(shutil.copytree(finished.folder, tmp_path / "copy"))
