"""Options that several commands share, and how a study or a run is found."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from knapsack_rl.base.errors import InputError
from knapsack_rl.config import RunConfig, StudyConfig, load_study, parse_run, parse_study
from knapsack_rl.study import expand

StudyOption = Annotated[
    str, typer.Option("--study", help="Study file (YAML), or the same content as JSON text.", show_default=True)
]
DEFAULT_STUDY = "config/config.yaml"


def read_study(text: str) -> StudyConfig:
    """The study in a YAML file, or in JSON text that starts with ``{``."""
    if text.lstrip().startswith("{"):
        return parse_study(read_json(text, "--study"), source="--study")
    return load_study(Path(text))


def read_run(config: str | None, *, study: str, run_id: str | None) -> RunConfig:
    """The run given by ``--config`` (JSON text or file), or by ``--study`` and ``--run``.

    Raises:
        InputError: neither, or a run that the study does not have.
    """
    if config is not None:
        text = config if config.lstrip().startswith("{") else _read_file(Path(config))
        return parse_run(text, source="--config")
    runs = expand(read_study(study), source="--study" if study.lstrip().startswith("{") else study)
    if run_id is None:
        raise InputError(f"give --run with a run id of the study, e.g. --run {next(iter(runs))} (knapsack-rl runs)")
    if run_id not in runs:
        raise InputError(f"--run {run_id}: no such run in the study; `knapsack-rl runs` lists all {len(runs)}")
    return runs[run_id]


def read_json(text: str, source: str) -> Any:  # noqa: ANN401 - JSON
    """Parsed JSON.

    Raises:
        InputError: it is none.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
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


def _read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a resolved run config") from None
