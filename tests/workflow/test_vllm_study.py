"""The smoke study with vLLM as its sampler, end to end: trained, evaluated and tabulated by Snakemake."""

from importlib.util import find_spec

import pyarrow.parquet as pq
import pytest

from .conftest import new_workspace

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.torch,
    pytest.mark.slow,
    pytest.mark.xdist_group("vllm"),
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed: make test-vllm"),
]


def test_smoke_study_with_vllm(tmp_path):
    """Two runs of 12 steps; sampler and learner agree at every step, so new weights arrived at every step."""
    space = new_workspace(tmp_path / "work")

    def change(study):
        study["sampler"] = {"kind": "vllm", "cpu_cache_gib": 0.1}
        study["models"]["nano"]["build"]["num_heads"] = 1  # vLLM on a CPU wants heads of size 32

    space.edit(change)
    space.run("--cores", "1")
    results = space.folder / "results/smoke"
    assert (results / "report.html").is_file()
    for run in ("nano-uniform-n4-s0", "nano-knapsack-n4-s0"):
        steps = pq.read_table(results / "runs" / run / "steps.parquet").to_pylist()
        assert 12 == len(steps)
        compared = [step for step in steps if step["mismatch_max"] is not None]
        assert len(compared) >= 6
        assert max(step["mismatch_max"] for step in compared) < 1e-4
        assert {step["mismatch_capped_frac"] for step in compared} == {0.0}
        rewards = pq.read_table(results / "evals" / f"{run}.parquet")["reward"].to_pylist()
        assert sum(rewards) > 0
