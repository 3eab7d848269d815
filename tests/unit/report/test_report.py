"""The page: self-contained, complete, and its sentences follow the numbers."""

import base64
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from made_up import Shape

from knapsack_rl.analysis.catalogue import FIGURE_NAMES, TABLE_NAMES
from knapsack_rl.analysis.drawing.looks import QUIET_COLOR
from knapsack_rl.base.errors import InputError
from knapsack_rl.records import sha256_of
from knapsack_rl.report import build_report
from knapsack_rl.report.page_parts import choices
from knapsack_rl.report.provenance import facts
from knapsack_rl.report.rule_graph import Coming, rule_graph
from knapsack_rl.report.rule_graph_svg import draw_rule_graph
from knapsack_rl.report.statements import findings, overview, sentence

ROW = {
    "metric": "accuracy/average",
    "step": 60,
    "num_seeds": 3,
    "arm_mean": 0.53,
    "baseline_mean": 0.5,
    "difference": 0.03,
    "ci_low": 0.01,
    "ci_high": 0.05,
    "verdict": "interval excludes zero",
}


@pytest.fixture(scope="module")
def page(finished, study_config, tmp_path_factory):
    """The report of the finished study."""
    output = tmp_path_factory.mktemp("report") / "report.html"
    build_report(study_config, results_folder=finished.results, output=output)
    return output.read_text(encoding="utf-8")


def test_every_figure_is_embedded(page, finished):
    """The page carries the drawing of the study, and says what it was made from."""
    for name in FIGURE_NAMES:
        drawn = json.loads((finished.views / f"{name}.json").read_text(encoding="utf-8"))
        assert all(view["svg"] in page for view in drawn["views"])
        assert drawn["made"]["code"][:12] in page
    sha = sha256_of(finished.analysis / "steps.parquet")
    assert page.count(f"analysis/steps.parquet (sha256 {sha[:12]})") == len(FIGURE_NAMES)


def test_marks_say_whose_they_are(finished):
    """Lines, bands, bars and legend entries of both arms are labelled, so that the page can hide them."""
    for name in ("zero_gradient", "compute_curves", "benchmarks"):
        whole = json.loads((finished.views / f"{name}.json").read_text(encoding="utf-8"))["views"][0]["svg"]
        owners = re.findall(r'data-arm="([^"]+)"', whole)
        # Differences from uniform are no marks of uniform.
        arms = {"knapsack"} if name == "benchmarks" else {"uniform", "knapsack"}
        assert set(owners) == arms
        assert min(owners.count(arm) for arm in arms) > 4


def test_rows_say_what_they_are_about(page):
    """The choice of model, budget and arm reaches tables."""
    assert '<tr data-model="small" data-budget="8" data-arm="knapsack"><td>' in page


def test_boxes_of_arms_are_coloured_as_figures_draw_them():
    """By the arms that have records: of eight, three are grey; of three, none, and the rest has no colour."""
    strategies = {f"more_{number}": {"strategy": "knapsack"} for number in range(6)}
    arms = ("uniform", "knapsack", *strategies)
    study = Shape(arms=arms, strategies=strategies).study()
    runs = pd.DataFrame({"arm": arms, "strategy": ["uniform", *["knapsack"] * 7]})
    assert [choice.color for choice in choices(study, runs)["arm"]].count(QUIET_COLOR) == 3
    some = {choice.value: choice.color for choice in choices(study, runs.iloc[[0, 1, 7]])["arm"]}
    assert {arm for arm, color in some.items() if color} == {"uniform", "knapsack", "more_5"}
    assert QUIET_COLOR not in some.values()


def test_rules_are_drawn_as_recorded(tmp_path):
    """Jobs are counted by their logs, names may be cut into pieces, and what did not lead to a target is left out."""
    metadata = tmp_path / "metadata"
    long = "results/x/" + "runs/" * 60 + "steps.parquet"
    records = {
        long: ("train", [], "a"),
        "results/x/evals.parquet": ("evaluate", [long], "b"),
        "results/x/evals2.parquet": ("evaluate", [long], "c"),
        "t.csv": ("table", ["results/x/evals.parquet", "results/x/evals2.parquet", long, "not/recorded"], "d"),
        "other.txt": ("other", ["t.csv"], "e"),
    }
    for output, (rule, inputs, log) in records.items():
        code = base64.urlsafe_b64encode(output.encode()).decode()
        pieces = [code[start : start + 254] for start in range(0, len(code), 254)]
        path = metadata.joinpath(*(f"@{piece}" for piece in pieces[:-1]), pieces[-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"rule": rule, "input": inputs, "log": [log], "starttime": 10, "endtime": 13}))
    (metadata / "not a record").write_text("{")
    graph = rule_graph(metadata, [Path("t.csv")])
    assert {name: (len(node.jobs), node.parents) for name, node in graph.items()} == {
        "train": (1, set()),
        "evaluate": (2, {"train"}),
        "table": (1, {"train", "evaluate"}),
    }
    page = Coming(rule="page", inputs=[Path("t.csv"), Path("not/recorded")], note="this page")
    whole = rule_graph(metadata, [Path("t.csv")], coming=[page])
    assert list(whole) == [*graph, "page"]
    assert whole["page"].parents == {"table"}
    assert "this page" in draw_rule_graph(whole)
    assert rule_graph(metadata, [Path("no/record")], coming=[page]) == {}
    drawing = draw_rule_graph(graph)
    assert "2 jobs, 6 s" in drawing
    assert drawing.count("<path") == 3


