"""Which engine the configuration gives."""

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.types import SamplingOptions
from knapsack_rl.config import PromptConfig, SamplerConfig
from knapsack_rl.sampler import build_sampler

pytestmark = pytest.mark.torch


def _build(folder, **keys):
    return build_sampler(
        folder,
        config=SamplerConfig(**keys),
        prompt=PromptConfig(),
        options=SamplingOptions(temperature=1.0, max_response_tokens=4),
    )


def test_transformers_on_a_cpu(tiny_model_folder):
    assert "HFSampler" == type(_build(tiny_model_folder, device="cpu")).__name__


def test_a_gpu_that_is_not_there_is_one_line(tiny_model_folder):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    for kind in ("transformers", "vllm"):
        with pytest.raises(ConfigError, match=r"sampler\.device: 'cuda'.*use `auto` or `cpu`"):
            _build(tiny_model_folder, kind=kind, device="cuda")
