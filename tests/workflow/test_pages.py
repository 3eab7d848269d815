"""The report as a reader opens it: a real browser, the results of the smoke study."""

import json
import shutil
import zipfile

import pytest
import yaml

from knapsack_rl.analysis.catalogue import FIGURE_NAMES, TABLE_NAMES
from knapsack_rl.analysis.drawing.style import SMALLEST
from knapsack_rl.config import parse_study
from knapsack_rl.report import build_report

from .browser import SCREENSHOTS, browser, open_page

pytestmark = [pytest.mark.workflow, pytest.mark.torch, pytest.mark.slow, pytest.mark.xdist_group("study")]

ALL_METRICS = "#findings details:has(table) > summary"
"""Unfolds the table of all differences."""
RULES = ("prepare_data", "base_model", "mlflow_store", "train", "analyse", "table", "figure")
"""Of the smoke study, which needs nothing from outside, up to what the page shows."""

SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll("body *")]
    .filter((e) => e.offsetParent && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .map((e) => parseFloat(getComputedStyle(e).fontSize)))"""


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        yield started


@pytest.fixture
def report(finished):
    return (finished.folder / "results/smoke/report.html").as_uri()


@pytest.mark.parametrize("width", [1280, 400])
def test_report_opens_cleanly(chromium, report, width):
    """No complaint, every figure drawn, nothing wider than the window, text of 12 pixels or more."""
    page, complaints = open_page(chromium, report, width=width)
    page.screenshot(path=SCREENSHOTS / f"report_{width}.png")
    drawn = page.locator("figure .view:visible svg")
    assert drawn.count() == len(FIGURE_NAMES)
    assert all(drawn.nth(place).bounding_box()["height"] > 100 for place in range(drawn.count()))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(SMALLEST_TEXT) >= 12
    drawn_rules = page.locator("svg.rules text:not(.soft)").all_text_contents()
    assert sorted(drawn_rules) == sorted({*RULES, "report", "mlflow_sync"})
    assert complaints == []


def test_labels_of_figures_are_legible(chromium, report):
    """The smallest letters drawn in a figure are 5 pixels high, without ascender or descender, at 1280 pixels."""
    page, _ = open_page(chromium, report, width=1280)
    figures = page.locator("figure .view:visible svg")
    for place in range(figures.count()):
        scale = figures.nth(place).evaluate("svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width")
        assert SMALLEST * 0.55 * scale >= 5  # an x of DejaVu Sans has 0.55 of the height of its letters


def test_choosing_an_arm_reaches_figures_and_tables(chromium, report):
    """Without knapsack its marks and rows are gone, and come back."""
    page, complaints = open_page(chromium, report, width=1280)
    marks = page.locator("figure svg [data-arm=knapsack]:visible")
    page.locator(ALL_METRICS).click()
    rows = page.locator("#findings tbody tr[data-arm=knapsack]:visible")
    before = marks.count(), rows.count()
    page.locator("#choice summary").click()
    box = page.locator("#choice input[value=knapsack]")
    box.uncheck()
    assert (marks.count(), rows.count()) == (0, 0)
    assert page.locator("figure svg [data-arm=uniform]:visible").count() > 0
    assert page.locator("#chosen").inner_text() == "all models; all budgets; uniform"
    box.check()
    assert (marks.count(), rows.count()) == before
    assert min(before) > 0
    assert complaints == []


def test_choosing_a_budget_shows_the_drawing_of_its_cell(chromium, finished, tmp_path):
    """A study of two cells shows the drawing of both together, of one where one is chosen, and of none."""
    study = yaml.safe_load((finished.folder / "config/config.yaml").read_text())
    study["grid"]["budgets"] = [4, 8]
    results = tmp_path / "results"
    for folder in ("tables", "views", "runs"):
        shutil.copytree(finished.folder / "results/smoke" / folder, results / folder)
    for path in (results / "views").iterdir():
        drawn = json.loads(path.read_text())
        cells = [drawn["views"][0] | {"model": "nano", "budget": budget} for budget in (4, 8)]
        path.write_text(json.dumps(drawn | {"views": [*drawn["views"], *cells]}))
    build_report(parse_study(study, source="test"), results_folder=results, output=tmp_path / "report.html")
    page, complaints = open_page(chromium, (tmp_path / "report.html").as_uri(), width=1280)
    views = page.locator("figure").first.locator(".view:visible")
    page.locator("#choice summary").click()
    assert [view.get_attribute("data-budget") for view in views.all()] == [None]
    page.locator("#choice input[value='8']").uncheck()
    assert [view.get_attribute("data-budget") for view in views.all()] == ["4"]
    page.locator("#choice input[value='4']").uncheck()
    assert views.count() == 0
    assert complaints == []


def test_tables_sort_by_number_and_back(chromium, report):
    """Problem counts ascend and then descend, as numbers and not as text."""
    page, complaints = open_page(chromium, report, width=1280)
    page.locator(ALL_METRICS).click()
    table = page.locator("#findings table").first
    heading = table.locator("th", has_text="arm mean")
    place = heading.evaluate("th => th.cellIndex")
    cells = table.locator(f"tbody td:nth-child({place + 1})")
    for order in ("ascending", "descending"):
        heading.locator("button").click()
        values = [float(text) for text in cells.all_inner_texts() if text != "n/a"]
        assert values == sorted(values, reverse=order == "descending")
        assert heading.get_attribute("aria-sort") == order
    assert complaints == []


def test_snakemakes_own_report_opens(chromium, finished, tmp_path):
    """`snakemake --report` still works: every table and figure with its caption, and a page without complaints."""
    finished.run("--report", str(tmp_path / "report.zip"))
    with zipfile.ZipFile(tmp_path / "report.zip") as packed:
        packed.extractall(tmp_path)
    (index,) = tmp_path.rglob("report.html")
    names = {path.name for path in index.parent.rglob("*") if path.is_file()}
    assert {f"{name}.png" for name in FIGURE_NAMES} | {f"{name}.csv" for name in TABLE_NAMES} <= names
    page, complaints = open_page(chromium, index.as_uri(), width=1280)
    page.get_by_text("Figures").first.wait_for()
    page.screenshot(path=SCREENSHOTS / "snakemake_report.png")
    assert complaints == []
    shutil.rmtree(index.parent)
