"""The documents as a site: every link and anchor leads somewhere, every key, command and column is in the reference."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from knapsack_rl.analysis.catalogue import FIGURES
from knapsack_rl.cli.main import app
from knapsack_rl.config.study import StudyConfig
from knapsack_rl.records import EVALS, GROUPS, STEPS

ROOT = Path(__file__).parents[2]

pytest.importorskip("mkdocs", reason="the extra `docs` is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; a warning of mkdocs is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_command_key_and_column_is_in_the_reference(site):
    """Generated, so that none is forgotten."""
    commands = (site / "reference/command_line.html").read_text(encoding="utf-8")
    assert [each.name for each in app.registered_commands if f'id="{each.name}"' not in commands] == []
    keys = (site / "reference/configuration.html").read_text(encoding="utf-8")
    assert [key for key in StudyConfig.model_fields if f"<code>{key}</code>" not in keys] == []
    columns = (site / "reference/records.html").read_text(encoding="utf-8")
    names = [name for schema in (STEPS, GROUPS, EVALS) for name in schema.names]
    assert [name for name in names if f"<code>{name}</code>" not in columns] == []


def test_nothing_is_fetched_from_elsewhere(site):
    """The site opens without a network."""
    fetched = [
        path.name
        for path in site.rglob("*.html")
        for mark in ('<script src="http', '<link rel="stylesheet" href="http', '<img src="http')
        if mark in path.read_text(encoding="utf-8")
    ]
    assert fetched == []


def test_every_figure_is_in_the_gallery(site):
    """With its question, its picture where the reference study has one, and its caption."""
    page = (site / "gallery.html").read_text(encoding="utf-8")
    for name, figure in FIGURES.items():
        picture = f"repository/figures/reference/reasoning_gym_chain_sum/{name}.png"
        assert figure.title in page
        assert (f'src="{picture}"' in page) == (site / picture).is_file()
    assert page.count("<img") >= 10
