"""What a disk refuses, as one line that names the folder: full, over quota, read-only, not permitted, broken."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from knapsack_rl.base.errors import KnapsackError, OutputError

_FREE = "free space on its disk or choose another folder"
_PERMIT = "choose a folder that can be written, or change its permissions"
REMEDIES = {
    errno.ENOSPC: _FREE,
    errno.EDQUOT: _FREE,
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EROFS: _PERMIT,
    errno.EACCES: _PERMIT,
    errno.EPERM: _PERMIT,
    errno.EIO: "its disk is damaged or gone; choose another folder",
    errno.ESTALE: "its file server has lost it; mount it again",
    errno.ENAMETOOLONG: "shorten the name",
    errno.EISDIR: "a folder is in the way; move it away",
    errno.ENOTDIR: "a file is in the way; move it away",
}
"""Failures that are no bug of ours, with what can be done."""

# Libraries that write themselves (safetensors in Rust, pyarrow, SQLite) say it in words alone.
_WORDS = re.compile(
    "|".join(re.escape(os.strerror(code)) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO))
)
_SQLITE_FULL = "database or disk is full"


def disk_failure(error: BaseException, place: Path) -> OutputError | None:
    """The line for the user, None if ``error`` is of another kind.

    Args:
        error: what was raised.
        place: where was being written, for an error that names no file.
    """
    code = _code(error)
    if code is None or isinstance(error, KnapsackError):
        return None
    named = getattr(error, "filename", None)
    place = Path(os.fsdecode(named)) if isinstance(named, str | bytes | os.PathLike) else place
    return OutputError(f"{place}: {os.strerror(code)}; {REMEDIES[code]}, then give the same command again")


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Say of a disk's refusal within the block that it concerns ``folder``, unless the error names a file itself.

    Raises:
        OutputError: in place of an error of this kind; others pass.
    """
    try:
        yield
    except Exception as error:
        failure = disk_failure(error, folder.absolute())
        if failure is None:
            raise
        raise failure from error


def _code(error: BaseException) -> int | None:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno if error.errno in REMEDIES else None
    found = _WORDS.search(str(error))
    if found:
        return next(code for code in REMEDIES if os.strerror(code) == found[0])
    return errno.ENOSPC if _SQLITE_FULL in str(error) else None
