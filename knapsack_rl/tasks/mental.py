"""Mental arithmetic for chat models: sums and products of one to three numbers, in levels of difficulty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks.answer_styles import Readings, on_both, reading_of
from knapsack_rl.tasks.graders import Graders
from knapsack_rl.tasks.grading.registry import GRADERS
from knapsack_rl.tasks.mental_levels import LEVELS, Problem
from knapsack_rl.tasks.mental_options import MentalOptions, check_options
from knapsack_rl.tasks.needs import Needs
from knapsack_rl.tasks.preparation import OpenTokenizer, Preparation, plain_preparation
from knapsack_rl.tasks.task import Task
from knapsack_rl.tasks.verdict import Response, Verdict


@dataclass(frozen=True)
class MentalTask(Task[MentalOptions]):
    """Problems are drawn from ``seed``; no problem, nor the same numbers in another order, is in two sets."""

    _graders: Graders = field(default_factory=Graders, compare=False, repr=False)

    @classmethod
    def from_options(cls, options: Mapping[str, Any], *, seed: int) -> Self:
        """Check the options and build the task.

        Raises:
            ConfigError: unknown option, level or grader, a bad value, or more problems than a level has.
        """
        return cls(check_options(options), seed)

    @property
    def num_train(self) -> int:
        """Number of training problems."""
        return sum(self.options.train.values())

    def num_problems(self) -> int:
        """Number of benchmark problems."""
        return sum(self.options.benchmarks.values())

    def needs(self) -> Needs:
        """What its grader needs."""
        return Needs(libraries=GRADERS.find(self.options.grader).libraries)

    def readings(self) -> Readings:
        """As the grader reads answers."""
        return on_both(reading_of(self.options.grader))

    def preparation(self, open_tokenizer: OpenTokenizer) -> Preparation:
        """The sets as they are drawn; nothing is filtered. A benchmark has the name of its level."""
        del open_tokenizer
        train = [prompt for level in LEVELS for prompt in self._problems.get(("train", level), ())]
        sets = {level: self._problems[level, level] for level in LEVELS if (level, level) in self._problems}
        return plain_preparation(train, sets)

    def judge(self, prompt: Prompt, text: str) -> Verdict:
        """Judge one response; see ``judge_many``."""
        return self.judge_many([Response(prompt=prompt, text=text, stop=StopReason.EOS)])[0]

    def judge_many(self, responses: Sequence[Response]) -> Sequence[Verdict]:
        """Verdicts of the grader, in order."""
        return self._graders.judge(self.options.grader, responses)

    def close(self) -> None:
        """End the grader's processes, if it has any."""
        self._graders.close()

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
