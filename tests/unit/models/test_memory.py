"""Memory and devices are checked before anything is loaded; the message names a setting that would do."""

import json

import pytest

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.config import LearnerConfig, TrainConfig

pytestmark = pytest.mark.torch

QWEN_1_5B = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_size": 1536,
    "intermediate_size": 8960,
    "num_hidden_layers": 28,
    "num_attention_heads": 12,
    "num_key_value_heads": 2,
    "vocab_size": 151936,
    "tie_word_embeddings": True,
}


@pytest.fixture
def qwen(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(QWEN_1_5B))
    return tmp_path


def test_size_comes_from_the_configuration_alone(qwen):
    """No weights in the folder; Qwen2.5-1.5B has 1.54 billion parameters."""
    from knapsack_rl.models.memory import model_size

    assert model_size(qwen).num_parameters == pytest.approx(1.544e9, rel=0.01)


def test_too_little_memory_names_a_setting_that_fits(qwen, monkeypatch):
    """With 24 GiB: float32 does not fit, what is proposed does; with 200 GiB nothing is said."""
    import torch

    from knapsack_rl.models import check_memory, memory

    train, cpu = TrainConfig(steps=1), torch.device("cpu")
    monkeypatch.setattr(memory, "available_bytes", lambda _: 24 * memory.GIB)
    with pytest.raises(
        ConfigError, match=r"needs about .* GiB on cpu, 24.00 GiB are free; `learner: \{.*\}`.* would fit"
    ):
        check_memory(qwen, LearnerConfig(), train=train, device=cpu)
    proposed = [
        (learner, shorter)
        for _, learner, shorter in memory._remedies(LearnerConfig(), train)
        if memory.estimate_bytes(memory.model_size(qwen), learner, train=shorter) <= 24 * memory.GIB
    ]
    check_memory(qwen, proposed[0][0], train=proposed[0][1], device=cpu)
    monkeypatch.setattr(memory, "available_bytes", lambda _: 200 * memory.GIB)
    check_memory(qwen, LearnerConfig(), train=train, device=cpu)


def test_model_too_large_for_any_setting_is_said(qwen, monkeypatch):
    """With 1 GiB nothing helps."""
    import torch

    from knapsack_rl.models import check_memory, memory

    monkeypatch.setattr(memory, "available_bytes", lambda _: memory.GIB)
    with pytest.raises(ConfigError, match="no setting would fit; choose a smaller model"):
        check_memory(qwen, LearnerConfig(), train=TrainConfig(steps=1), device=torch.device("cpu"))


def test_unknown_architecture_is_one_line(tmp_path):
    """A configuration that transformers cannot make a language model of."""
    from knapsack_rl.models.memory import model_size

    (tmp_path / "config.json").write_text(json.dumps({"model_type": "no-such-model"}))
    with pytest.raises(InputError, match="no causal language model that transformers knows"):
        model_size(tmp_path)


def test_gpu_that_is_not_there_is_one_line():
    """Asked for and missing: the key, what torch sees, what to do."""
    import torch

    from knapsack_rl.models import pick_device

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(ConfigError, match=r"learner.device: cuda, but torch .* sees no GPU; use `device: auto`"):
        pick_device("cuda")
    assert pick_device("auto").type == "cpu"