def test_without_records_of_snakemake_the_page_says_so(page):
    """No graph is made up."""
    assert "Snakemake has no record" in page


def test_nothing_is_loaded_from_elsewhere(page):
    """No address, script, or style sheet outside the page."""
    text = re.sub(r"base64,[^\"]+", "", page)
    assert (
        re.findall(r"https?:|[\"']//[a-z]|<script |src=|<link (?!rel=\"icon\" href=\"data:)|@import|url\((?!#)", text)
        == []
    )
    assert "default-src 'none'" in text


def test_every_table_is_shown_in_full(page, finished):
    """As many body rows as the CSV files have."""
    num_rows = sum(len(pd.read_csv(finished.tables / f"{name}.csv")) for name in TABLE_NAMES)
    assert len(re.findall("<tr[^>]*><td>", page)) == num_rows


def test_the_answer_comes_first(page):
    """A reader meets question, answer and the paired differences, then curves, claims, tables, and what was studied."""
    names = ("answer", "figures", "claims", "findings", "tables", "samples", "study", "limits", "provenance")
    places = [page.index(f'id="{name}"') for name in names]
    assert places == sorted(places)
    first = page[places[0] : places[1]]
    assert "Does a model learn more" in first
    assert "knapsack against uniform at equal rollouts; small, N = 8 rollouts per prompt, 3 replicates:" in first
    assert len(re.findall("<li>(Effective|Final)", first)) == 3
    assert first.count("<svg") == 1
    assert "<h3>What did uneven budgets gain over uniform ones?" in first
    assert "R2" not in first


def test_contents_lead_to_sections(page):
    """Every entry of the contents has its section; a section that is not there has no entry."""
    anchors = re.findall(r'<a href="#(\w+)">', page.split("</nav>")[0])
    assert len(anchors) > 6
    assert "beside" not in anchors
    assert all(page.count(f'id="{anchor}"') == 1 for anchor in anchors)


def test_claims_are_told_in_words(page, finished):
    """As many lines as verdicts, the confirmatory ones unfolded; the code stands last."""
    claims = pd.read_csv(finished.tables / "claims.csv")
    part = page[page.index('id="claims"') : page.index('id="findings"')]
    assert len(re.findall('<li class="finding"', part)) == len(claims)
    assert len(re.findall("<details open>", part)) == 1
    assert "<strong>not decidable</strong>:\nknapsack raises the effective-gradient ratio by 20 to 40 %" in part
    assert re.search(r"Measured: [^<]+ R5a</span>", part)


def test_names_are_escaped(finished, study_config, tmp_path):
    """A name that looks like markup is text."""
    results = tmp_path / "results"
    shutil.copytree(finished.results, results)
    path = results / "tables" / "runs.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",small,", ",<b>small</b>,"), encoding="utf-8")
    output = tmp_path / "report.html"
    build_report(study_config, results_folder=results, output=output)
    text = output.read_text(encoding="utf-8")
    assert "&lt;b&gt;small" in text
    assert "<b>small" not in text


def test_missing_figure_is_one_line(finished, study_config, tmp_path):
    """The message names the file and the remedy."""
    results = tmp_path / "results"
    shutil.copytree(finished.tables, results / "tables")
    shutil.copytree(finished.results / "runs", results / "runs")
    with pytest.raises(InputError, match=r"forest\.json: cannot be read .*draw the figures first"):
        build_report(study_config, results_folder=results, output=tmp_path / "r.html")


def test_missing_table_is_one_line(study_config, tmp_path):
    """The message names the file and the remedy."""
    with pytest.raises(InputError, match=r"differences\.csv: cannot be read .*write it first with: knapsack-rl table"):
        build_report(study_config, results_folder=tmp_path, output=tmp_path / "r.html")


