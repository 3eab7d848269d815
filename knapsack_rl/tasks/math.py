"""Mathematics: problems from known data sets, prepared by stated filters, judged by a grader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks.answer_styles import check_style
from knapsack_rl.tasks.grading import Grader, build_grader
from knapsack_rl.tasks.math_options import MathOptions, SetOptions, check_options
from knapsack_rl.tasks.math_preparation import prepare_math
from knapsack_rl.tasks.preparation import OpenTokenizer, Preparation
from knapsack_rl.tasks.problems.loading import file_rows, hub_rows
from knapsack_rl.tasks.problems.rows import problems
from knapsack_rl.tasks.task import Demonstration, Response, Verdict


@dataclass(frozen=True)
class MathTask:
    """Reads its problem sets on first use; scoring needs none of them."""

    options: MathOptions
    seed: int
    _graders: dict[str, Grader] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_options(cls, options: Mapping[str, Any], *, seed: int) -> "MathTask":
        """Check the options and build the task; nothing is read yet.

        Raises:
            ConfigError: unknown option, source or grader, or a bad value.
        """
        return cls(check_options(options), seed)

    @property
    def num_train(self) -> None:
        """Known after preparation only."""

    def check_templates(self, training: str, benchmarks: str) -> None:
        """A template must ask for the answer in the style that the grader looks for, or not say.

        Raises:
            ConfigError: unknown template, or one that goes with another grader.
        """
        check_style(training, "template", grader=self.options.grader)
        for name in self.options.benchmarks:
            check_style(benchmarks, "benchmark_template", grader=self.options.grader_of(name))

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

    def score(self, prompt: Prompt, text: str, *, stop: StopReason) -> Verdict:
        """Judge one response; see ``score_many``."""
        return self.score_many([Response(prompt=prompt, text=text, stop=stop)])[0]

    def score_many(self, responses: Sequence[Response]) -> Sequence[Verdict]:
        """Verdicts in order, by the grader of each problem's set.

        A response that was cut off is wrong unread, unless the option ``cut_off`` has it graded.
        """
        verdicts: list[Verdict] = [Verdict(0, "truncated")] * len(responses)
        every = self.options.cut_off == "graded"
        read = [index for index, one in enumerate(responses) if every or one.stop is not StopReason.LENGTH]
        names = {index: self._grader_name(responses[index].prompt) for index in read}
        for name in dict.fromkeys(names.values()):
            mine = [index for index in read if names[index] == name]
            cases = [(responses[index].text, responses[index].prompt.answer) for index in mine]
            for index, grade in zip(mine, self._grader(name).grade_many(cases), strict=True):
                verdicts[index] = Verdict(grade.verdict, grade.reason, grade.extracted)
        return verdicts

    def close(self) -> None:
        """End the graders' processes."""
        for grader in self._graders.values():
            grader.close()

    def vocabulary(self) -> Sequence[str]:
        """None: a model brings its tokenizer."""
        return ()

    def demonstrations(self, count: int) -> Sequence[Demonstration]:
        """None: models of mathematics are not made here."""
        del count
        return ()

    def _grader_name(self, prompt: Prompt) -> str:
        """Benchmark problems are of the kind of their benchmark's name, which no training set has."""
        benchmark = prompt.kind in self.options.benchmarks
        return self.options.grader_of(prompt.kind) if benchmark else self.options.grader

    def _grader(self, name: str) -> Grader:
        if name not in self._graders:
            self._graders[name] = build_grader(name)
        return self._graders[name]

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
