"""What Snakemake plans, and how it answers mistakes; nothing is computed."""

from copy import deepcopy

import pytest
import yaml

from .conftest import ROOT, SMOKE, job_counts, new_workspace

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("plan")]


def test_default_study_plans_every_run(tmp_path):
    """Three arms x twelve seeds, five cells x two arms x two; a root Snakefile that runs nothing would plan nothing."""
    jobs = new_workspace(tmp_path / "work", ROOT / "config" / "config.yaml").planned()
    assert (jobs["base_model"], jobs["train"], jobs["report"]) == (14, 56, 1)
    assert "evaluate" not in jobs  # the job that trains a run evaluates it, where it takes one process on a CPU


@pytest.mark.parametrize(("study", "runs"), [("ablations", 75), ("ablation_budgets", 30)])
def test_ablation_studies_plan(tmp_path, study, runs):
    """One base model, every arm and every budget."""
    jobs = new_workspace(tmp_path / "work", ROOT / "config" / f"{study}.yaml").planned()
    assert (jobs["base_model"], jobs["train"]) == (1, runs)


def test_both_snakefiles_plan_the_same(workspace):
    """`Snakefile` at the root and `workflow/Snakefile` are the same workflow."""
    inner = workspace.run("-n", snakefile=ROOT / "workflow" / "Snakefile")
    assert job_counts(inner.stdout) == workspace.planned()


@pytest.mark.parametrize(
    ("target", "rules"), [("figures", {"figure"}), ("tables", {"table"}), ("base_models", {"base_model"})]
)
def test_named_targets(workspace, target, rules):
    """`snakemake figures` and the like plan what they are named for, and no report."""
    jobs = workspace.planned(target)
    assert rules <= set(jobs)
    assert "report" not in jobs


def test_configfile_replaces_the_default_study(workspace, tmp_path):
    """A study given by --configfile is not merged with config/config.yaml: a key it lacks stays away."""
    study = yaml.safe_load(SMOKE.read_text())
    study["name"] = "other"
    del study["evaluation"]
    workspace.edit(lambda default: default.update(overrides={"nano-uniform-n4-s0": {"train": {"steps": 99}}}))
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(study))
    output = workspace.run("-n", "--configfile", str(tmp_path / "other.yaml")).stdout
    assert "results/other/probes/" not in output  # the default study's section `evaluation` takes a probe
    assert "results/other/" in output
    assert "results/smoke/" not in output


def test_configfile_without_a_name_is_not_completed_by_the_default_study(workspace, tmp_path):
    """A key that is missing is missing, whichever it is."""
    study = yaml.safe_load(SMOKE.read_text())
    del study["name"]
    (tmp_path / "nameless.yaml").write_text(yaml.safe_dump(study))
    done = workspace.run("-n", "--configfile", str(tmp_path / "nameless.yaml"), check=False)
    assert done.returncode == 2
    assert "name: required key is missing" in done.stdout


def test_config_on_the_command_line_changes_the_default_study(workspace):
    """--config lays single keys over the default study."""
    assert workspace.planned("--config", "code_version=7", "name=renamed")["train"] == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s["train"].update(stepz=3), ["train.stepz", "'steps'"]),
        (lambda s: s["train"].update(steps=-3), ["train.steps", "-3"]),
        (lambda s: s["arms"]["knapsack"].update(strategy="knapsak"), ["knapsak", "knapsack"]),
        (lambda s: s["grid"].update(budgets=[1]), ["budget 1", "low=2"]),
        (lambda s: s["models"].update(nano={"path": "no/model"}), ["no/model"]),
    ],
)
def test_mistakes_in_the_study_stop_before_any_job(workspace, change, words):
    """One line that names file, key and value, exit code 2, no traceback, nothing written."""
    workspace.edit(change)
    done = workspace.run("--cores", "2", check=False)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("error:")]
    assert done.returncode == 2
    assert "config.yaml" in line
    assert all(word in line for word in words)
    assert "Traceback" not in done.stdout
    assert not (workspace.folder / "results").exists()


def test_unwritable_output_stops_before_any_job(workspace):
    """A file where the results should go: one line, exit code 2, no traceback."""
    (workspace.folder / "results").write_text("")
    done = workspace.run("--cores", "2", check=False)
    assert done.returncode == 2
    assert [line for line in done.stdout.splitlines() if line.startswith("error:") and "results: is a file" in line]
    assert "Traceback" not in done.stdout


def test_lint_is_clean(workspace):
    """`snakemake --lint` has nothing to say."""
    assert "Congratulations" in workspace.run("--lint").stdout


def test_stale_lock_gets_a_remedy(workspace):
    """After a kill Snakemake's lock remains; one line says how to remove it, and that works."""
    locks = workspace.folder / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/smoke/report.html\n")
    done = workspace.run("--cores", "2", check=False)
    assert "LockException" in done.stdout
    assert sum("snakemake --unlock" in line for line in done.stdout.splitlines()) == 1
    workspace.run("--unlock")
    assert workspace.planned()["train"] == 2


def test_a_study_larger_than_an_argument_may_be(workspace):
    """200 kB of unused models: nothing but the file's name is handed to a job, and a dry run writes no file."""
    steps = 500
    runs = [f"nano-{arm}-n4-s{seed}" for arm in ("uniform", "knapsack") for seed in range(15)]

    def change(study):
        study["grid"]["seeds"] = list(range(15))
        study["train"]["steps"] = steps
        study["evaluation"]["every"] = steps
        spare = study["models"]["nano"] | {"train": {"steps": 7}}
        study["models"] |= {f"unused_{number}": deepcopy(spare) for number in range(1500)}  # YAML writes a name once

    workspace.edit(change)
    assert (workspace.folder / "config/config.yaml").stat().st_size > 200_000
    output = workspace.run("-n", "-p", "training").stdout
    assert not (workspace.folder / "results").exists()
    assert f"knapsack-rl train --study results/smoke/study.json --run {runs[7]} " in output
    assert max(map(len, output.splitlines())) < 10_000
    assert "{" not in "".join(line for line in output.splitlines() if "knapsack-rl" in line)
    workspace.run("--cores", "1", "data")
    assert (workspace.folder / "results/smoke/data/train.parquet").is_file()
    assert "Nothing to be done" in workspace.run("--cores", "1", "data").stdout
