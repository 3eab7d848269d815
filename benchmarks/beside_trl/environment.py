"""An environment with TRL in it, made once and kept in a folder that git ignores."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRL = "trl==1.16.0"
PACKAGES = (
    TRL,
    "torch==2.13.0",
    "filelock",
    "numpy",
    "packaging",
    "psutil",
    "pyarrow",
    "pydantic",
    "pyyaml",
    "safetensors",
    "scipy",
    "tokenizers",
    "tqdm",
    "transformers",
)
"""What both trainers import. Versions come from requirements.lock, so that both run on the same torch."""


def ensure_environment(folder: Path) -> Path:
    """Make the environment unless it is there; returns its Python.

    Raises:
        subprocess.CalledProcessError: an installation failed; what is there is not taken for whole.
    """
    python, stamp = folder / "bin" / "python", folder / "installed"
    wanted = "\n".join((*PACKAGES, (ROOT / "requirements.lock").read_text(encoding="utf-8")))
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"Installing {TRL} into {folder} (once, about a minute)", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", str(ROOT / "requirements.lock"), *PACKAGES], check=True)
    stamp.write_text(wanted, encoding="utf-8")
    return python