def test_a_committed_reference_is_set_beside(finished, study_config, tmp_path):
    """The page says what agrees with it; without one it has no such section."""
    from knapsack_rl.base.layout import StudyPaths
    from knapsack_rl.report.reference import export_reference

    results = tmp_path / "results" / study_config.name
    shutil.copytree(finished.results, results)
    build_report(study_config, results_folder=results, output=tmp_path / "without.html")
    assert "Beside the reference" not in (tmp_path / "without.html").read_text(encoding="utf-8")
    runs = sorted(path.name for path in (finished.results / "runs").iterdir())
    place = StudyPaths(results.parent / "reference" / study_config.name, tmp_path / "figures")
    export_reference(study_config, runs, paths=finished, reference=place)
    build_report(study_config, results_folder=results, output=tmp_path / "with.html")
    page = (tmp_path / "with.html").read_text(encoding="utf-8")
    assert "Beside the reference" in page
    assert re.search(r"All \d+ differences are the same numbers\.", page)


def test_sentence_says_higher():
    """A gain whose interval excludes zero."""
    assert sentence(ROW) == (
        "Final accuracy, average over benchmarks at step 60: 0.530 against 0.500, difference +0.030"
        " (95% interval +0.010 to +0.050 over 3 seeds): higher, and the interval excludes zero."
    )


def test_sentence_says_lower():
    """A loss is said as plainly as a gain."""
    row = ROW | {"difference": -0.03, "ci_low": -0.05, "ci_high": -0.01}
    assert sentence(row).endswith("lower, and the interval excludes zero.")


def test_sentence_does_not_claim_what_seeds_cannot_show():
    """Inside the interval, and below three seeds."""
    inside = sentence(ROW | {"ci_low": -0.01, "verdict": "difference not significant"})
    few = sentence(ROW | {"num_seeds": 1, "verdict": "fewer than 3 seeds"})
    assert inside.endswith("the difference is not significant at these seeds.")
    assert "1 seed; too few for an interval" in few
    assert not re.search("higher|lower", inside + few)


def test_single_benchmarks_are_left_to_the_table():
    """The text tells the average; the table has the rest."""
    cell = {"model": "small", "budget": 8, "arm": "knapsack", "baseline": "uniform"}
    table = pd.DataFrame([cell | ROW, cell | ROW | {"metric": "accuracy/ops2"}])
    (finding,) = findings(table)
    assert finding.title == "small, N = 8: knapsack against uniform"
    assert len(finding.sentences) == 1


def test_overview_counts_what_chance_would_give():
    """One clear interval of two, and 0.1 expected."""
    table = pd.DataFrame([ROW, ROW | {"verdict": "difference not significant"}])
    assert overview(table).startswith("1 of 2 intervals exclude zero; if no arm differed at all, about 0.1 would")


def test_overview_of_a_single_arm():
    """Nothing to compare is said, not shown as zero differences."""
    assert "no pair of arms" in overview(pd.DataFrame(columns=list(ROW)))


def test_provenance_names_every_commit():
    """Runs made with different code are not passed off as one."""
    manifests = [{"git_commit": "a" * 40, "git_dirty": False}, {"git_commit": "b" * 40, "git_dirty": True}]
    assert dict(facts(manifests))["Code"] == f"commit {'a' * 12}; commit {'b' * 12} with uncommitted changes"


def test_provenance_does_not_invent(finished):
    """What a manifest does not say is unknown."""
    manifest = json.loads(next(finished.results.glob("runs/*/manifest.json")).read_text(encoding="utf-8"))
    found = dict(facts([manifest]))
    assert found["Libraries"] == "numpy 2.4.6"
    assert found["Hardware"] == "unknown"


def test_reference_holds_tables_figures_and_a_manifest(finished, study_config, tmp_path):
    """What is committed of a run: small tables, pictures, and what made them."""
    from knapsack_rl.base.layout import StudyPaths
    from knapsack_rl.report.reference import export_reference

    reference = StudyPaths(tmp_path / "results", tmp_path / "figures")
    runs = [path.name for path in sorted((finished.results / "runs").iterdir())]
    export_reference(study_config, runs, paths=finished, reference=reference)
    manifest = json.loads((reference.results / "manifest.json").read_text())
    assert list(manifest["runs"]) == runs
    assert (reference.results / "differences.csv").read_text() == (finished.tables / "differences.csv").read_text()
    assert (reference.figures / "zero_gradient.png").stat().st_size > 1000


def test_reference_of_an_unfinished_study_is_refused(study_config, tmp_path):
    """The missing file and the remedy are named."""
    from knapsack_rl.base.layout import StudyPaths
    from knapsack_rl.report.reference import export_reference

    nothing = StudyPaths(tmp_path / "none", tmp_path / "none")
    with pytest.raises(InputError, match="finish the study first"):
        export_reference(study_config, ["small-uniform-n8-s0"], paths=nothing, reference=nothing)
