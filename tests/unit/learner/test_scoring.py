"""Packed rows, chunks of the vocabulary, library kernels and recomputation give the gradients of the plain update."""

from dataclasses import replace

import numpy as np
import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import LearnerConfig, TrainConfig
from knapsack_rl.learner.protocol import TrainingRow

pytestmark = pytest.mark.torch

WAYS = {
    "packed": {"packing": "packed"},
    "shared": {"packing": "shared"},
    "shared and chunked": {"packing": "shared", "max_logits": 60},
    "shared and checkpointed": {"packing": "shared", "gradient_checkpointing": True},
    "chunked": {"max_logits": 60},
    "packed and chunked": {"packing": "packed", "max_logits": 60},
    "checkpointed": {"gradient_checkpointing": True},
    "everything": {"packing": "packed", "max_logits": 60, "gradient_checkpointing": True},
}


def make_rows(count=12, *, seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        length = int(rng.integers(1, 9))
        rows.append(
            TrainingRow(
                prompt_tokens=tuple(rng.integers(1, 19, size=int(rng.integers(1, 6))).tolist()),
                response_tokens=tuple(rng.integers(1, 20, size=length).tolist()),
                old_logprobs=tuple((-3 + 0.1 * rng.standard_normal(length)).tolist()),
                advantage=float(rng.standard_normal()),
                weight=0.01,
            )
        )
    return rows


def make_groups():
    """Rows of three prompts, in an order that mixes them; one prompt begins with another."""
    prompts = [(5,), (5, 9, 2), (7, 3, 3, 1)]
    return [replace(row, prompt_tokens=prompts[index * 7 % 3]) for index, row in enumerate(make_rows(14, seed=3))]


def make_learner(folder, *, double=True, loss=None, **compute):
    import torch

    from knapsack_rl.learner.policy import PolicyLearner
    from knapsack_rl.models import load_model, load_tokenizer

    config = LearnerConfig(**compute)
    model = load_model(folder, dtype=torch.float64 if double else getattr(torch, config.weights_dtype))
    return PolicyLearner(
        model,
        load_tokenizer(folder),
        train=TrainConfig(
            steps=1, loss=loss or {}, optimizer={"learning_rate": 1e-2}, micro_batch_tokens=40, temperature=0.7
        ),
        compute=config,
    )


@pytest.fixture
def norms_in_double(monkeypatch):
    """The model's norms compute in float32 whatever the weights are: sums of gradients would be rounded there."""
    from transformers.models.qwen3.modeling_qwen3 import Qwen3RMSNorm

    def forward(self, hidden):
        return self.weight * hidden * (hidden.pow(2).mean(-1, keepdim=True) + self.variance_epsilon).rsqrt()

    monkeypatch.setattr(Qwen3RMSNorm, "forward", forward)


@pytest.mark.usefixtures("norms_in_double")
@pytest.mark.parametrize("loss", [{}, {"kl_coef": 0.1, "tis": True}, {"entropy_coef": 0.1}], ids=str)
@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_gradients_of_the_plain_update(tiny_model_folder, way, loss):
    """Padded and whole, or otherwise: the same gradients, loss and entropy."""
    plain, other = (make_learner(tiny_model_folder, loss=loss, **keys) for keys in ({}, WAYS[way]))
    rows = make_groups() if WAYS[way].get("packing") == "shared" else make_rows()
    expected, found = plain.gradients(rows), other.gradients(rows)
    assert any(value.abs().max() > 1e-4 for value in expected.values())
    # Norms compute in float32: where a prompt is shared, its gradients are rounded after their sum.
    tolerance = 1e-8 if WAYS[way].get("packing") == "shared" else 1e-9
    for name, value in expected.items():
        assert np.allclose(value.numpy(), found[name].numpy(), atol=tolerance, rtol=0), name
    before, after = plain.update([rows]), other.update([rows])
    assert after.loss == pytest.approx(before.loss, abs=1e-6)
    assert after.updated_entropy == pytest.approx(before.updated_entropy, abs=1e-6)
    assert after.mismatch_mean == pytest.approx(before.mismatch_mean, abs=1e-6)


def test_no_packed_row_sees_another(tiny_model_folder):
    """The log-probabilities of a row do not depend on what is packed with it."""
    rows = make_rows(5)
    together = make_learner(tiny_model_folder, packing="packed", max_logits=60)
    changed = [replace(rows[0], response_tokens=(1,) * len(rows[0].response_tokens)), *rows[1:]]
    first, second = together.logprobs(rows), together.logprobs(changed)
    assert first[1:] == second[1:]
    assert first[0] != second[0]


def test_a_shared_prompt_comes_once():
    """The model is run on each prompt once and on all of each response but its last token."""
    import torch

    from knapsack_rl.learner.packing import plan, row_length, share

    rows = make_groups()
    batch = share(rows, device=torch.device("cpu"))
    prompts = {row.prompt_tokens for row in rows}
    distinct = sum(map(len, prompts)) + sum(len(row.response_tokens) - 1 for row in rows)
    assert batch.sharing.at_U.shape == (distinct,)
    ids = batch.ids_BT[:, :-1].flatten()[batch.sharing.at_U]
    for index, row in enumerate(rows):
        inside = batch.sharing.of_BT[index, : row_length(row) - 1]
        assert tuple(ids[inside].tolist()) == (row.prompt_tokens + row.response_tokens)[:-1]
    planned = plan(rows, max_tokens=40, packing="shared")
    assert sorted(map(id, (row for batch in planned for row in batch))) == sorted(map(id, rows))
    assert all(len(batch) * max(map(row_length, batch)) <= 40 for batch in planned)


def test_attention_under_autocast_is_of_one_precision(tiny_model_folder):
    """Rotary positions widen query and key to float32; torch's variable-length kernel takes all three in bfloat16."""
    import torch

    from knapsack_rl.learner import attention

    seen = []
    original = attention.scaled_dot_product_attention

    def spy(query, key, value, **options):
        seen.append({query.dtype, key.dtype, value.dtype})
        return original(query, key, value, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "scaled_dot_product_attention", spy)
        make_learner(tiny_model_folder, double=False, packing="packed", dtype="bfloat16").logprobs(make_rows(2))
        assert seen
        assert {torch.bfloat16} == set().union(*seen)
        seen.clear()
        make_learner(tiny_model_folder, packing="packed").logprobs(make_rows(2))
        assert {torch.float64} == set().union(*seen)


def test_head_is_never_applied_to_more_than_the_limit(tiny_model_folder, monkeypatch):
    """With 60 logits at a time and 21 in the vocabulary, two tokens at most meet the head at once."""
    from knapsack_rl.learner import logprobs

    seen = []
    linear = logprobs.linear

    def spy(hidden, head):
        seen.append(hidden.shape[0] * head.shape[0])
        return linear(hidden, head)

    monkeypatch.setattr(logprobs, "linear", spy)
    make_learner(tiny_model_folder, packing="packed", max_logits=60).gradients(make_rows())
    assert max(seen) <= 60
    assert len(seen) > 20


@pytest.mark.parametrize("weights_dtype", ["float32", "bfloat16"])
def test_bfloat16_follows_float32(tiny_model_folder, weights_dtype):
    """Loss and gradient norm within one percent; with master weights the parameters stay float32."""
    import torch

    half = make_learner(tiny_model_folder, double=False, dtype="bfloat16", weights_dtype=weights_dtype)
    whole = make_learner(tiny_model_folder, double=False)
    first, second = half.update([make_rows()]), whole.update([make_rows()])
    assert first.loss == pytest.approx(second.loss, rel=0.02)
    assert first.grad_norm == pytest.approx(second.grad_norm, rel=0.02)
    assert {value.dtype for value in half.weights().values()} == {getattr(torch, weights_dtype)}


def test_bfloat16_policy_is_exported_in_bfloat16_with_its_card(tiny_model_folder, tmp_path):
    """Plain transformers loads it; the card is beside the weights."""
    import torch
    from transformers import AutoModelForCausalLM

    learner = make_learner(tiny_model_folder, double=False, dtype="bfloat16")
    learner.update([make_rows()])
    learner.export(tmp_path / "out", card="# facts\n")
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "out", dtype="auto")
    assert loaded.dtype == torch.bfloat16
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, learner.weights()[name].to(torch.bfloat16)), name
    assert (tmp_path / "out" / "README.md").read_text() == "# facts\n"


def test_a_missing_library_is_one_line(tiny_model_folder):
    """The option, what is missing, and what to do."""
    try:
        import torchao  # noqa: F401
    except ImportError:
        with pytest.raises(ConfigError, match=r"adamw_8bit, but torchao is not installed; `pip install .*train,large"):
            make_learner(tiny_model_folder, optimizer="adamw_8bit")
