"""Reference pages made from code: keys of a study file, commands, columns, figures. Used by site_pages.py."""

import ast
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import typer

from knapsack_rl.analysis.catalogue import FIGURES
from knapsack_rl.cli.main import app
from knapsack_rl.config.study import StudyConfig
from knapsack_rl.records import schemas

RECORDS = {
    "STEPS": "runs/<run>/steps.parquet",
    "GROUPS": "runs/<run>/groups.parquet",
    "SAMPLES": "runs/<run>/samples.parquet",
    "EVALS": "evals/<run>.parquet",
    "PROBES": "probes/<run>.parquet",
    "PROMPTS": "data/train.parquet",
    "BENCHMARKS": "data/benchmarks.parquet",
    "PREPARATION": "data/preparation.parquet",
}
"""Tables by their schema, with where they lie below results/<study>/."""

GALLERY = "reasoning_gym_chain_sum"
"""The reference study that the gallery shows: its pictures are drawn as figures are drawn now."""


def pages() -> dict[str, str]:
    """Text by place on the site."""
    return {
        "reference/configuration.md": "\n".join(_configuration()),
        "reference/command_line.md": "\n".join(_commands()),
        "reference/records.md": "\n".join(_records()),
        "gallery.md": "\n".join(_gallery()),
        "decisions.md": "\n".join(_decisions()),
    }


def _configuration() -> Iterator[str]:
    schema = StudyConfig.model_json_schema()
    yield "# Study files\n\nEvery key, from the typed configuration in `knapsack_rl/config`. Unknown keys are errors."
    yield "`config/README.md` says what each section is for; `knapsack-rl schema` prints this as a JSON schema.\n"
    yield from _section("The top of the file", schema)
    for name, section in schema["$defs"].items():
        yield from _section(name.removesuffix("Config"), section)


def _section(title: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"\n## {title}\n\n{schema.get('description', '')}\n"
    if "properties" not in schema:
        return
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    required = schema.get("required", [])
    for key, value in schema["properties"].items():
        default = "required" if key in required else f"`{value.get('default', '-')}`"
        yield f"| `{key}` | {_cell(_kind(value))} | {_cell(default)} | {_cell(value.get('description', ''))} |"


def _kind(value: dict[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2].removesuffix("Config")
        return f"[{name}](#{name.lower()})"
    if "enum" in value or "const" in value:
        return ", ".join(f"`{choice}`" for choice in value.get("enum", [value.get("const")]))
    for many in ("anyOf", "oneOf"):
        if many in value:
            return " or ".join(dict.fromkeys(_kind(one) for one in value[many]))
    if value.get("type") == "array" and "items" in value:
        return f"list of {_kind(value['items'])}"
    if isinstance(value.get("additionalProperties"), dict):
        return f"by name: {_kind(value['additionalProperties'])}"
    return str(value.get("type", "any"))


def _commands() -> Iterator[str]:
    group = typer.main.get_command(app)
    yield "# Command line\n\nFrom the help texts of `knapsack-rl`. A mistake is one line on standard error and exit"
    yield "code 2; Ctrl-C is exit code 130.\n"
    for name, command in group.commands.items():
        context = click.Context(command, info_name=f"knapsack-rl {name}")
        yield f"## {name}\n\n```text\n{command.get_help(context)}\n```\n"


def _records() -> Iterator[str]:
    source = Path(schemas.__file__).read_text(encoding="utf-8")
    yield "# Records\n\nParquet files below `results/<study>/`, from `knapsack_rl/records/`."
    yield "Counts start with `num_`, probabilities with `p_`, seconds end in `_s`. The tidy tables in `analysis/`,"
    yield "which hold all runs together, are explained in [Draw your own figure](../how_to/own_figure.md).\n"
    meanings = dict(_docstrings(source))
    for name, place in RECORDS.items():
        schema: pa.Schema = getattr(schemas, name)
        yield f"## {place}\n\n{meanings.get(name, '')}\n\n| column | type | may be null | meaning |\n|---|---|---|---|"
        comments = dict(re.findall(r'"(\w+)": pa\.\S+\(?.*?,\s*#\s*(.*)', _assigned(source, name)))
        for field in schema:
            null = "yes" if field.nullable else ""
            yield f"| `{field.name}` | {_cell(str(field.type))} | {null} | {_cell(comments.get(field.name, ''))} |"
        yield ""


def _docstrings(source: str) -> Iterator[tuple[str, str]]:
    """Names that are assigned, with the text that follows the assignment."""
    body = ast.parse(source).body
    for one, following in pairwise(body):
        is_text = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name) and is_text:
            yield one.targets[0].id, str(following.value.value)


def _assigned(source: str, name: str) -> str:
    for one in ast.parse(source).body:
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name) and one.targets[0].id == name:
            return "\n".join(source.splitlines()[one.lineno - 1 : one.end_lineno])
    raise LookupError(name)


def _gallery() -> Iterator[str]:
    """Every figure of the catalogue: the question it answers, its picture of the reference study, its caption."""
    manifest = json.loads((Path("results/reference") / GALLERY / "manifest.json").read_text(encoding="utf-8"))
    yield "# Gallery\n\nEvery figure that a study has, each with the question it answers, in the order of the report."
    commit = manifest["git_commit"][:9]
    yield f"The pictures are those of the reference `{GALLERY}`, trained at commit `{commit}`; captions are today's."
    yield "[How to read the analyses](analyses.md) says more of each; a figure of a study of your own is"
    yield "`knapsack-rl figure NAME`.\n"
    for name, figure in FIGURES.items():
        yield f"## {figure.title}\n"
        if (picture := Path("figures/reference") / GALLERY / f"{name}.png").is_file():
            yield f"![{figure.title}](../{picture.as_posix()})\n"
        else:
            yield "No picture of the reference study is kept.\n"
        yield f"`{name}`: {figure.caption}\n"


def _decisions() -> Iterator[str]:
    yield "# Decisions\n\nWhat was hard to undo, with what else was considered.\n"
    for path in sorted(Path("docs/adr").glob("*.md")):
        title = path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
        yield f"- [{title}](adr/{path.name})"


def _cell(text: str) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
