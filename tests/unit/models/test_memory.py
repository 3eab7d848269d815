"""Memory and devices are checked before anything is loaded; the message names a setting that would do."""

import json
import re

import pytest
import yaml

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.config import parse_study
from knapsack_rl.study import expand

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
    "max_position_embeddings": 32768,
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


def _run(**sections):
    """A resolved run of 64 prompts x 8 rollouts; keys of its sections as given."""
    tokenizer = {"hub": "Qwen/Qwen2.5-0.5B", "revision": "0" * 40}
    options = {"train": {"source": "gsm8k"}, "benchmarks": {"aime24": {}}, "max_prompt_tokens": 512}
    study = {
        "name": "s",
        "task": {"name": "math", "options": options | {"tokenizer": tokenizer}},
        "models": {"m": tokenizer},
        "arms": {"uniform": {"strategy": "uniform"}},
        "grid": {"models": ["m"], "arms": ["uniform"], "budgets": [8], "seeds": [0]},
        "train": {"steps": 1, "max_response_tokens": 1024},
    }
    for name, keys in sections.items():
        study[name] = study.get(name, {}) | keys
    (run,) = expand(parse_study(study, source="test")).values()
    return run


def _check(folder, run, gib, monkeypatch, *, gpu=False):
    """Check the run against a device of that much free memory."""
    import torch

    from knapsack_rl.models import check_memory, fit

    monkeypatch.setattr(fit, "available_bytes", lambda _: int(gib * fit.GIB))
    check_memory(folder, run, device=torch.device("cuda" if gpu else "cpu"))


def _proposed(error, run):
    """The run with the settings that an error message proposes."""
    from knapsack_rl.models.fit import with_changes

    text = re.search(r"are free; (.*) would fit", error)[1]
    changes = [yaml.safe_load(part) for part in re.findall(r"`([^`]*)`", text)]
    return with_changes(run, {name: keys for change in changes for name, keys in change.items()})


@pytest.mark.parametrize("gib", [16, 24, 48, 64])
@pytest.mark.parametrize("gpu", [False, True])
def test_too_little_memory_names_a_setting_that_fits(qwen, monkeypatch, gib, gpu):
    """Qwen2.5-1.5B in float32 does not fit; what the message proposes does, as it is written there."""
    run = _run()
    words = r"needs about( [\d.]+ GiB to (load,|update and|sample)){3} on (cpu|cuda), .* GiB are free; .* would fit"
    with pytest.raises(ConfigError, match=words) as told:
        _check(qwen, run, gib, monkeypatch, gpu=gpu)
    _check(qwen, _proposed(str(told.value), run), gib, monkeypatch, gpu=gpu)
    _check(qwen, run, 500, monkeypatch, gpu=gpu)


def test_model_too_large_for_any_setting_is_said(qwen, monkeypatch):
    """With 1 GiB nothing helps."""
    with pytest.raises(ConfigError, match="no setting would fit; choose a smaller model"):
        _check(qwen, _run(), 1, monkeypatch)


def test_cache_of_the_rollouts_counts_on_a_cpu(qwen):
    """512 rollouts of 1,536 tokens: 28 blocks x 2 x 2 heads x 128 x 4 bytes a token, and a vocabulary to draw from."""
    from knapsack_rl.models.memory import Place, estimate, model_size

    place, size = Place(on_gpu=False, memory=0), model_size(qwen)
    need = estimate(size, _run(), place=place)
    fewer = estimate(size, _run(sampler={"max_rows": 12}), place=place)
    assert size.cache_per_token == 28 * 2 * 2 * 128
    assert need.sample - fewer.sample == 500 * (1536 * size.cache_per_token * 4 + 24 * size.vocabulary)
    assert need.update == fewer.update


def test_fewer_rows_are_proposed_where_only_sampling_is_too_large(qwen, monkeypatch):
    """The learner's settings are left alone."""
    run = _run(learner={"gradient_checkpointing": True, "dtype": "bfloat16"}, train={"micro_batch_tokens": 2048})
    with pytest.raises(ConfigError, match=r"free; `sampler: \{max_rows: 256\}` would fit"):
        _check(qwen, run, 40, monkeypatch)


def test_vllm_takes_its_share_beside_a_learner_that_stays(qwen):
    """While it samples it holds its share of the card; while the learner updates it sleeps, unless told not to."""
    from knapsack_rl.models.memory import GIB, Place, estimate, model_size

    place, size = Place(on_gpu=True, memory=80 * GIB), model_size(qwen)
    asleep, awake = (
        estimate(size, _run(sampler={"kind": "vllm", "memory_fraction": 0.5, "sleep": sleep}), place=place)
        for sleep in (True, False)
    )
    assert asleep.sample == awake.sample == pytest.approx(40 * GIB + 3 * 4 * size.num_parameters, rel=1e-6)
    assert awake.update - asleep.update == pytest.approx(40 * GIB)


