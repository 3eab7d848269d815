"""Make MLflow equal to the records on disk. Safe to repeat, also after an outage of the store.

An MLflow run carries the digest of the records it was written from. If it is the digest of the records on disk,
nothing is done; otherwise a fresh run is written and what else stands for that run id is deleted: a live stream's
partial run, one of an older configuration, one of an interrupted sync. Values are never mended in place, because
MLflow keeps every value it was ever given. Deleted runs stay in MLflow's bin until ``mlflow gc``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knapsack_rl.base.errors import KnapsackError, OutputError
from knapsack_rl.base.layout import RunPaths, StudyPaths
from knapsack_rl.base.seeding import digest
from knapsack_rl.config import RunConfig, StudyConfig, run_hash
from knapsack_rl.records import EVALS, GROUPS, SAMPLES, STEPS, code_digest, read_table, sha256_of
from knapsack_rl.tracking.address import tracking_uri, without_credentials
from knapsack_rl.tracking.guide import NOTE, experiment_tags, run_note, summary_note
from knapsack_rl.tracking.identity import KIND, RECORDS_DIGEST, run_params, run_tags
from knapsack_rl.tracking.metrics import Point, evaluation_points, final_points, training_points
from knapsack_rl.tracking.store import (
    Experiment,
    one_line,
    open_experiment,
    patiently,
)
from knapsack_rl.tracking.summary import summary_points
from knapsack_rl.tracking.views import COLOR, COMPARED, arm_colors, compared_arms

if TYPE_CHECKING:
    from mlflow.entities import Run

SUMMARY = "summary"
"""Name and kind of the MLflow run that holds the study's tables and figures."""
TEXTS = "samples.json"
"""Artifact of a training run: a table with a few prompts and responses, their rewards and the reasons for them."""
SUMMARY_ID = ""
"""What ``runs_by_id`` files it under, for it stands for no run of the grid."""


class _Sync:
    """One sync of one experiment: what it found there, and what it did."""

    def __init__(self, experiment: Experiment) -> None:
        from knapsack_rl.tracking.writing import runs_by_id

        self.experiment = experiment
        self.present = runs_by_id(experiment)
        self.receipt = {"written": 0, "unchanged": 0, "deleted": 0, "metrics": 0, "artifacts": 0}

    def run(self, config: RunConfig, paths: RunPaths, *, records_digest: str) -> None:
        """Write a training run from its records, unless MLflow has it."""
        from knapsack_rl.tracking.lineage import dataset_inputs, log_policy
        from knapsack_rl.tracking.writing import RunWriter

        if self._is_settled(config.run_id, records_digest):
            self.receipt["unchanged"] += 1
            return
        manifest = json.loads(paths.manifest.read_text(encoding="utf-8"))
        end_ms = round(1000 * datetime.fromisoformat(manifest["created"]).timestamp())
        points = _points_of(paths, end_ms=end_ms)
        tags = run_tags(config, git_commit=manifest["git_commit"])
        start_ms = min(point.time_ms for point in points)
        writer = RunWriter.create(self.experiment, name=config.run_id, tags=tags, start_ms=start_ms)
        writer.add_params(run_params(config))
        writer.add_points(points)
        if data := dataset_inputs(StudyPaths(paths.study, paths.study), config.problem_set):
            patiently(writer.client.log_inputs, writer.mlflow_id, datasets=data)
        if paths.samples.is_file():
            texts = read_table(paths.samples, SAMPLES).to_pydict()
            patiently(writer.client.log_table, writer.mlflow_id, data=texts, artifact_file=TEXTS)
        last = max(point.step for point in points)
        log_policy(self.experiment, config, mlflow_id=writer.mlflow_id, last=last)
        writer.end("FINISHED", end_ms=end_ms)
        writer.settle(records_digest)
        self._delete(self.present.get(config.run_id, []))
        self.receipt["written"] += 1
        self.receipt["metrics"] += len(points)

    def summary(self, study: StudyConfig, folders: Mapping[str, Path], *, report: Path, answer: Sequence[str]) -> None:
        """Store answer, configuration, tables, figures and report in one MLflow run, unless it has them."""
        from knapsack_rl.tracking.writing import RunWriter

        files = {name: sorted(path for path in folder.rglob("*") if path.is_file()) for name, folder in folders.items()}
        self.receipt["artifacts"] = sum(map(len, files.values()))
        parts = [f"{name} {_name_and_sha(path)}" for name, paths in files.items() for path in paths]
        parts += [_name_and_sha(report)] if report.is_file() else []
        records_digest = _digest_of([study.model_dump_json(), *answer, *parts])
        if self._is_settled(SUMMARY_ID, records_digest):
            return
        tags = {KIND: SUMMARY, "study": study.name, NOTE: summary_note(study, answer)}
        writer = RunWriter.create(self.experiment, name=SUMMARY, tags=tags)
        writer.add_points(list(summary_points(folders["tables"])))
        writer.client.log_dict(writer.mlflow_id, study.model_dump(mode="json"), "study.json")
        for name, folder in folders.items():
            if files[name]:
                writer.client.log_artifacts(writer.mlflow_id, str(folder), name)
        if report.is_file():
            writer.client.log_artifact(writer.mlflow_id, str(report))
        writer.end("FINISHED")
        writer.settle(records_digest)
        self._delete(self.present.get(SUMMARY_ID, []))

    def guide(self, study: StudyConfig, runs: Mapping[str, RunConfig]) -> None:
        """Describe the experiment and its runs, with links between them; writes what is not so yet."""
        from knapsack_rl.tracking.writing import runs_by_id

        client, experiment_id = self.experiment.client, self.experiment.id
        found = {run_id: some[0] for run_id, some in runs_by_id(self.experiment).items() if some}
        ids = {run_id: run.info.run_id for run_id, run in found.items()}
        known = patiently(client.get_experiment, experiment_id).tags
        wanted = experiment_tags(study, runs, experiment_id=experiment_id, summary_id=ids[SUMMARY_ID])
        for key, value in wanted.items():
            if known.get(key) != value:
                patiently(client.set_experiment_tag, experiment_id, key, value)
        colors = arm_colors(runs)
        for run_id, config in runs.items():
            note = run_note(config, runs, ids=ids, experiment_id=experiment_id)
            compared = "yes" if config.arm_name in compared_arms(study) else "no"
            for key, value in {NOTE: note, COMPARED: compared, COLOR: colors[config.arm_name]}.items():
                if found[run_id].data.tags.get(key) != value:
                    patiently(client.set_tag, ids[run_id], key, value)

    def _is_settled(self, run_id: str, records_digest: str) -> bool:
        """Whether a complete MLflow run with this digest exists; deletes what else stands for ``run_id`` if so."""
        present = self.present.get(run_id, [])
        equal = [run for run in present if run.data.tags.get(RECORDS_DIGEST) == records_digest]
        if equal:
            self._delete(run for run in present if run is not equal[0])
        return bool(equal)

    def _delete(self, runs: "Iterable[Run]") -> None:
        from knapsack_rl.tracking.lineage import policies_of

        for run in runs:
            for model_id in policies_of(self.experiment.client, run):
                patiently(self.experiment.client.delete_logged_model, model_id)
            patiently(self.experiment.client.delete_run, run.info.run_id)
            self.receipt["deleted"] += 1


