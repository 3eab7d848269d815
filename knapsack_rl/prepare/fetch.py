"""Models and tokenizers from the hub at a pinned revision. Only safetensors, configuration and tokenizer files."""

import json
from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import logging
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from knapsack_rl.base.disk import writing_to
from knapsack_rl.base.errors import InputError
from knapsack_rl.records import ensure_writable, sha256_of, write_json

TOKENIZER_FILES = ("config.json", "tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "*.jinja")
MODEL_FILES = (*TOKENIZER_FILES, "generation_config.json", "*.safetensors", "*.safetensors.index.json", "LICENSE*")
RECEIPT = "fetched.json"
ATTEMPTS = 4
PASSING = (ConnectionError, TimeoutError, HfHubHTTPError)
"""Errors worth another attempt, unless they are one of ``FINAL``."""
FINAL = (GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError, LocalEntryNotFoundError)

logging.set_verbosity_error()  # it warns of every retry of its own; what counts is the last error


def fetch_model(hub: str, revision: str, *, folder: Path) -> None:
    """Download a model into ``folder`` and write ``fetched.json`` (id, revision, sha256 of every file) last.

    A download that was broken off continues where it stopped; files that are there are checked, not loaded again.

    Raises:
        InputError: no such id or revision, terms not accepted, no network, or no safetensors weights.
        OutputError: the folder cannot be written.
    """
    ensure_writable(folder)
    with writing_to(folder):
        _download(hub, revision, allow_patterns=list(MODEL_FILES), local_dir=folder)
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != RECEIPT)
    for ending in ("config.json", ".safetensors"):
        if not any(path.name.endswith(ending) for path in files):
            raise InputError(
                f"{hub}: has no {ending} file at revision {revision[:12]}; choose one with safetensors weights"
            )
    hashes = {path.name: sha256_of(path) for path in files}
    write_json(folder / RECEIPT, {"hub": hub, "revision": revision, "sha256": hashes})


def fetch_tokenizer(hub: str, revision: str) -> Path:
    """Folder in the hub's cache with the tokenizer of a model.

    Raises:
        InputError: it cannot be had.
    """
    return Path(_download(hub, revision, allow_patterns=list(TOKENIZER_FILES)))


def check_fetched(folder: Path, hub: str, *, revision: str) -> None:
    """Raise unless ``folder`` holds that model, whole.

    Raises:
        InputError: it holds another, or a download that was broken off.
    """
    try:
        receipt = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        receipt = {}
    if (receipt.get("hub"), receipt.get("revision")) != (hub, revision):
        raise InputError(
            f"{folder}: does not hold {hub} at {revision[:12]}, or not whole; fetch it again (base_models)"
        )


def _download(hub: str, revision: str, **options: Any) -> str:  # noqa: ANN401 - of snapshot_download
    """Download with retries, turning every failure into one line."""
    retrying = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=2, max=30),
        retry=retry_if_exception(lambda error: isinstance(error, PASSING) and not isinstance(error, FINAL)),
        reraise=True,
    )
    try:
        return str(retrying(snapshot_download, hub, revision=revision, **options))
    except (OSError, ValueError) as error:  # what huggingface_hub raises derives from these
        raise InputError(f"{hub}: {_explain(error, revision)}") from None


def _explain(error: Exception, revision: str) -> str:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
    if isinstance(error, GatedRepoError):
        return f"is gated: accept its terms on the hub, then `hf auth login` or set HF_TOKEN ({reason})"
    if isinstance(error, RevisionNotFoundError):
        return f"has no revision {revision}; give `revision`, a commit of the model on the hub"
    if isinstance(error, RepositoryNotFoundError):
        return f"is not on the hub or not public; check the id, or `hf auth login` ({reason})"
    return (
        f"cannot be fetched at revision {revision[:12]}, the hub is out of reach and it is not in the cache ({reason});"
        " connect, or copy the folder here and give it as `path`"
    )
