"""Models from GGUF files: a tiny quantised one against its dequantised weights, and all that can be missing."""

import json
import sys

import numpy as np
import pytest

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.packaged import locate
from knapsack_rl.prepare.dequantise import check_dequantised, dequantise_model

pytestmark = pytest.mark.torch

HIDDEN, HEADS, KV_HEADS, FFN, LAYERS = 64, 4, 2, 96, 2
TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *"0123456789+", "a", "b", "ab"]
CHAT = "{% for message in messages %}<|im_start|>{{ message['content'] }}<|im_end|>{% endfor %}"


def permuted(weights, heads):
    """Rows of queries and keys in the order of GGUF files, where the halves of a rotary pair alternate."""
    size = weights.shape[0] // heads
    return weights.reshape(heads, 2, size // 2, -1).swapaxes(1, 2).reshape(weights.shape)


def write_header(writer):
    """Sizes and tokenizer."""
    writer.add_block_count(LAYERS)
    writer.add_context_length(128)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3, 3, 3, *([1] * (len(TOKENS) - 3))])
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(CHAT)


def tensors():
    """Name in transformers, name in GGUF files, shape, and heads where rows are permuted."""
    yield "model.embed_tokens.weight", "token_embd.weight", (len(TOKENS), HIDDEN), 0
    yield "model.norm.weight", "output_norm.weight", (HIDDEN,), 0
    keys = HIDDEN // HEADS * KV_HEADS
    for layer in range(LAYERS):
        ours, theirs = f"model.layers.{layer}", f"blk.{layer}"
        yield f"{ours}.input_layernorm.weight", f"{theirs}.attn_norm.weight", (HIDDEN,), 0
        yield f"{ours}.self_attn.q_proj.weight", f"{theirs}.attn_q.weight", (HIDDEN, HIDDEN), HEADS
        yield f"{ours}.self_attn.k_proj.weight", f"{theirs}.attn_k.weight", (keys, HIDDEN), KV_HEADS
        yield f"{ours}.self_attn.v_proj.weight", f"{theirs}.attn_v.weight", (keys, HIDDEN), 0
        yield f"{ours}.self_attn.o_proj.weight", f"{theirs}.attn_output.weight", (HIDDEN, HIDDEN), 0
        yield f"{ours}.post_attention_layernorm.weight", f"{theirs}.ffn_norm.weight", (HIDDEN,), 0
        yield f"{ours}.mlp.gate_proj.weight", f"{theirs}.ffn_gate.weight", (FFN, HIDDEN), 0
        yield f"{ours}.mlp.up_proj.weight", f"{theirs}.ffn_up.weight", (FFN, HIDDEN), 0
        yield f"{ours}.mlp.down_proj.weight", f"{theirs}.ffn_down.weight", (HIDDEN, FFN), 0


