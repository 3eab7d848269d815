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
