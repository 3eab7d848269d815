"""What is said when vLLM cannot be used, and what the engine is told; needs no vLLM."""

import json
from importlib.metadata import version

import pytest
from packaging.version import Version

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.config import SamplerConfig
from knapsack_rl.sampler.vllm_setup import check_torch, check_version, engine_settings, startup_error


@pytest.mark.parametrize("version", ["0.24.0", "0.28.0.post1", "0.32.0", "0.32.5+cpu"])
def test_supported_versions(version):
    check_version(Version(version))


@pytest.mark.parametrize("version", ["0.23.9", "0.33.0", "1.0.0"])
def test_other_versions_are_refused(version):
    """The message names the version found, the range, and the way out."""
    with pytest.raises(ConfigError, match=rf"{version}.*0\.24 to 0\.32.*sampler: transformers"):
        check_version(Version(version))


def test_missing_vllm_is_one_line():
    with pytest.raises(ConfigError, match=r"not installed.*docs/vllm\.md"):
        check_version(None)


@pytest.mark.parametrize(("pin", "fits"), [("2.11.0+cpu", False), ("{torch}", True), ("{torch}+cpu", True)])
def test_torch_that_vllm_was_not_built_for_is_one_line(tmp_path, monkeypatch, pin, fits):
    """By the metadata of the installed package; a local label such as +cpu does not matter."""
    torch = Version(version("torch")).public
    folder = tmp_path / "vllm-0.24.0.dist-info"
    folder.mkdir()
    pins = f"Requires-Dist: torch==1.0; sys_platform == 'none'\nRequires-Dist: torch=={pin.format(torch=torch)}\n"
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: 0.24.0\n{pins}")
    monkeypatch.syspath_prepend(str(tmp_path))
    if fits:
        check_torch()
        return
    with pytest.raises(ConfigError, match=rf"vLLM 0\.24\.0 is built for torch 2\.11\.0, {torch}.* is installed"):
        check_torch()


@pytest.mark.parametrize(
    ("reason", "kind", "remedy"),
    [
        ("Model architectures ['Foo'] are not supported for now.", InputError, "use `sampler: transformers`"),
        ("Free memory on device (1/80 GiB) is less than desired\n utilization", ConfigError, "memory_fraction"),
        ("No available memory for the cache blocks.", ConfigError, "memory_fraction"),
        ("Unsupported CPU attention configuration: head_dim=16", InputError, "head size"),
        ("something else", ConfigError, "something else"),
    ],
)
def test_startup_errors_are_one_line_with_a_remedy(tmp_path, reason, kind, remedy):
    error = startup_error(tmp_path, RuntimeError(reason))
    assert isinstance(error, kind)
    assert remedy in str(error)
    assert "\n" not in str(error)


def _settings(folder, *, on_gpu=True, sleeps=False, **keys):
    (folder / "config.json").write_text(json.dumps({"max_position_embeddings": 4096}))
    return engine_settings(folder, SamplerConfig(kind="vllm", **keys), on_gpu=on_gpu, sleeps=sleeps)


def test_a_longer_model_length_overrides_the_config(tmp_path):
    """Qwen2.5-Math declares 4096; a shorter or equal limit needs no override."""
    assert _settings(tmp_path, max_model_len=6144)["hf_overrides"] == {"max_position_embeddings": 6144}
    assert "hf_overrides" not in _settings(tmp_path, max_model_len=4096)
    assert "max_model_len" not in _settings(tmp_path)


def test_memory_precision_and_parallelism_come_from_the_configuration(tmp_path):
    given = _settings(tmp_path, memory_fraction=0.3, tensor_parallel=4, sleeps=True)
    assert (given["gpu_memory_utilization"], given["tensor_parallel_size"]) == (0.3, 4)
    assert given["enable_sleep_mode"]
    assert given["dtype"] == "bfloat16"
    assert _settings(tmp_path, on_gpu=False)["dtype"] == "float32"
    assert _settings(tmp_path, dtype="float16")["dtype"] == "float16"


def test_several_ranks_keep_their_process_group(tmp_path):
    """Each has its engine inside; one alone lets vLLM start what it needs."""
    (tmp_path / "config.json").write_text("{}")
    for num_ranks, backend in ((1, None), (2, "external_launcher")):
        given = engine_settings(tmp_path, SamplerConfig(kind="vllm"), on_gpu=False, sleeps=False, num_ranks=num_ranks)
        assert backend == given.get("distributed_executor_backend")


def test_missing_model_is_named(tmp_path):
    with pytest.raises(InputError, match=r"config\.json"):
        engine_settings(tmp_path, SamplerConfig(kind="vllm", max_model_len=9), on_gpu=True, sleeps=False)
