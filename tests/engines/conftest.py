"""Tests with a real vLLM engine on the CPU (`make test-vllm`); skipped where it is not installed."""

from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """One engine per process: all of them run in the same worker, and none where vLLM is absent."""
    absent = pytest.mark.skip(reason="vLLM is not installed: make test-vllm")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("vllm"))
            item.add_marker(pytest.mark.torch)
            if find_spec("vllm") is None:
                item.add_marker(absent)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A randomly initialised Qwen3 with tied embeddings and heads of size 32, the smallest that vLLM knows on a CPU."""
    from knapsack_rl.config import BuildConfig
    from knapsack_rl.models import build_model, build_tokenizer, save_model
    from knapsack_rl.tasks import build_task

    path = tmp_path_factory.mktemp("vllm") / "model"
    tokenizer = build_tokenizer(build_task("arithmetic", {}, seed=0).vocabulary())
    model = build_model(BuildConfig(hidden_size=64, num_layers=2, num_heads=2, seed=3), tokenizer)
    save_model(path, model, tokenizer=tokenizer)
    return path
