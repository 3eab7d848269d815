"""The address of the MLflow store: which can be used, where its file lies, how it is written without secrets."""

import os
import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from knapsack_rl.base.errors import InputError

VARIABLE = "MLFLOW_TRACKING_URI"


def tracking_uri(results_root: Path) -> str:
    """Address of the store: ``MLFLOW_TRACKING_URI`` if set, else an SQLite file below ``results_root``.

    Args:
        results_root: the folder ``results``, which all studies share.

    Raises:
        InputError: the address is of a kind that keeps no runs; see ``check_uri``.
    """
    if uri := os.environ.get(VARIABLE, "").strip():
        check_uri(uri)
        return uri
    return sqlite_uri((results_root / "mlflow" / "mlflow.db").resolve())


def sqlite_uri(database: Path) -> str:
    """Address of an SQLite file, as an SQLite URI where the path has a ``?``, which would start the options."""
    if "?" in str(database):
        return f"sqlite:///file:{quote(str(database))}?uri=true"
    return f"sqlite:///{database}"


def is_local(uri: str) -> bool:
    """Whether the store is a file of this machine, whose artifacts then lie beside it."""
    return re.match(r"sqlite(\+\w+)?:", uri, re.IGNORECASE) is not None


def database_of(uri: str) -> Path | None:
    """The file of an SQLite address without its options, ``None`` for a store in memory."""
    database, _, options = uri.partition(":")[2].removeprefix("///").partition("?")
    if database.startswith("file:"):
        database = unquote(urlsplit(database).path)
    in_memory = not database.strip("/") or database == ":memory:" or re.search(r"(^|&)mode=memory(&|$)", options)
    return None if in_memory else Path(database)


def check_uri(uri: str) -> None:
    """Refuse an address under which no run would be kept.

    Raises:
        InputError: a store in memory, or a folder of files, which MLflow no longer writes.
    """
    shown = without_credentials(uri)
    remedy = "use sqlite:///<file>, http(s)://<server>, or leave it unset for results/mlflow/mlflow.db"
    if is_local(uri):
        if database_of(uri) is None:
            raise InputError(f"{VARIABLE}={shown}: a store in memory is lost when the process ends; {remedy}")
    elif re.fullmatch(r"https?:/*", uri, re.IGNORECASE):
        raise InputError(f"{VARIABLE}={shown}: names no server; {remedy}")
    elif uri.lower().startswith("file:") or ("://" not in uri and not uri.startswith("databricks")):
        raise InputError(f"{VARIABLE}={shown}: MLflow's store of plain files is not supported; {remedy}")


def without_credentials(text: str) -> str:
    """The text without what may be a secret in its addresses: users, passwords, and all that follows a ``?`` or ``#``.

    SQLite's own options stay, since no secret can be among them.
    """
    return re.sub(r"\S+", lambda word: _masked(word[0]), text)


def _masked(word: str) -> str:
    if "sqlite" in word.lower():
        return re.sub(r"([?&](?!(?:timeout|uri|mode|cache)=))[^&\s]*", r"\1***", word)
    return re.sub(r"[?#].+", "?***", re.sub(r"//.*@", "//", word))
