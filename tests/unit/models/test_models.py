"""Models on disk, in the transformers layout."""

import pytest

from knapsack_rl.base.errors import InputError

pytestmark = pytest.mark.torch


def test_tokenizer_round_trips_every_character(tiny_model_folder):
    """One token per character, the end mark ends a sequence, and a reloaded tokenizer agrees."""
    from knapsack_rl.models import load_tokenizer

    tokenizer = load_tokenizer(tiny_model_folder)
    ids = tokenizer("3+4*5m2d7n1-0=,")["input_ids"]
    assert len(ids) == 15
    assert tokenizer.decode(ids) == "3+4*5m2d7n1-0=,"
    assert tokenizer("#")["input_ids"] == [tokenizer.eos_token_id]


def test_tokenizer_has_a_token_for_unknown_characters_where_the_task_lists_one():
    """One token for each of them; line breaks are characters like others. Without one they are an error."""
    from knapsack_rl.models import build_tokenizer
    from knapsack_rl.tasks.arithmetic import VOCABULARY as DIGITS
    from knapsack_rl.tasks.procedural.answers import END, UNKNOWN, VOCABULARY

    tokenizer = build_tokenizer(VOCABULARY)
    ids = tokenizer(f"a\n\nA ~é中{END}")["input_ids"]
    assert tokenizer.decode(ids) == f"a\n\nA ~{UNKNOWN}{UNKNOWN}{END}"
    assert ids[-1] == tokenizer.eos_token_id
    with pytest.raises(Exception, match="WordLevel error"):
        build_tokenizer(DIGITS)("a")


def test_initial_weights_depend_on_the_seed_alone(tiny_model_folder):
    """Building again gives the same weights and leaves torch's global generator alone."""
    import torch

    from knapsack_rl.config import BuildConfig
    from knapsack_rl.models import build_model, load_model, load_tokenizer

    before = torch.random.get_rng_state()
    config = BuildConfig(hidden_size=32, num_layers=2, num_heads=2, seed=3)
    again = build_model(config, load_tokenizer(tiny_model_folder)).state_dict()
    assert torch.equal(before, torch.random.get_rng_state())
    saved = load_model(tiny_model_folder).state_dict()
    assert all(torch.equal(again[name], saved[name]) for name in saved)


def test_missing_model_is_named(tmp_path):
    """A folder without a model is one line."""
    from knapsack_rl.models import load_model

    with pytest.raises(InputError, match="no model there"):
        load_model(tmp_path)


def test_weights_of_another_model_are_named(tiny_model_folder, tmp_path):
    """A missing tensor is not replaced by random numbers."""
    import shutil

    from safetensors.torch import load_file, save_file

    from knapsack_rl.models import load_model

    folder = shutil.copytree(tiny_model_folder, tmp_path / "other")
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("model.layers.0.self_attn.q_proj.weight")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"missing keys in the weights \(model.layers.0.self_attn.q_proj.weight\)"):
        load_model(folder)


def test_truncated_weights_are_named(tiny_model_folder, tmp_path):
    """A weights file cut off in the middle is one line with a remedy."""
    import shutil

    from knapsack_rl.models import load_model

    folder = shutil.copytree(tiny_model_folder, tmp_path / "cut")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(InputError, match="weights cannot be loaded") as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)
