"""Snakemake runs in temporary working directories, with the repository's Snakefile."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SMOKE = ROOT / ".test" / "config" / "config.yaml"


@dataclass(frozen=True)
class Workspace:
    """A working directory with a study file in it."""

    folder: Path

    def command(self, *arguments, snakefile=ROOT / "Snakefile"):
        """The Snakemake command line for this directory."""
        program = [sys.executable, "-m", "snakemake", "-s", str(snakefile)]
        return [*program, "--directory", str(self.folder), *arguments]

    def run(self, *arguments, check=True, snakefile=ROOT / "Snakefile"):
        """Run Snakemake; returns the finished process with stdout and stderr together in ``stdout``."""
        done = subprocess.run(
            self.command(*arguments, snakefile=snakefile),
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout
        return done

    def planned(self, *arguments):
        """Number of jobs per rule that a dry run would start."""
        return job_counts(self.run("-n", *arguments).stdout)

    def edit(self, change):
        """Rewrite the study file through ``change(mapping)``."""
        path = self.folder / "config" / "config.yaml"
        study = yaml.safe_load(path.read_text())
        change(study)
        path.write_text(yaml.safe_dump(study))


def job_counts(output):
    """The table "Job stats" of a dry run."""
    table = output.split("Job stats:")[-1] if "Job stats:" in output else ""
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE)}


def environment():
    """The environment of a user who has activated this interpreter's environment, without a tracking server."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW", "SNAKEMAKE"))}
    return {**clean, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def new_workspace(folder, study=SMOKE):
    """A working directory that holds ``study`` as its config/config.yaml."""
    (folder / "config").mkdir(parents=True)
    shutil.copy(study, folder / "config" / "config.yaml")
    return Workspace(folder)


@pytest.fixture
def workspace(tmp_path):
    """A fresh working directory with the smoke study."""
    return new_workspace(tmp_path / "work")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A working directory in which the smoke study has run to the end; shared, so leave it as it is."""
    space = new_workspace(tmp_path_factory.mktemp("finished") / "work")
    output = space.run("--cores", "2", "--verbose").stdout
    (space.folder / "snakemake.out").write_text(output)
    return space
