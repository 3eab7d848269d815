"""Shared fixtures: one real, tiny, randomly initialised model for all torch tests."""

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory):
    """A saved, randomly initialised Qwen3 of the arithmetic vocabulary (9 k parameters)."""
    import torch

    from knapsack_rl.config import BuildConfig
    from knapsack_rl.models import build_model, build_tokenizer, save_model
    from knapsack_rl.tasks import build_task

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("model") / "tiny"
    tokenizer = build_tokenizer(build_task("arithmetic", {}, seed=0).vocabulary())
    model = build_model(BuildConfig(hidden_size=32, num_layers=2, num_heads=2, seed=3), tokenizer)
    save_model(folder, model, tokenizer=tokenizer)
    return folder
