"""Options that several commands share, and how a study or a run is found."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.json_text import parse_json

if TYPE_CHECKING:
    from knapsack_rl.config import RunConfig, StudyConfig

StudyOption = Annotated[
    str,
    typer.Option("--study", help="Study file (YAML or .json), or the same content as JSON text.", show_default=True),
]
ConfigOption = Annotated[str | None, typer.Option("--config", help="Resolved run config, JSON text or file.")]
RunOption = Annotated[str | None, typer.Option("--run", help="Run id, with --study.")]
DEFAULT_STUDY = "config/config.yaml"


def read_study(text: str) -> "StudyConfig":
    """The study in a YAML file, in a ``.json`` file, or in JSON text that starts with ``{``."""
    from knapsack_rl.config import load_study, parse_study

    if text.lstrip().startswith("{"):
        return parse_study(read_json(text, "--study"), source="--study")
    path = Path(text)
    if path.suffix == ".json":  # of a study of thousands of runs, which a reader of YAML takes minutes for
        return parse_study(read_json(_read_file(path, "an existing study file"), text), source=text)
    return load_study(path)


def study_source(text: str) -> str:
    """How messages name the study given by ``--study``."""
    return "--study" if text.lstrip().startswith("{") else text


def read_run(config: str | None, *, study: str, run_id: str | None) -> "RunConfig":
    """The run given by ``--config`` (JSON text or file), or by ``--study`` and ``--run``.

    Raises:
        InputError: neither, or a run that the study does not have.
    """
    from knapsack_rl.config import parse_run
    from knapsack_rl.study import expand, expand_one

    if config is not None:
        text = config if config.lstrip().startswith("{") else _read_file(Path(config), "a resolved run config")
        return parse_run(text, source="--config")
    whole = read_study(study)
    if run_id is None:
        first = next(iter(expand(whole, source=study_source(study))))
        raise InputError(f"give --run with a run id of the study, e.g. --run {first} (knapsack-rl runs)")
    return expand_one(whole, run_id, source=study_source(study))


def read_json(text: str, source: str) -> Any:  # noqa: ANN401 - JSON
    """Parsed JSON.

    Raises:
        InputError: it is none.
    """
    try:
        return parse_json(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source}: is not valid JSON ({error})") from None


def read_mapping(text: str, source: str) -> dict[str, Any]:
    """Parsed JSON object.

    Raises:
        InputError: it is none.
    """
    mapping = read_json(text, source)
    if not isinstance(mapping, dict):
        raise InputError(f'{source}: must be a JSON object such as {{"name": 1}}, got {text}')
    return mapping


def _read_file(path: Path, wanted: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give {wanted}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no UTF-8 text ({error}); give {wanted}") from None
