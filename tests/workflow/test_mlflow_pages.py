"""MLflow's interface on the results of the smoke study, in a real browser."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from mlflow import MlflowClient

from .browser import SCREENSHOTS, browser, open_page
from .conftest import environment

pytestmark = [pytest.mark.workflow, pytest.mark.torch, pytest.mark.slow, pytest.mark.xdist_group("study")]

WAIT_MS = 90_000


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def printed(finished, chromium):  # noqa: ARG001 - without a browser no server is started
    """The address that `knapsack-rl ui` prints, once the interface answers there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "knapsack_rl.cli.start", "ui", "--port", str(port)],
        cwd=finished.folder,
        env=environment() | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_WORKERS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    line = server.stdout.readline()
    deadline = time.monotonic() + 120
    while not _answers(f"http://127.0.0.1:{port}/health"):
        assert server.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)
    yield line.removeprefix("Open ").strip()
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(30)


def _answers(url):
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200  # noqa: S310 - our own server
    except OSError:
        return False


def test_the_printed_address_leads_to_the_runs_and_to_a_chart_of_both_arms(chromium, printed):
    """By following the address alone: a row per run, and a link to the comparison, with a line per arm."""
    page, _ = open_page(chromium, printed, width=1280)
    page.set_default_timeout(WAIT_MS)
    for run in ("nano-uniform-n4-s0", "nano-knapsack-n4-s0"):
        page.get_by_role("link", name=run).first.wait_for()
    _close_assistant(page)
    page.screenshot(path=SCREENSHOTS / "mlflow_runs.png")

    page = _follow(page, page.get_by_role("link", name="Compare uniform and knapsack"))
    page.locator(".js-plotly-plot .scatterlayer path").first.wait_for(state="attached")
    page.wait_for_timeout(1000)  # the charts fade in
    _close_assistant(page)
    page.screenshot(path=SCREENSHOTS / "mlflow_comparison.png")
    text = page.locator("body").inner_text()
    assert "allocation" in text
    assert "Unassigned" not in text
    assert page.locator(".js-plotly-plot").first.locator(".scatterlayer .trace").count() >= 2


def test_run_leads_to_its_comparison_with_uniform(finished, chromium, printed):
    """A run's description links to the same cell and seed under uniform allocation; data set and model are shown."""
    client = MlflowClient(f"sqlite:///{finished.folder}/results/mlflow/mlflow.db")
    study = client.get_experiment_by_name("smoke").experiment_id
    (run,) = client.search_runs([study], "tags.`knapsack_rl.run_id` = 'nano-knapsack-n4-s0'")
    page, _ = open_page(
        chromium, f"{printed.partition('#')[0]}#/experiments/{study}/runs/{run.info.run_id}", width=1280
    )
    page.set_default_timeout(WAIT_MS)
    link = page.get_by_role("link", name="Compare with nano-uniform-n4-s0")
    link.wait_for()
    page.get_by_text("smoke train").first.wait_for()
    _close_assistant(page)
    page.screenshot(path=SCREENSHOTS / "mlflow_run.png")
    page = _follow(page, link)
    page.get_by_text("Comparing 2 Runs").first.wait_for()


def _follow(page, link):
    """The page that a link of a description opens, which MLflow puts into a new tab."""
    with page.expect_popup() as opened:
        link.click()
    opened.value.set_default_timeout(WAIT_MS)
    opened.value.set_viewport_size({"width": 1280, "height": 900})
    return opened.value


def _close_assistant(page):
    """MLflow opens a chat beside the page on a first visit."""
    button = page.locator("button[aria-label=Close]")
    if button.count():
        button.last.click()
        page.wait_for_timeout(500)
