"""What the benchmarks share: random models of published shapes, clocks, peaks of memory and arithmetic, tables."""

import re
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, Qwen2Config, Qwen2ForCausalLM

from knapsack_rl.models import build_tokenizer, save_model
from knapsack_rl.study.estimate import HARDWARE
from knapsack_rl.tasks import build_task

SHAPES = {  # hidden, MLP, blocks, heads, key-value heads, vocabulary: Qwen2.5's published configurations
    "nano": (128, 384, 4, 4, 2, 2048),
    "qwen-0.5b": (896, 4864, 24, 14, 2, 151_936),
    "qwen-1.5b": (1536, 8960, 28, 12, 2, 151_936),
    "qwen-7b": (3584, 18944, 28, 28, 4, 152_064),
}
UNTIED = {"qwen-7b"}
GIB = 2**30


def random_model(name: str, *, dtype: torch.dtype, device: torch.device) -> PreTrainedModel:
    """A randomly initialised Qwen2 of a published shape; nothing is downloaded."""
    hidden, mlp, blocks, heads, kv_heads, vocabulary = SHAPES[name]
    config = Qwen2Config(
        hidden_size=hidden,
        intermediate_size=mlp,
        num_hidden_layers=blocks,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        vocab_size=vocabulary,
        tie_word_embeddings=name not in UNTIED,
        max_position_embeddings=4096,
        eos_token_id=vocabulary - 1,
    )
    torch.manual_seed(0)
    with torch.device(device):
        return Qwen2ForCausalLM(config).to(dtype).eval()


def save_random_model(folder: Path, name: str, *, dtype: torch.dtype, device: torch.device) -> Path:
    """Write such a model with a small tokenizer: sampling asks by token ids, its text is of no interest."""
    model = random_model(name, dtype=dtype, device=device)
    save_model(folder, model, tokenizer=build_tokenizer(build_task("arithmetic", {}, seed=0).vocabulary()))
    return folder


def seconds(work: Callable[[], Any]) -> float:
    """Wall-clock time of ``work``; on a GPU from an empty queue to an empty queue."""
    synchronize()
    start = time.perf_counter()
    work()
    synchronize()
    return time.perf_counter() - start


def synchronize() -> None:
    """Wait for the GPU, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def device_name(device: torch.device) -> str:
    """As the driver says it; `cpu` for the processor."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def peak_flops(name: str, *, given: float | None) -> float | None:
    """Dense bfloat16 operations per second of a device by name, from its maker's data sheet; None if not known.

    Args:
        name: e.g. `NVIDIA H200`.
        given: 10^12 operations per second, which take precedence.
    """
    words = set(re.findall(r"[a-z]+\d+[a-z]*", name.lower().replace("rtx ", "rtx")))
    known = next((card.peak_tflops for key, card in HARDWARE.items() if key.split("-")[0] in words), None)
    found = given or known
    return None if found is None else found * 1e12


def memory_cells(device: torch.device) -> tuple[str, str]:
    """Peaks so far in GiB: allocated on the GPU, resident set of this process."""
    gpu = f"{torch.cuda.max_memory_allocated(device) / GIB:.2f}" if device.type == "cuda" else "none"
    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, KiB on Linux
    return gpu, f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GIB:.2f}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown; the first row is the heading."""
    lines = [rows[0], tuple("---" for _ in rows[0]), *rows[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
