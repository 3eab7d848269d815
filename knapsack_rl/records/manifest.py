"""What a result was made with: code, packages, hardware. Nothing here names a user or a host."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from knapsack_rl.base.seeding import digest

SOURCES = (".py", ".j2", ".yaml", ".csv")
PACKAGES = ("knapsack-rl", "numpy", "scipy", "pyarrow", "torch", "transformers", "vllm", "snakemake", "mlflow")


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
    }


def code_digest(*rooms: str) -> str:
    """Digest of all source files of rooms, templates and tables included: ``code_digest("analysis", "grpo")``.

    A rule that has it among its params is run again when the code it runs has changed.
    """
    package = Path(__file__).parents[1]
    files = (path for room in rooms for path in sorted((package / room).rglob("*")) if path.suffix in SOURCES)
    return digest("".join(path.read_text(encoding="utf-8") for path in files))


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
