"""Rows of a set from a local file or the hub, by the `datasets` library (imported on use)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from knapsack_rl.base.errors import InputError
from knapsack_rl.tasks.problems.sources import Source

FORMATS = {".jsonl": "json", ".json": "json", ".parquet": "parquet"}
HUB_PAGE = "https://huggingface.co/datasets"


def file_rows(path: Path, *, name: str) -> Iterator[Mapping[str, Any]]:
    """Rows of a jsonl, json or parquet file; nothing is copied to a cache.

    Raises:
        InputError: missing, of another kind, empty or unreadable.
    """
    if path.suffix not in FORMATS:
        raise InputError(f"{path}: a set of problems is a .jsonl, .json or .parquet file")
    if not path.is_file():
        raise InputError(f"{path}: no such file (set {name}); fetch it, or leave `file` out to read the hub")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: is empty (set {name}); give a file with at least one problem")
    from datasets import load_dataset
    from datasets.exceptions import DatasetGenerationError

    try:
        yield from load_dataset(FORMATS[path.suffix], data_files=str(path), split="train", streaming=True)
    except (DatasetGenerationError, ValueError, OSError, StopIteration, RecursionError) as error:
        raise InputError(f"{path}: is not a readable {path.suffix} file ({_first_line(error)})") from None


def hub_rows(source: Source, *, name: str) -> Iterator[Mapping[str, Any]]:
    """Rows of a set on the hub at its pinned revision; read from the hub's cache where it has been read before.

    Raises:
        InputError: not to be had: gated, no such id, revision or configuration, or no network.
    """
    from datasets import load_dataset
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()  # it warns of every retry; what counts is the last error, told below
    for config in source.configs:
        try:
            yield from load_dataset(source.hub, config, split=source.split, revision=source.revision)
        except (OSError, ValueError) as error:  # what datasets and huggingface_hub raise derives from these
            raise InputError(f"set {name}: {explain(error, source)}") from None


def explain(error: Exception, source: Source) -> str:
    """Why a set cannot be had and what to do, in one line."""
    where, reason = f"{source.hub} at revision {source.revision[:12]}", _first_line(error)
    kinds = {kind.__name__ for one in _chain(error) for kind in type(one).__mro__}
    if "GatedRepoError" in kinds or "gated" in reason:
        return (
            f"{source.hub} is gated: accept its terms on {HUB_PAGE}/{source.hub}, then `hf auth login` or set HF_TOKEN"
            f" ({reason})"
        )
    if "RevisionNotFoundError" in kinds:
        return f"{source.hub} has no revision {source.revision}; give `revision`, a commit of {HUB_PAGE}/{source.hub}"
    if kinds & {"RepositoryNotFoundError", "DatasetNotFoundError"} and "offline" not in reason.lower():
        return f"{source.hub} is not on the hub or not public ({reason}); check `hub`, or give `file`"
    if kinds & {"ConnectionError", "OfflineModeIsEnabled", "LocalEntryNotFoundError", "HTTPError", "TransportError"}:
        return f"{where} is not in the cache and the hub cannot be reached ({reason}); connect" + (
            " with the token of an account that accepted its terms" if source.gated else ", or give `file`"
        )
    return f"{where} cannot be read ({reason}); check `hub`, `config`, `split` and `revision`, or give `file`"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
