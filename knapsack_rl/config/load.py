"""Read YAML or JSON into the typed models; turn every validation failure into one line for the user."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from knapsack_rl.base import validation
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.json_text import parse_json
from knapsack_rl.base.seeding import digest
from knapsack_rl.base.suggestion import suggest
from knapsack_rl.config.run import RunConfig
from knapsack_rl.config.sections import Section
from knapsack_rl.config.study import StudyConfig
from knapsack_rl.config.yaml_file import read_yaml


def load_study(path: Path) -> StudyConfig:
    """The study described by a YAML file.

    Raises:
        ConfigError: the file is missing, is no YAML mapping, or holds a bad key or value.
    """
    return parse_study(read_yaml(path), source=str(path))


def parse_study(data: object, *, source: str) -> StudyConfig:
    """The study described by a parsed mapping; ``source`` names the file in error messages."""
    if not isinstance(data, Mapping):
        raise ConfigError(f"{source}: must be a mapping of keys to values, found {type(data).__name__}")
    try:
        return StudyConfig.model_validate(data)
    except ValidationError as error:
        message = describe(error)
        if isinstance(data.get("grid"), Mapping):  # one block, which the user did not number
            message = message.replace("grid.0.", "grid.")
        raise ConfigError(f"{source}: {message}") from None


def parse_run(data: Mapping[str, Any] | str, *, source: str) -> RunConfig:
    """One resolved run, from a mapping or its JSON text.

    Raises:
        ConfigError: no JSON, or a bad key or value.
    """
    try:
        mapping = parse_json(data) if isinstance(data, str) else data
        return RunConfig.model_validate(mapping)
    except ValidationError as error:
        raise ConfigError(f"{source}: {describe(error)}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{source}: is not valid JSON ({error})") from None


def describe(error: ValidationError) -> str:
    """First failure as ``key: what is wrong (value ...)``, with a count of the others."""
    return validation.describe(
        error, unknown_key=_where_it_belongs, missing_key=lambda _: "add it (see config/README.md)"
    )


def _where_it_belongs(place: Sequence[str]) -> str:
    """What to do about an unknown key: where it belongs if it is known elsewhere, else its nearest spelling."""
    key, known = place[-1], sorted(set(_known_keys(StudyConfig)))
    places = [where or "the top of the file" for where, name in known if name == key]
    if places:
        return f"it belongs under {' or '.join(places)}"
    names = sorted({name for _, name in known})
    return suggest(key, names, otherwise="remove it or see config/README.md for the keys")


def _known_keys(model: type[BaseModel], where: str = "") -> Iterator[tuple[str, str]]:
    """Every key with the section that it stands in, ``arms.<name>``; names are the user's."""
    for name, field in model.model_fields.items():
        yield where, name
        inside = ".".join(filter(None, [where, name, "<name>" if get_origin(field.annotation) is dict else ""]))
        for candidate in (field.annotation, *get_args(field.annotation)):
            if isinstance(candidate, type) and issubclass(candidate, Section):
                yield from _known_keys(candidate, inside)


def compact_json(config: BaseModel) -> str:
    """Key-sorted JSON of what differs from the defaults.

    A new key with a default therefore changes no hash and makes no job run again; a change of the code that matters is
    announced by ``code_version``.
    """
    return json.dumps(config.model_dump(mode="json", exclude_defaults=True), sort_keys=True)


def run_hash(config: RunConfig) -> str:
    """Digest of the whole resolved configuration; stamped on records."""
    return digest(compact_json(config))


def resume_hash(config: RunConfig) -> str:
    """Digest of everything that changes the course of a run; stamped on resume state.

    The number of steps and the budget that ends a run are left out, so that raising them alone continues it.
    Evaluation, live tracking and the texts kept are left out because they are no part of the computation, and the
    number of GPUs, so that a run goes on with as many as are free. So are the folders of base model and problems, whose
    contents are known by digests: another model built alike, named first, moves them. ``code_version`` is in.
    """
    excluded: dict[str, bool | set[str]] = {
        "live_tracking": True,
        "base_model": True,
        "problem_set": True,
        "evaluation": True,
        "train": {"save_every", "keep_weights_every", "sampled_prompts", "steps", "stop"},
        "learner": {"gpus", "check_memory"},
    }
    data = config.model_dump(mode="json", exclude=excluded, exclude_defaults=True)
    if not data.get("learner"):  # what differed there was left out
        data.pop("learner", None)
    return digest(json.dumps(data, sort_keys=True))


def evaluation_hash(config: RunConfig) -> str:
    """Digest of everything that changes what an evaluation of given weights and problems finds; not at which steps."""
    data = config.evaluation.model_dump(
        mode="json", exclude={"every", "inside_training", "probe"}, exclude_defaults=True
    )
    prompt = config.model.prompt.on_benchmarks().model_dump(mode="json", exclude_defaults=True)
    task = config.task.model_dump(mode="json", exclude_defaults=True)
    return digest(json.dumps({"evaluation": data, "prompt": prompt, "task": task}, sort_keys=True))