def test_a_smaller_share_for_vllm_is_proposed(qwen, monkeypatch):
    """Learner and engine do not fit together while sampling, though the update alone does."""
    learner = {"gradient_checkpointing": True, "dtype": "bfloat16"}
    run = _run(learner=learner, sampler={"kind": "vllm", "memory_fraction": 0.8}, train={"micro_batch_tokens": 4096})
    with pytest.raises(ConfigError, match=r"free; `sampler: \{memory_fraction: 0.35\}` would fit"):
        _check(qwen, run, 40, monkeypatch, gpu=True)


def test_what_is_kept_narrow_takes_less(qwen):
    """Per parameter: 16 bytes of master weights, gradients and moments, 12 with float32 moments, 6 with 8 bits."""
    from knapsack_rl.models.memory import Place, estimate, model_size

    place, size = Place(on_gpu=True, memory=0), model_size(qwen)
    narrow = {"dtype": "bfloat16", "weights_dtype": "bfloat16"}
    ways = [{"dtype": "bfloat16"}, narrow | {"moments_dtype": "float32"}, narrow, narrow | {"optimizer": "adamw_8bit"}]
    first, *others = (estimate(size, _run(learner=way), place=place).update for way in ways)
    saved = [round((first - other) / size.num_parameters) for other in others]
    assert saved == [6, 10, 12]  # 2 of each for the copy in bfloat16 that master weights need


@pytest.mark.parametrize("kl_coef", [0.0, 0.1])
def test_every_gpu_loads_the_whole_model_first(qwen, monkeypatch, kl_coef):
    """In what it is kept in, beside a second one for the KL penalty, before weights are sharded."""
    from knapsack_rl.models.memory import GIB, Place, estimate, model_size

    size, train = model_size(qwen), {"loss": {"kl_coef": kl_coef}, "micro_batch_tokens": 1024}
    run = _run(learner={"gpus": 8, "gradient_checkpointing": True}, train=train, sampler={"kind": "vllm"})
    need = estimate(size, run, place=Place(on_gpu=True, memory=0))
    copies = 2 if kl_coef else 1
    assert need.load == 4 * size.num_parameters * copies
    if kl_coef:
        assert need.peak == need.load
        with pytest.raises(ConfigError, match=f"{need.load / GIB:.2f} GiB to load"):
            _check(qwen, run, need.load / GIB - 0.1, monkeypatch, gpu=True)


def test_shards_are_gathered_block_by_block(qwen):
    """Of eight ranks each has, beside its shards, the embeddings and two of 28 blocks whole, with their gradients."""
    from knapsack_rl.models.memory import ModelSize, Place, estimate, model_size
    from knapsack_rl.study.shape import shape_of_folder

    place, size = Place(on_gpu=True, memory=0), model_size(qwen)
    assert ModelSize.of_shape(shape_of_folder(qwen)) == size
    gathered = size.num_parameters - 26 * size.block_parameters
    assert gathered == pytest.approx(151936 * 1536 + 2 * 46.8e6, rel=0.01)
    sixteen, eight = (estimate(size, _run(learner={"gpus": n}), place=place).update for n in (16, 8))
    shard = 16 * size.num_parameters / 16
    alone = estimate(size, _run(), place=place).update - 16 * size.num_parameters
    assert eight - sixteen == pytest.approx(shard, rel=1e-6)
    assert sixteen - shard - alone == pytest.approx(2 * 4 * gathered, rel=1e-6)


def test_moments_that_must_be_left_out_are_written_as_null(qwen, monkeypatch):
    """8 bits beside a moments_dtype would be refused; what is proposed is a valid configuration."""
    narrow = {"dtype": "bfloat16", "weights_dtype": "bfloat16", "moments_dtype": "float32"}
    run = _run(learner=narrow | {"gradient_checkpointing": True}, train={"micro_batch_tokens": 1024})
    with pytest.raises(ConfigError, match="moments_dtype: null, optimizer: adamw_8bit") as told:
        _check(qwen, run, 16, monkeypatch, gpu=True)
    proposed = _proposed(str(told.value), run)
    assert type(run).model_validate(proposed.model_dump()) == proposed


@pytest.mark.parametrize(("tensor_parallel", "gib", "shared"), [(1, 7, 1), (2, 7, 2), (1, 4, 2)])
def test_more_gpus_are_proposed_beside_vllm(qwen, monkeypatch, tensor_parallel, gib, shared):
    """A number that its engines divide; where one copy of the model is too much for a GPU, two share it."""
    narrow = {"dtype": "bfloat16", "weights_dtype": "bfloat16", "optimizer": "adamw_8bit"}
    vllm = {"kind": "vllm", "memory_fraction": 0.15, "tensor_parallel": tensor_parallel}
    run = _run(learner=narrow | {"gradient_checkpointing": True}, sampler=vllm, train={"micro_batch_tokens": 1024})
    with pytest.raises(ConfigError, match=r"gpus: \d.* would fit") as told:
        _check(qwen, run, gib, monkeypatch, gpu=True)
    proposed = _proposed(str(told.value), run)
    assert type(run).model_validate(proposed.model_dump()) == proposed
    assert proposed.sampler.ranks_per_engine == shared


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
