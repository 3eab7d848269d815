"""A wheel, installed into an empty environment beside what it requires, does what needs no extra.

No network: the wheel is built by the installed setuptools, and its requirements, without those of any extra, are linked
from the environment of the tests. So torch, pandas and Snakemake are not there.
"""

import shutil
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import distribution, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from knapsack_rl import __version__

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow
pytest.importorskip("setuptools", minversion="77", reason="setuptools 77 builds the wheel")


def required(texts, seen):
    """Distributions that requirements name, without extras, and what those need."""
    for text in texts:
        requirement = Requirement(text)
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if wanted and requirement.name not in seen:
            seen.add(requirement.name)
            required(requires(requirement.name) or [], seen)
    return seen


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The program of an environment that has the wheel and its requirements alone."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT / "knapsack_rl", source / "knapsack_rl", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), str(source)], cwd=folder)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", symlinks=True)
    site = next((folder / "env" / "lib").glob("python3*")) / "site-packages"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name in required(project["dependencies"], set()):
        link(name, site)
    run([*pip, "--python", str(folder / "env"), "install", "--no-deps", "--no-index", str(wheel)], cwd=folder)
    return folder / "env" / "bin" / "knapsack-rl"


def link(name, site):
    """Link everything that a distribution has at the top of site-packages."""
    found = distribution(name)
    for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
        if not (site / top).exists():
            (site / top).symlink_to(Path(found.locate_file(top)).resolve())


def run(command, cwd):
    done = subprocess.run(command, cwd=cwd, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("module", ["torch", "pandas", "snakemake", "mlflow", "matplotlib"])
def test_base_install_has_nothing_heavy(installed, module):
    """They come with extras."""
    code = f"from importlib.util import find_spec; print(find_spec({module!r}))"
    assert run([str(installed.with_name("python")), "-c", code], cwd=installed.parent).strip() == "None"


def test_commands_that_need_no_extra(installed, tmp_path):
    """Help, version, methods, an allocation, and the plan of a study."""
    (tmp_path / "p.csv").write_text("id,success_rate\na,0.5\nb,0.05\nc,1\nd,\n")
    program = str(installed)
    assert "allocate" in run([program, "--help"], cwd=tmp_path)
    assert run([program, "--version"], cwd=tmp_path) == f"knapsack-rl {__version__}\n"
    assert "knapsack_posterior" in run([program, "methods"], cwd=tmp_path)
    counts = run([program, "allocate", "p.csv", "--budget-per-prompt", "8"], cwd=tmp_path).splitlines()[1:]
    assert sum(int(line.split(",")[1]) for line in counts) == 32
    assert "GPU h" in run([program, "plan", str(ROOT / "config" / "config.yaml")], cwd=tmp_path)


def test_a_missing_extra_is_one_line(installed, tmp_path):
    """Exit code 2, and the extra's name, before any work."""
    command = [str(installed), "simulate", "--output", str(tmp_path / "sim")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "'pandas' is not installed; it comes with the extra `analysis`" in line
    assert not (tmp_path / "sim").exists()
