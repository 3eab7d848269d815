"""Two ranks on the CPU (gloo), each with a vLLM engine inside and half of the learner: the real trainer, end to end."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from knapsack_rl.base.errors import StateError

from .vllm_ranks_program import STEPS, vllm_job

pytestmark = pytest.mark.slow
PROGRAM = Path(__file__).parent / "vllm_ranks_program.py"


def _launch(what, folder, out, *, tensor_parallel=1, ranks=2):
    from knapsack_rl.train.launch import launch

    out.mkdir(exist_ok=True)
    launch((str(PROGRAM), what, str(tensor_parallel), str(folder), str(out)), processes=ranks, job="vllm")


def _seen(out):
    return json.loads((out / "seen.json").read_text())


def _steps(folder, out):
    return pq.read_table(vllm_job(folder, out).paths.folder / "steps.parquet").to_pylist()


def _counts(folder, out):
    groups = pq.read_table(vllm_job(folder, out).paths.folder / "groups.parquet").to_pylist()
    return [(group["step"], group["prompt_id"], group["num_rollouts"], group["num_successes"]) for group in groups]


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory):
    """A run of four steps, and what each rank's engine said before and after it."""
    out = tmp_path_factory.mktemp("ranks") / "whole"
    _launch("train", folder, out)
    return out


def test_rollouts_are_dealt_to_both_engines(whole, folder):
    """Together they generate every rollout of the run once, each a good part of them."""
    shares = [rank["num_generated"] for rank in _seen(whole)]
    assert sum(shares) == sum(count for _, _, count, _ in _counts(folder, whole)) == 4 * 8 * STEPS
    assert min(shares) > 4 * STEPS


def test_every_rank_follows_the_update(whole, folder):
    """Log-probabilities of each engine are those of transformers, with the first weights and then with the last."""
    from knapsack_rl.models import load_model

    first = load_model(folder)
    last = load_model(vllm_job(folder, whole).paths.weights(STEPS))
    seen = _seen(whole)
    assert 2 == len(seen)
    for rank in seen:
        assert _largest_error(first, rank["before"]) < 1e-4
        assert _largest_error(last, rank["after"]) < 1e-4
        assert _largest_error(first, rank["after"]) > 0.05


def _largest_error(model, rollouts):
    """Against one plain forward pass at the trainer's temperature, 1."""
    import torch

    errors = []
    for rollout in rollouts:
        with torch.no_grad():
            logits = model(torch.tensor([rollout["prompt"] + rollout["tokens"]])).logits[0]
        rows = logits.log_softmax(-1)[len(rollout["prompt"]) - 1 : -1]
        expected = rows.gather(-1, torch.tensor(rollout["tokens"]).unsqueeze(-1)).squeeze(-1)
        errors.append((expected - torch.tensor(rollout["logprobs"])).abs().max().item())
    return max(errors)


def test_sampler_and_learner_agree_at_every_step(whole, folder):
    """The largest mismatch over all ranks' rollouts: a stale engine on either would show from the second step on."""
    steps = _steps(folder, whole)
    assert [step["step"] for step in steps] == list(range(1, STEPS + 1))
    assert max(step["mismatch_max"] for step in steps) < 1e-4
    assert min(step["grad_norm"] for step in steps) > 0


def test_killed_rank_ends_the_job_and_the_run_goes_on(whole, folder, tmp_path):
    """One line names the rank; started again, the run ends with the records of an uninterrupted one."""
    out = tmp_path / "out"
    with pytest.raises(StateError, match=r"rank 1 was ended \(SIGKILL\) .* the same command continues from the last"):
        _launch("die", folder, out)
    assert not vllm_job(folder, out).paths.folder.exists()
    _launch("train", folder, out)
    assert _counts(folder, out) == _counts(folder, whole)
    assert [step["mismatch_max"] < 1e-4 for step in _steps(folder, out)] == [True] * STEPS
    # Only the steps after the save were sampled again: the engines began with the saved weights, not the first ones.
    assert sum(rank["num_generated"] for rank in _seen(out)) < 4 * 8 * STEPS
    losses = [[step["loss"] for step in _steps(folder, where)] for where in (out, whole)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


@pytest.mark.parametrize("ranks", [2, 1])
def test_tensor_parallel(whole, folder, tmp_path, ranks):
    """Half of every layer in each of two processes: ranks that share an engine, or workers that vLLM starts itself.

    Every rank generates all rollouts, and the weights follow.
    """
    out = tmp_path / "out"
    _launch("train", folder, out, tensor_parallel=2, ranks=ranks)
    seen = _seen(out)
    assert [4 * 8 * STEPS] * ranks == [rank["num_generated"] for rank in seen]
    assert _counts(folder, out) == _counts(folder, whole)
    assert max(step["mismatch_max"] for step in _steps(folder, out)) < 1e-4
    assert seen[0]["after"] == seen[-1]["after"]
    assert [r["tokens"] for r in seen[0]["before"]] == [r["tokens"] for r in _seen(whole)[0]["before"]]
