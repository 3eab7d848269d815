"""Tests with the real TRL on a CPU (`make test-trl`); skipped where it is not installed (`small.py`)."""

import pytest


@pytest.fixture
def small(tiny_model_folder, tmp_path, monkeypatch):
    """Makes trainers of a small model below a temporary folder."""
    from .small import Small

    monkeypatch.chdir(tmp_path)
    return Small(tiny_model_folder, tmp_path)
