"""What a result was made with: code, packages, hardware. Nothing here names a user or a host.

Numbers are the same to the byte on the same kind of processor only: another instruction set or another BLAS rounds
otherwise, and a base model trained there is another one. So both are written down.
"""

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from knapsack_rl.base.seeding import digest

SOURCES = (".py", ".j2", ".yaml", ".csv")
CPU_INFO = Path("/proc/cpuinfo")
PACKAGES = ("knapsack-rl", "numpy", "scipy", "pyarrow", "torch", "transformers", "trl", "vllm", "snakemake", "mlflow")


def environment_facts() -> dict[str, Any]:
    """Git commit (with a mark for uncommitted changes), package versions, processor and time (UTC)."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": _git("rev-parse", "HEAD"),
        "git_dirty": None if (status := _git("status", "--porcelain")) is None else bool(status),
        "packages": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "num_cpus": os.cpu_count(),
        "cpu_model": cpu_model(),
        **torch_facts(),
    }


def code_digest(*packages: str) -> str:
    """Digest of all source files of packages, templates and tables included: ``code_digest("analysis", "grpo")``.

    A rule that has it among its params is run again when the code it runs has changed.
    """
    package = Path(__file__).parents[1]
    files = (path for name in packages for path in sorted((package / name).rglob("*")) if path.suffix in SOURCES)
    return digest("".join(path.read_text(encoding="utf-8") for path in files))


def cpu_model(cpu_info: Path = CPU_INFO) -> str | None:
    """Name, family and model of the processor as the system gives them; None where it does not say."""
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or None
    pairs = [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in lines)]
    said = dict(reversed(pairs))  # of the first processor
    name = said.get("model name") or said.get("Model") or platform.processor()
    # Virtual machines often shorten the name to the maker's; the numbers still tell generations apart.
    numbers = ", ".join(f"{key.split()[-1]} {said[key]}" for key in ("cpu family", "model") if said.get(key))
    return " ".join(part for part in (name, f"({numbers})" if numbers else "") if part) or None


def torch_facts() -> dict[str, str | None]:
    """Instruction set that torch computes with, and its BLAS; None where torch is not loaded, as in the analysis."""
    torch = sys.modules.get("torch")
    if torch is None:
        return {"cpu_capability": None, "blas": None}
    found = _BLAS.search(torch.__config__.show())
    return {"cpu_capability": torch.backends.cpu.get_cpu_capability(), "blas": found[1] if found else None}


_BLAS = re.compile(r"BLAS_INFO=(\w+)")


def _version(package: str) -> str | None:
    for name in (package, f"{package}-cpu"):  # vLLM's build for CPUs has a name of its own
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
