"""What a study file may say, generated from the typed configuration: a JSON schema for editors, a page for people."""

import json
from collections.abc import Iterator
from typing import Any

import yaml

from knapsack_rl.config.study import StudyConfig

HEADER = "# Generated from knapsack_rl/config; after a change there run: knapsack-rl schema --write\n"
PAGE = """<!-- Generated from knapsack_rl/config; after a change there run: knapsack-rl schema --write -->
# Every key of a study

`config/README.md` says what the sections are for. A key without a default must be given.
"""


def schema_yaml() -> str:
    """JSON schema of ``StudyConfig`` as YAML, the text of ``workflow/schemas/config.schema.yaml``."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **StudyConfig.model_json_schema()}
    return HEADER + yaml.safe_dump(schema, sort_keys=False, width=120)


def schema_page() -> str:
    """Keys, values, defaults and meanings of every section, the text of ``docs/configuration.md``."""
    schema = StudyConfig.model_json_schema()
    parts = [PAGE]
    for place, section in _sections(schema, place="", definitions=schema["$defs"]):
        parts += [f"\n## {f'`{place}`' if place else 'The top of the file'}\n", f"\n{_one_line(section)}\n"]
        parts += ["\n| key | values | default | what it says |\n| --- | --- | --- | --- |\n"]
        required = section.get("required", ())
        parts += [_row(key, value, required=key in required) for key, value in section["properties"].items()]
    return "".join(parts)


def _sections(
    section: dict[str, Any], *, place: str, definitions: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A section and those inside it, each with its place, ``arms.<name>``; names are the user's."""
    yield place, section
    for key, value in section["properties"].items():
        named = next(iter(value.get("patternProperties", {}).values()), None)
        inside, name = (named, f"{key}.<name>") if named else (value, key)
        for candidate in (inside, *inside.get("anyOf", ())):
            found = definitions.get(candidate.get("$ref", "").rpartition("/")[2])
            if found is not None and "properties" in found:
                yield from _sections(found, place=f"{place}.{name}".lstrip("."), definitions=definitions)


def _one_line(section: dict[str, Any]) -> str:
    return " ".join(str(section.get("description", "")).split()).replace("``", "`")


def _row(key: str, value: dict[str, Any], *, required: bool) -> str:
    default = "" if required else f"`{json.dumps(value['default'])}`" if value.get("default") is not None else "none"
    cells = (f"`{key}`", _values(value), default, _one_line(value))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _values(value: dict[str, Any]) -> str:
    """The values a key may have: the names, or the type and its bounds."""
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if "anyOf" in value:
        kinds = [_values(each) for each in value["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(filter(None, kinds)))
    if "$ref" in value:
        return "a section"
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {value[name]}" for name, sign in signs.items() if name in value]
    names = {"object": "a mapping", "array": "a list", "string": "text", "boolean": "`true`, `false`"}
    return " ".join([names.get(value.get("type", ""), str(value.get("type", ""))), " and ".join(bounds)]).strip()
