"""Two sets of replicates: the same, alike, far apart; and what the report says of them."""

import json

import numpy as np
import pandas as pd
import pytest

from knapsack_rl.analysis.inference.stats import mean_interval
from knapsack_rl.analysis.products.beside_reference import (
    AGREE,
    DIFFER,
    SAME,
    UNKNOWN,
    beside_reference,
    changed_verdicts,
)


def _table(*values_of_cells, metric="accuracy/average"):
    rows = []
    for budget, values in enumerate(values_of_cells, start=1):
        found = mean_interval(values)
        rows.append(
            {"model": "m", "budget": budget, "arm": "a", "baseline": "u", "metric": metric, "num_seeds": found.num}
            | {"difference": found.mean, "ci_low": found.low, "ci_high": found.high}
        )
    return pd.DataFrame(rows)


def test_each_pair_has_its_verdict():
    """The same numbers; as near as chance has it; ten standard errors apart; two seeds, which have no interval."""
    yours = _table([0.01, 0.02, 0.03], [0.0, 0.1, 0.2], [0.50, 0.51, 0.52], [0.1, 0.2])
    reference = _table([0.01, 0.02, 0.03], [0.05, 0.1, 0.3], [0.10, 0.11, 0.12], [0.1, 0.3])
    table = beside_reference(yours, reference)
    assert list(table["verdict"]) == [SAME, AGREE, DIFFER, UNKNOWN]
    assert table["distance"].iloc[2] == pytest.approx(0.4)


def test_the_interval_of_the_distance_covers():
    """Welch's interval, out of the printed ends alone, holds the true distance in about 95 of 100 pairs."""
    rng = np.random.default_rng(0)
    cells = 2000
    yours, theirs = (_table(*rng.normal(mean, 1.0, (cells, 6))) for mean in (0.3, 0.0))
    table = beside_reference(yours, theirs)
    covered = ((table["distance_low"] <= 0.3) & (table["distance_high"] >= 0.3)).mean()
    assert covered == pytest.approx(0.95, abs=0.02)


def test_metrics_and_cells_of_one_side_alone_are_left_out():
    """Single benchmarks are not compared, nor a budget that the reference has not."""
    yours = pd.concat([_table([1, 2, 3], [1, 2, 3]), _table([1, 2, 3], metric="accuracy/b")])
    assert len(beside_reference(yours, _table([1, 2, 3]))) == 1


def test_changed_verdicts_are_named():
    """By claim and N; a claim of one side only does not count."""
    yours = pd.DataFrame({"claim": ["R1", "R2"], "budget": [8, np.nan], "role": "x", "verdict": ["supported"] * 2})
    reference = yours.assign(verdict=["supported", "contradicted"])
    (row,) = changed_verdicts(yours, reference).to_dict("records")
    assert (row["claim"], row["yours"], row["reference"]) == ("R2", "supported", "contradicted")
    assert changed_verdicts(yours, yours).empty


def test_further_references_are_found_by_name(tmp_path):
    """`arithmetic-other` is one of arithmetic; `arithmetic_two` is another study's."""
    from knapsack_rl.report.beside import references_of

    for name in ("arithmetic", "arithmetic-other", "arithmetic_two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "differences.csv").write_text("")
    assert [path.name for path in references_of("arithmetic", tmp_path)] == ["arithmetic", "arithmetic-other"]


def test_another_configuration_is_said(tmp_path):
    """The committed one differs from the study's: then so may the numbers, for no other reason."""
    from knapsack_rl.base.layout import StudyPaths
    from knapsack_rl.config import parse_study
    from knapsack_rl.report.beside import set_beside

    data = {
        "name": "s",
        "task": {"name": "arithmetic"},
        "models": {"m": {"build": {"hidden_size": 16, "num_layers": 1}}},
        "arms": {"u": {"strategy": "uniform"}},
        "grid": {"models": ["m"], "arms": ["u"], "budgets": [8], "seeds": [0]},
        "train": {"steps": 2},
    }
    study = parse_study(data, source="test")
    paths = StudyPaths.of("s", tmp_path)
    reference = tmp_path / "results" / "reference" / "s"
    claims = pd.DataFrame({"claim": ["R1"], "budget": [8], "role": "x", "verdict": "supported"})
    for folder in (paths.tables, reference):
        folder.mkdir(parents=True)
        _table([0.1, 0.2, 0.3]).to_csv(folder / "differences.csv", index=False)
        claims.to_csv(folder / "claims.csv", index=False)
    manifest = {"study": study.model_dump(mode="json"), "cpu_model": "C", "cpu_capability": "AVX2", "git_commit": "abc"}
    del manifest["study"]["train"]["sampled_prompts"]  # as one that was written before there was such a key
    said = []
    for steps in (2, 3):
        manifest["study"]["train"]["steps"] = steps
        (reference / "manifest.json").write_text(json.dumps(manifest))
        (found,) = set_beside(study, paths, references=[reference])
        said.append(found.sentences)
    same = ("All 1 differences are the same numbers.", "All 1 verdicts on claims are the same.")
    assert said[0] == ("Made on: C, AVX2, commit abc.", *same)
    assert "configuration is not the one" in said[1][1]
