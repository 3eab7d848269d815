"""Mental arithmetic for chat models: sums and products of one to three numbers, in levels of difficulty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks.answer_styles import check_style
from knapsack_rl.tasks.grading import Grader, build_grader
from knapsack_rl.tasks.mental_levels import LEVELS, Problem
from knapsack_rl.tasks.mental_options import MentalOptions, check_options
from knapsack_rl.tasks.preparation import OpenTokenizer, Preparation, plain_preparation
from knapsack_rl.tasks.task import Demonstration, Response, Verdict


@dataclass(frozen=True)
class MentalTask:
    """Problems are drawn from ``seed``; no problem, nor the same numbers in another order, is in two sets."""

    options: MentalOptions
    seed: int
    _graders: dict[str, Grader] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_options(cls, options: Mapping[str, Any], *, seed: int) -> "MentalTask":
        """Check the options and build the task.

        Raises:
            ConfigError: unknown option, level or grader, a bad value, or more problems than a level has.
        """
        return cls(check_options(options), seed)

    @property
    def num_train(self) -> int:
        """Number of training problems."""
        return sum(self.options.train.values())

    def check_templates(self, training: str, benchmarks: str) -> None:
        """A template must ask for the answer as the grader reads it, or not say.

        Raises:
            ConfigError: unknown template, or one that goes with another grader.
        """
        check_style(training, "template", grader=self.options.grader)
        check_style(benchmarks, "benchmark_template", grader=self.options.grader)

    def preparation(self, open_tokenizer: OpenTokenizer) -> Preparation:
        """The sets as they are drawn; nothing is filtered. A benchmark has the name of its level."""
        del open_tokenizer
        train = [prompt for level in LEVELS for prompt in self._problems.get(("train", level), ())]
        sets = {level: self._problems[level, level] for level in LEVELS if (level, level) in self._problems}
        return plain_preparation(train, sets)

    def reveal(self, benchmarks: Mapping[str, Sequence[Prompt]]) -> Mapping[str, Sequence[Prompt]]:
        """The same: nothing is kept back."""
        return benchmarks

    def close(self) -> None:
        """End the grader's processes, if it has any."""
        for grader in self._graders.values():
            grader.close()
        self._graders.clear()

    def vocabulary(self) -> Sequence[str]:
        """Empty: the wording is for models that bring a tokenizer."""
        return ()

    def demonstrations(self, count: int) -> Sequence[Demonstration]:
        """None: this task trains models that can read."""
        del count
        return ()

    def score(self, prompt: Prompt, text: str, *, stop: StopReason) -> Verdict:
        """Judge one response; see ``score_many``."""
        return self.score_many([Response(prompt=prompt, text=text, stop=stop)])[0]

    def score_many(self, responses: Sequence[Response]) -> Sequence[Verdict]:
        """Verdicts of the grader, in order; one that was cut off is wrong unread, unless ``cut_off`` has it graded."""
        unread = self.options.cut_off == "wrong"
        read = [each for each in responses if not (unread and each.stop is StopReason.LENGTH)]
        grades = iter(self._grader.grade_many([(each.text, each.prompt.answer) for each in read]))
        verdicts = []
        for each in responses:
            if unread and each.stop is StopReason.LENGTH:
                verdicts.append(Verdict(0, "truncated"))
            else:
                grade = next(grades)
                verdicts.append(Verdict(grade.verdict, grade.reason, grade.extracted))
        return verdicts

    @property
    def _grader(self) -> Grader:
        name = self.options.grader
        if name not in self._graders:
            self._graders[name] = build_grader(name)
        return self._graders[name]

    @cached_property
    def _problems(self) -> dict[tuple[str, str], tuple[Prompt, ...]]:
        """Problems by set and level: of each level a random order of all there are, the benchmark's first."""
        sets: dict[tuple[str, str], tuple[Prompt, ...]] = {}
        for level in LEVELS:
            rng = np.random.default_rng(derive_seed(self.seed, "problems", level))
            known = LEVELS[level].problems()
            drawn = [known[place].shuffled(rng) for place in rng.permutation(len(known))]
            held_out = self.options.benchmarks.get(level, 0)
            shares = {level: drawn[:held_out], "train": drawn[held_out : held_out + self.options.train.get(level, 0)]}
            for name, problems in shares.items():
                if problems:
                    sets[name, level] = _prompts(name, level, problems=problems)
        return sets


def _prompts(name: str, level: str, *, problems: Sequence[Problem]) -> tuple[Prompt, ...]:
    prefix = level if name == level else f"{name}-{level}"
    return tuple(
        Prompt(id=f"{prefix}-{place:04d}", text=problem.expression, answer=str(problem.answer), kind=level)
        for place, problem in enumerate(problems)
    )
