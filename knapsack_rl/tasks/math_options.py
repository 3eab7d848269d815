"""Options of the math task: where its problems come from, what is filtered, and who grades."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.tasks.grading import build_grader
from knapsack_rl.tasks.options import TaskOptions, read_options
from knapsack_rl.tasks.problems.sources import SOURCES, Source, get_source

Revision = Annotated[str, StringConstraints(pattern="^[0-9a-f]{40}$")]
"""A commit; a branch name would let the data change under a study."""
SetName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnOptions(_Options):
    """Which columns hold problem and answer; dots lead into nested ones."""

    problem: str = "problem"
    answer: str = "answer"


class SetOptions(_Options):
    """A training set. ``{source: gsm8k}`` reads the hub, ``{source: gsm8k, file: f.jsonl}`` a local file."""

    source: str | None = None
    file: str | None = None
    hub: str | None = None
    revision: Revision | None = None
    config: str | None = None
    split: str | None = None
    columns: ColumnOptions | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.hub and not self.revision and not self.file:
            raise ValueError(f"hub {self.hub!r} needs `revision`, a commit of 40 hexadecimal digits")
        if self.file and (self.hub or self.revision):
            raise ValueError("give either `file` or `hub` and `revision`, not both")
        return self

    def resolve(self, name: str) -> Source:
        """The known set with what is given here laid over it; ``name`` serves where no ``source`` is given.

        Raises:
            ConfigError: neither a known name nor a place, or a gated set from a file.
        """
        bare = Source(hub=self.hub or "", revision=self.revision or "", split="train")
        own = self.source is None and name not in SOURCES and bool(self.hub or self.file)
        source = bare if own else get_source(self.source or name)
        if source.gated and self.file:
            raise ConfigError(f"{source.hub} is read from the hub alone, so that no copy lies about; drop `file`")
        changes: dict[str, Any] = {"hub": self.hub, "revision": self.revision, "split": self.split}
        changes["configs"] = (self.config,) if self.config else None
        if self.columns is not None:
            changes |= {"problem": self.columns.problem, "answer": self.columns.answer, "plain": False}
        return replace(source, **{key: value for key, value in changes.items() if value is not None})


class BenchmarkOptions(SetOptions):
    """A benchmark: a set of problems, perhaps a seeded subset of it, perhaps a grader of its own."""

    subset: int | None = Field(default=None, ge=1)
    grader: str | None = None


class TokenizerOptions(_Options):
    """Whose tokens a length is counted in: a folder, or a hub id with its commit."""

    path: str | None = None
    hub: str | None = None
    revision: Revision | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.hub is None) or (self.hub is None) != (self.revision is None):
            raise ValueError("give `path` (a folder), or `hub` with `revision`")
        return self


class MathOptions(TaskOptions):
    """Options under `task.options`."""

    train: tuple[SetOptions, ...] = Field(min_length=1)
    benchmarks: dict[SetName, BenchmarkOptions] = Field(min_length=1)
    grader: str = "dapo"
    benchmark_grader: str | None = None
    language: Literal["any", "en", "zh"] = "any"
    max_prompt_tokens: int | None = Field(default=None, ge=1)
    tokenizer: TokenizerOptions | None = None
    remove_overlap: Literal["none", "exact", "words"] = "none"
    subset: int | None = Field(default=None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _one_training_set(cls, data: Any) -> Any:  # noqa: ANN401 - whatever the user wrote
        """One set may stand alone; several are a list."""
        if isinstance(data, Mapping) and isinstance(data.get("train"), Mapping):
            return {**data, "train": [data["train"]]}
        return data

    @model_validator(mode="after")
    def _tokens_have_a_tokenizer(self) -> Self:
        if (self.max_prompt_tokens is None) != (self.tokenizer is None):
            raise ValueError("max_prompt_tokens and tokenizer belong together: tokens are counted by a tokenizer")
        return self

    def training_sets(self) -> list[tuple[str, SetOptions]]:
        """The training sets under their names."""
        return [(each.source or f"set{index}", each) for index, each in enumerate(self.train, start=1)]

    def grader_of(self, benchmark: str) -> str:
        """Name of the grader of a benchmark: its own, the benchmarks', or training's."""
        return self.benchmarks[benchmark].grader or self.benchmark_grader or self.grader


def check_options(options: Mapping[str, Any]) -> MathOptions:
    """Typed options.

    Raises:
        ConfigError: unknown option, source or grader, or a bad value; one line.
    """
    checked = read_options(MathOptions, options)
    names = {name for name, _ in checked.training_sets()}
    for name, each in checked.training_sets():
        _check(f"train ({name})", each.resolve, name)
    for name, benchmark in checked.benchmarks.items():
        _check(f"benchmarks.{name}", benchmark.resolve, name)
        _check(f"benchmarks.{name}.grader", build_grader, checked.grader_of(name))
        if name in names:
            raise ConfigError(f"task.options.benchmarks.{name}: is the name of a training set too; rename it")
    _check("grader", build_grader, checked.grader)
    return checked


def _check(key: str, build: Callable[[str], object], name: str) -> None:  # noqa: PLR0917 - a call, spelt out
    try:
        build(name)
    except ConfigError as error:
        raise ConfigError(f"task.options.{key}: {error}") from None