def write_gguf(path):
    """A model in the llama architecture, matrices in Q8_0 and norms in float32; returns the weights as rounded."""
    gguf = pytest.importorskip("gguf", reason="extra `gguf` is not installed")
    pytest.importorskip("accelerate", reason="extra `gguf` is not installed")
    writer, kind = gguf.GGUFWriter(path, "llama"), gguf.GGMLQuantizationType.Q8_0
    write_header(writer)
    rng, rounded = np.random.default_rng(0), {}
    for name, stored_as, shape, heads in tensors():
        weights = rng.normal(0, 0.1, shape).astype(np.float32)
        if len(shape) == 1:
            writer.add_tensor(stored_as, weights)
        else:
            stored = permuted(weights, heads) if heads else weights
            writer.add_tensor(stored_as, gguf.quants.quantize(stored, kind), raw_dtype=kind)
            weights = gguf.quants.dequantize(gguf.quants.quantize(weights, kind), kind)
        rounded[name] = weights
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return rounded


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The GGUF file, its weights as rounded, and the folder that was made of it."""
    folder = tmp_path_factory.mktemp("gguf")
    rounded = write_gguf(folder / "tiny.gguf")
    dequantise_model(str(folder / "tiny.gguf"), folder=folder / "model")
    return folder / "tiny.gguf", rounded, folder / "model"


def test_weights_are_the_dequantised_ones(made):
    """Every one, in float32, with rows of queries and keys in the order of transformers."""
    from knapsack_rl.models import load_model

    _, rounded, folder = made
    model = load_model(folder)
    weights = {name: value.numpy() for name, value in model.state_dict().items() if name != "lm_head.weight"}
    assert set(rounded) == set(weights)
    for name, expected in rounded.items():
        assert np.float32 == weights[name].dtype
        np.testing.assert_array_equal(expected, weights[name], err_msg=name)
    np.testing.assert_array_equal(rounded["model.embed_tokens.weight"], model.state_dict()["lm_head.weight"].numpy())


def test_tokenizer_keeps_its_chat_template_and_end(made):
    """A chat study asks through it, and responses end where turns do."""
    from knapsack_rl.config import PromptConfig
    from knapsack_rl.models import load_tokenizer, prompt_encoder, stop_tokens

    folder = made[2]
    tokenizer = load_tokenizer(folder)
    encode = prompt_encoder(tokenizer, PromptConfig(chat=True))
    assert [1, 4, 13, 16, 2] == list(encode("1+ab"))
    assert (2,) == stop_tokens(tokenizer, folder, prompt=PromptConfig(chat=True))


def test_shape_is_known_once_it_is_there(made):
    """Memory is estimated from it."""
    from knapsack_rl.study.shape import shape_of_folder

    shape = shape_of_folder(made[2])
    assert (LAYERS, HIDDEN, HEADS, KV_HEADS, FFN) == (
        shape.num_layers,
        shape.hidden_size,
        shape.num_heads,
        shape.num_kv_heads,
        shape.intermediate_size,
    )
    assert shape.num_parameters == sum(weights.size for weights in made[1].values())


def test_receipt_names_the_file(made):
    """So that a run by hand does not take another model for it."""
    path, _, folder = made
    check_dequantised(folder, str(path))
    with pytest.raises(InputError, match=r"was not made from other\.gguf"):
        check_dequantised(folder, "other.gguf")


def test_nothing_but_the_model_is_left(made):
    """The folder appears whole; no scratch folder stays beside it."""
    folder = made[2]
    assert {"model", "tiny.gguf"} == {path.name for path in folder.parent.iterdir()}
    assert "quantization_config" not in json.loads((folder / "config.json").read_text(encoding="utf-8"))


def test_damaged_file_leaves_the_old_model(made, tmp_path):
    """Half a download is one line, and what stood there stands there still."""
    path, _, _ = made
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(path.read_bytes()[:2000])
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    with pytest.raises(InputError, match=r"models\.m\.gguf: damaged\.gguf cannot be read as GGUF \(") as error:
        dequantise_model(str(damaged), folder=tmp_path / "model", key="models.m.gguf")
    assert "\n" not in str(error.value)
    assert ["config.json"] == [path.name for path in (tmp_path / "model").iterdir()]
    assert {"damaged.gguf", "model"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no/such.gguf", "gguf: no file 'no/such.gguf'; give a path, or package:<package>/<file>"),
        ("package:no_such_package/m.gguf", "gguf: the package 'no_such_package' is not installed"),
        ("package:boxed_up/other.gguf", "gguf: the package 'boxed_up' has no file 'other.gguf'"),
        ("package:boxed_up", "is no name of a packaged file"),
        ("package:boxed_up/../secret.gguf", "is no name of a packaged file"),
        ("package:boxed.up/m.gguf", "is no name of a packaged file"),
        ("package:/etc/passwd", "is no name of a packaged file"),
    ],
)
@pytest.mark.usefixtures("package")
def test_missing_file_is_one_line(name, said):
    """It names the key and says what would do."""
    with pytest.raises(InputError) as error:
        locate(name, key="gguf")
    assert said in str(error.value)


def test_file_of_a_package_is_found_without_running_its_code(package):
    """The package's own imports may be missing."""
    assert package / "m.gguf" == locate("package:boxed_up/m.gguf", key="gguf")
    assert "boxed_up" not in sys.modules


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a model, whose code would fail."""
    folder = tmp_path / "boxed_up"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise AssertionError\n")
    (folder / "m.gguf").write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(tmp_path)
    return folder
