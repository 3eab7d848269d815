"""Files appear whole or not at all; a link is written through, and what is no file is left alone."""

import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from knapsack_rl.base.disk import writing_to
from knapsack_rl.base.errors import InputError, OutputError


def ensure_writable(folder: Path) -> Path:
    """Create ``folder`` and prove that files can be written in it; returns it.

    Raises:
        OutputError: it cannot be created or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # without a name where the system can, so that a kill leaves nothing
            pass
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{folder}: cannot be written ({reason}); choose a writable folder") from None
    return folder


def check_writable(folder: Path) -> None:
    """Raise unless ``folder`` exists and can be written, or could be created; nothing is created.

    Raises:
        OutputError: a file is in the way, or the nearest existing folder cannot be written.
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise OutputError(f"{nearest}: is a file, but results are written into a folder of that name; move it away")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(f"{folder}: cannot be written (no permission for {nearest}); choose a writable folder")


def destination(path: Path) -> Path:
    """The file that a write to ``path`` replaces or creates: where it leads to, if it is a link.

    Raises:
        OutputError: a folder, FIFO, device or socket, which renaming a file over it would destroy.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):  # the folder is checked next
        mode = stat.S_IFREG
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); give the name of a file") from None
    if stat.S_ISDIR(mode):
        raise OutputError(f"{path}: is a folder; give the name of a file")
    if not stat.S_ISREG(mode):
        kind = "a FIFO" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
        raise OutputError(f"{path}: is {kind}; give the name of a regular file")
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def destination_folder(path: Path) -> Path:
    """The folder that a write to ``path`` replaces or creates, with all above it: where it leads to, if it is a link.

    Raises:
        OutputError: it is something else, or the folder above cannot be written.
    """
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path}: is no folder; give the name of a folder")
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    ensure_writable(target.parent)
    return target


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary file to write in place of ``path``, which takes its place when the block ends well, on disk.

    Raises:
        OutputError: what ``path`` names is no file, or its folder cannot be written.
    """
    target = destination(path)
    ensure_writable(target.parent)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with writing_to(target.parent):
            yield temporary
            with temporary.open("rb") as stream:
                os.fsync(stream.fileno())
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` through a temporary file and an atomic rename.

    Raises:
        OutputError: the folder cannot be written, or ``path`` names what is no file.
    """
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_json(path: Path, data: Any, *, sort_keys: bool = True) -> None:  # noqa: ANN401 - whatever json.dumps takes
    """Write ``data`` as indented JSON, atomically; keys sorted unless their order matters."""
    write_text(path, json.dumps(data, indent=2, sort_keys=sort_keys, allow_nan=False) + "\n")


def swap_in(new: Path, folder: Path) -> None:
    """Put the finished folder ``new`` in the place of ``folder``; a kill leaves the old one or the new one whole."""
    old = folder.with_name(f".{folder.name}.old")
    _remove(old)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def model_files(folder: Path, *, with_prompting: bool = True) -> list[Path]:
    """Files that make a model what it is, in name order: configuration, weights and tokenizer.

    ``with_prompting`` adds those that say how it is asked and when it stops: chat template, generation and tokenizer
    settings. A model that the study builds has none that matter.
    """
    names = {"config.json", "tokenizer.json"}
    if with_prompting:
        names |= {"chat_template.jinja", "generation_config.json", "tokenizer_config.json"}
    return sorted(path for path in folder.iterdir() if path.name in names or path.suffix == ".safetensors")


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
