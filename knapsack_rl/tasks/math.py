"""Mathematics: problems from known data sets, prepared by stated filters, judged by a grader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks.answer_styles import Readings, reading_of
from knapsack_rl.tasks.graders import Graders
from knapsack_rl.tasks.math_needs import math_needs
from knapsack_rl.tasks.math_options import MathOptions, SetOptions, check_options
from knapsack_rl.tasks.math_preparation import prepare_math
from knapsack_rl.tasks.needs import Needs
from knapsack_rl.tasks.preparation import OpenTokenizer, Preparation
from knapsack_rl.tasks.problems.loading import file_rows, hub_rows
from knapsack_rl.tasks.problems.rows import problems
from knapsack_rl.tasks.task import Task
from knapsack_rl.tasks.verdict import Response, Verdict

UNKNOWN_SIZE = 100
"""Problems that a benchmark of unknown size is taken to have, where a study is planned."""


@dataclass(frozen=True)
class MathTask(Task[MathOptions]):
    """Reads its problem sets on first use; scoring needs none of them."""

    _graders: Graders = field(default_factory=Graders, compare=False, repr=False)

    @classmethod
    def from_options(cls, options: Mapping[str, Any], *, seed: int) -> Self:
        """Check the options and build the task; nothing is read yet.

        Raises:
            ConfigError: unknown option, source or grader, or a bad value.
        """
        return cls(check_options(options), seed)

    def num_problems(self) -> int:
        """As published, or as the subset; a set of unknown size counts as 100."""
        count = 0
        for name, each in self.options.benchmarks.items():
            size = each.resolve(name).num_problems or UNKNOWN_SIZE
            count += min(each.subset or size, size)
        return count

    @property
    def max_prompt_tokens(self) -> int | None:
        """The limit of the option of that name."""
        return self.options.max_prompt_tokens

    def needs(self) -> Needs:
        """Libraries, sets of problems and the tokenizer."""
        return math_needs(self.options)

    def readings(self) -> Readings:
        """As the graders of training and of the benchmarks read answers."""
        judges = dict.fromkeys(self.options.grader_of(name) for name in self.options.benchmarks)
        return {
            "template": [reading_of(self.options.grader)],
            "benchmark_template": [reading_of(judge) for judge in judges],
        }

    def preparation(self, open_tokenizer: OpenTokenizer) -> Preparation:
        """All sets, filtered as the options say, with counts and overlaps.

        Raises:
            InputError: a set cannot be read, or a filter leaves nothing.
        """
        return prepare_math(self.options, self._rows, seed=self.seed, open_tokenizer=open_tokenizer)

    def reveal(self, benchmarks: Mapping[str, Sequence[Prompt]]) -> Mapping[str, Sequence[Prompt]]:
        """The benchmarks with text and answer of the problems of gated sets, which are on disk in the cache alone."""
        return {
            name: self._revealed(name, prompts) if self.options.benchmarks[name].resolve(name).gated else prompts
            for name, prompts in benchmarks.items()
        }

    def judge(self, prompt: Prompt, text: str) -> Verdict:
        """Judge one response; see ``judge_many``."""
        return self.judge_many([Response(prompt=prompt, text=text, stop=StopReason.EOS)])[0]

    def judge_many(self, responses: Sequence[Response]) -> Sequence[Verdict]:
        """Verdicts in order, by the grader of each problem's set."""
        verdicts: dict[int, Verdict] = {}
        names = [self._grader_name(one.prompt) for one in responses]
        for name in dict.fromkeys(names):
            mine = [index for index, other in enumerate(names) if other == name]
            judged = self._graders.judge(name, [responses[index] for index in mine])
            verdicts |= zip(mine, judged, strict=True)
        return [verdicts[index] for index in range(len(responses))]

    def close(self) -> None:
        """End the graders' processes."""
        self._graders.close()

    def _grader_name(self, prompt: Prompt) -> str:
        """Benchmark problems are of the kind of their benchmark's name, which no training set has."""
        benchmark = prompt.kind in self.options.benchmarks
        return self.options.grader_of(prompt.kind) if benchmark else self.options.grader

    def _rows(self, options: SetOptions, name: str) -> list[Prompt]:
        """All usable problems of one set, as they come."""
        source = options.resolve(name)
        rows = file_rows(Path(options.file), name=name) if options.file else hub_rows(source, name=name)
        found = list(problems(rows, source, name=name, seed=self.seed))
        if not found:
            raise InputError(f"set {name}: has no row with both a problem and an answer; check `columns`")
        return found

    @cached_property
    def _revealed_sets(self) -> dict[str, dict[str, Prompt]]:
        return {}

    def _revealed(self, name: str, prompts: Sequence[Prompt]) -> list[Prompt]:
        if name not in self._revealed_sets:
            found = {prompt.id: prompt for prompt in self._rows(self.options.benchmarks[name], name)}
            self._revealed_sets[name] = found
        known = self._revealed_sets[name]
        missing = [prompt.id for prompt in prompts if prompt.id not in known]
        if missing:
            raise InputError(
                f"benchmark {name}: problem {missing[0]} is not in the set any more; prepare the data again"
            )
        return [replace(prompt, text=known[prompt.id].text, answer=known[prompt.id].answer) for prompt in prompts]