def sync(
    study: StudyConfig,
    runs: Mapping[str, RunConfig],
    *,
    results_folder: Path,
    figures_folder: Path,
    results_root: Path,
    answer: Sequence[str] = (),
) -> dict[str, Any]:
    """Bring the study's MLflow experiment up to the records.

    Args:
        study: whose name is the experiment's.
        runs: the runs of its grid by id. Runs of other ids are left alone.
        results_folder: ``results/<study>``, with ``runs/``, ``evals/`` and ``tables/``.
        figures_folder: ``figures/<study>``.
        results_root: ``results``, which holds the default store.
        answer: what the study found, for the description of the summary; one sentence each.

    Returns:
        Receipt: number of runs ``written``, ``unchanged`` and ``deleted``, ``metrics`` written, ``artifacts``
        of the summary, and ``digests`` of the records by run id.

    Raises:
        InputError: records are missing or unreadable.
        OutputError: the store cannot be reached or written.
    """
    digests = {run_id: _records_digest(RunPaths(results_folder, run_id), config) for run_id, config in runs.items()}
    try:
        work = _Sync(open_experiment(study.name, results_root))
        for run_id, config in runs.items():
            work.run(config, RunPaths(results_folder, run_id), records_digest=digests[run_id])
        folders = {"tables": results_folder / "tables", "figures": figures_folder}
        work.summary(study, folders, report=results_folder / "report.html", answer=answer)
        work.guide(study, runs)
    except KnapsackError:
        raise
    except Exception as error:
        where = without_credentials(tracking_uri(results_root))
        raise OutputError(
            f"MLflow store {where}: cannot be reached or written ({one_line(error)}); repeat the sync once it can"
        ) from error
    return work.receipt | {"study": study.name, "digests": digests}


def _points_of(paths: RunPaths, *, end_ms: int) -> list[Point]:
    steps, groups = (
        read_table(paths.steps, STEPS),
        read_table(paths.groups, GROUPS),
    )
    training = training_points(steps, groups, end_ms=end_ms)
    evaluation = evaluation_points(read_table(paths.evals, EVALS), end_ms=end_ms)
    return [*training, *evaluation, *final_points(steps, training, end_ms=end_ms)]


def _records_digest(paths: RunPaths, config: RunConfig) -> str:
    """Digest of a run's records and configuration, and of this package's code, which decides what MLflow is told."""
    files = [paths.steps, paths.groups, paths.manifest, paths.evals]
    files += [paths.samples] if paths.samples.is_file() else []
    return _digest_of([run_hash(config), *map(_name_and_sha, files)])


def _name_and_sha(path: Path) -> str:
    return f"{path.name} {sha256_of(path)}"


def _digest_of(parts: Iterable[str]) -> str:
    return digest("\n".join([code_digest("tracking"), *parts]))
