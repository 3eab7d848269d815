"""Several ranks (gloo, on the CPU) do what one process does."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from knapsack_rl.base.errors import StateError, TrainingError
from knapsack_rl.base.ranks import ONE_RANK
from knapsack_rl.train import train

from .conftest import Bench
from .ranks_program import _narrow_learner, _row, measure, narrow, sparse
from .test_loop import _tables

pytestmark = [pytest.mark.torch, pytest.mark.slow]
PROGRAM = Path(__file__).parent / "ranks_program.py"


def _launch(what, model_folder, out, *, ranks):
    from knapsack_rl.train.launch import launch

    out.mkdir()
    launch((str(PROGRAM), what, str(model_folder), str(out)), processes=ranks, job="test")


@pytest.fixture(scope="module")
def alone(tiny_model_folder, tmp_path_factory):
    """What one process finds."""
    out = tmp_path_factory.mktemp("alone")
    measure(tiny_model_folder, out)
    return out


@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_agree_with_one_process(alone, tiny_model_folder, tmp_path, monkeypatch, ranks):
    """Counts and successes identical, gradients to 1e-9, log-probabilities to 1e-5, state readable by one process.

    The job's seven threads are divided among the ranks.
    """
    from safetensors.torch import load_file

    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    _launch("measure", tiny_model_folder, tmp_path / "out", ranks=ranks)
    assert os.environ["OMP_NUM_THREADS"] == "7"
    mine, theirs = (json.loads((folder / "facts.json").read_text()) for folder in (alone, tmp_path / "out"))
    assert theirs["threads"] == [str(7 // ranks)] * ranks
    assert theirs["groups"] == mine["groups"]
    assert np.allclose(theirs["numbers"], mine["numbers"], rtol=0, atol=1e-9)
    expected, found = (load_file(folder / "gradients.safetensors") for folder in (alone, tmp_path / "out"))
    assert expected.keys() == found.keys()
    assert max(value.abs().max() for value in expected.values()) > 1e-4
    for name, value in expected.items():
        assert np.abs(value.numpy() - found[name].numpy()).max() < 1e-9, name
    assert theirs["tokens"] == mine["tokens"]
    for key in ("logprobs", "scored"):
        assert np.allclose(_flat(theirs[key]), _flat(mine[key]), rtol=0, atol=1e-5), key
    saved, other = (load_file(folder / "learner.safetensors") for folder in (alone, tmp_path / "out"))
    assert saved.keys() == other.keys()
    for name, value in saved.items():
        assert np.abs(value.numpy() - other[name].numpy()).max() < 1e-9, name


def _flat(nested):
    return [value for part in nested for value in (_flat(part) if isinstance(part, list) else [part])]


@pytest.fixture(scope="module")
def sparse_alone(tiny_model_folder, tmp_path_factory):
    """What one process makes of mini-batches of few rows."""
    out = tmp_path_factory.mktemp("sparse")
    sparse(tiny_model_folder, out)
    return out


@pytest.mark.parametrize("ranks", [2, 3])
def test_rank_with_nothing_but_fillers_changes_nothing(sparse_alone, tiny_model_folder, tmp_path, ranks):
    """With importance correction: facts, weights and moments are those of one process, to 1e-9 in float64.

    Mini-batches of one row leave ranks without any, and an empty one is stepped after the later ones were scored.
    """
    from safetensors.torch import load_file

    _launch("sparse", tiny_model_folder, tmp_path / "out", ranks=ranks)
    mine, theirs = (json.loads((folder / "stats.json").read_text()) for folder in (sparse_alone, tmp_path / "out"))
    assert 0 < mine[0]["mismatch_capped_frac"] < 1
    for expected, found in zip(mine, theirs, strict=True):
        assert found == pytest.approx(expected, abs=1e-9)
    saved, other = (load_file(folder / "learner.safetensors") for folder in (sparse_alone, tmp_path / "out"))
    assert saved.keys() == other.keys()
    for name, value in saved.items():
        assert np.abs(value.numpy() - other[name].numpy()).max() < 1e-9, name


def test_bfloat16_weights_with_float32_moments_on_two_ranks(tiny_model_folder, tmp_path):
    """Moments as one process has them, up to the rounding of gradients; the state is resumed by one process."""
    from safetensors.torch import load_file

    alone, out = tmp_path / "alone", tmp_path / "out"
    alone.mkdir()
    narrow(tiny_model_folder, alone)
    _launch("narrow", tiny_model_folder, out, ranks=2)
    mine, theirs = (load_file(folder / "learner.safetensors") for folder in (alone, out))
    assert {name: value.dtype for name, value in mine.items()} == {name: value.dtype for name, value in theirs.items()}
    whole, found = (_moments(tensors) for tensors in (mine, theirs))
    assert np.linalg.norm(found - whole) < 0.1 * np.linalg.norm(whole)
    resumed = _narrow_learner(tiny_model_folder, ONE_RANK)
    resumed.load_state(out)
    assert resumed.update([[_row(3)]]).grad_norm > 0


def _moments(tensors):
    return np.concatenate([value.numpy().ravel() for name, value in tensors.items() if name.startswith("exp_avg/")])


def test_number_lost_on_one_rank_stops_all_of_them(tiny_model_folder, tmp_path):
    """Every rank stops at the same place, so none waits for the others, and one line says why."""
    with pytest.raises(TrainingError, match=r"^the loss is not finite \(nan\)$"):
        _launch("diverge", tiny_model_folder, tmp_path / "out", ranks=2)
    assert not (tmp_path / "out" / "updated").exists()


def test_killed_rank_ends_the_job_and_another_number_of_ranks_goes_on(tmp_path):
    """One line names the rank and the signal; one process then resumes to the records of an uninterrupted run."""
    with pytest.raises(StateError, match=r"rank 1 was ended \(SIGKILL\) .* the same command continues from the last"):
        _launch("die", "-", tmp_path / "out", ranks=2)
    job = Bench(tmp_path / "out").job()
    assert not job.paths.folder.exists()
    assert sorted(path.name for path in job.paths.state.glob("step_*")) == ["step_00004"]
    train(job)
    whole = Bench(tmp_path / "whole").job()
    train(whole)
    assert _tables(job) == _tables(whole)
