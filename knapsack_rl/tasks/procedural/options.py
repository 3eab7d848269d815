"""Options of the task `reasoning_gym`: its families of problems and how responses are read."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from knapsack_rl.tasks.options import TaskOptions, read_options
from knapsack_rl.tasks.procedural.installed import check_set, require_package

FamilyName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")]
Share = Annotated[float, Field(ge=0, lt=1)]


class FamilyOptions(BaseModel):
    """One set with its parameters, e.g. ``{set: chain_sum, parameters: {max_terms: 3}, num_train: 256}``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    set: str
    name: FamilyName = ""
    """Stratum of the problems and name of the benchmark; the set's name if left out."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    ask: str | None = None
    """Regular expression whose groups, joined by a blank, are what the model is asked; the whole question if None."""
    num_train: int = Field(default=256, ge=0, le=100_000)
    num_benchmark: int = Field(default=100, ge=0, le=10_000)
    demonstration_errors: Share | None = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:  # noqa: ANN401 - whatever the user wrote
        return {"name": data.get("set"), **data} if isinstance(data, Mapping) and "set" in data else data

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.num_train + self.num_benchmark:
            raise ValueError("num_train and num_benchmark are both 0; give the family a problem, or drop it")
        if self.ask is not None:
            try:
                groups = re.compile(self.ask).groups
            except (re.error, OverflowError, RecursionError) as error:
                raise ValueError(f"ask: {self.ask!r} is no regular expression ({error})") from None
            if not groups:
                raise ValueError(f"ask: {self.ask!r} has no group; put what the model is asked in parentheses")
        return self


class ReasoningGymOptions(TaskOptions):
    """Options under `task.options`."""

    families: tuple[FamilyOptions, ...] = Field(min_length=1)
    answer: Literal["response", "boxed", "answer_line"] = "response"
    reward: Literal["right", "score"] = "right"
    """``right``: 1 for a score of 1, else 0; ``score``: the score itself, so partial credit is rewarded."""
    demonstration_errors: Share = 0.0

    @model_validator(mode="after")
    def _complete(self) -> Self:
        names = [family.name for family in self.families]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two families are called {twice[0]!r}; give one of them another `name`")
        if not any(family.num_train for family in self.families):
            raise ValueError("no family has training problems; set num_train of one")
        if not any(family.num_benchmark for family in self.families):
            raise ValueError("no family has a benchmark; set num_benchmark of one")
        return self

    def errors_of(self, family: FamilyOptions) -> float:
        """Share of wrong demonstrations of a family."""
        own = family.demonstration_errors
        return self.demonstration_errors if own is None else own


def check_options(options: Mapping[str, Any]) -> ReasoningGymOptions:
    """Typed options.

    Raises:
        ConfigError: reasoning-gym is not installed, unknown option, set or parameter, or a bad value; one line.
    """
    require_package()
    checked = read_options(ReasoningGymOptions, options)
    for index, family in enumerate(checked.families):
        check_set(family.set, family.parameters, where=f"task.options.families.{index}")
    return checked
