"""Problems of reasoning-gym: any of its sets with its parameters, scored by its own scorers.

A response is right if its score is 1. Partial credit (many scorers give 0.01, 0.1 or a ratio of lengths) is recorded
and no reward, unless the option ``reward`` says so: it makes groups of wrong responses look as if there were something
to learn from them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks.answer_styles import Reading, Readings, on_both
from knapsack_rl.tasks.needs import Needs, of_extra
from knapsack_rl.tasks.preparation import OpenTokenizer, Preparation, plain_preparation
from knapsack_rl.tasks.procedural.answers import VOCABULARY, read_answer, write_answer, wrong_answer
from knapsack_rl.tasks.procedural.items import Answered, Items, ItemSet
from knapsack_rl.tasks.procedural.options import FamilyOptions, ReasoningGymOptions, check_options
from knapsack_rl.tasks.procedural.problems import Problems, draw_problems, further_items, item_set
from knapsack_rl.tasks.task import Task
from knapsack_rl.tasks.verdict import Demonstration, Response, Verdict


@dataclass(frozen=True)
class ReasoningGymTask(Task[ReasoningGymOptions]):
    """Makes its problems on first use, in processes of its own; scoring asks the same processes."""

    _items: Items = field(default_factory=Items, compare=False, repr=False)

    @classmethod
    def from_options(cls, options: Mapping[str, Any], *, seed: int) -> Self:
        """Check the options and build the task; no problem is made yet.

        Raises:
            ConfigError: reasoning-gym is not installed, an unknown option, set or parameter, or a bad value.
        """
        return cls(check_options(options), seed)

    @property
    def num_train(self) -> int:
        """Number of training problems."""
        return sum(family.num_train for family in self.options.families)

    def num_problems(self) -> int:
        """Number of benchmark problems."""
        return sum(family.num_benchmark for family in self.options.families)

    @property
    def partial_credit(self) -> bool:
        """As the option ``reward`` says."""
        return self.options.reward == "score"

    def needs(self) -> Needs:
        """The package."""
        return Needs(libraries=(of_extra("reasoning-gym", extra="reasoning-gym"),))

    def readings(self) -> Readings:
        """As the option ``answer`` says."""
        style = self.options.answer
        reading = Reading(style=style, reader=f"option `answer: {style}`", change="an `answer` (task.options)")
        return on_both(reading)

    def preparation(self, open_tokenizer: OpenTokenizer) -> Preparation:
        """The sets as they are drawn; nothing is filtered.

        Raises:
            ConfigError: a set has too few different problems.
            InputError: a set fails to make one.
        """
        del open_tokenizer
        return plain_preparation(self._problems.train, self._problems.benchmarks)

    def judge(self, prompt: Prompt, text: str) -> Verdict:
        """Judge one response; see ``judge_many``."""
        return self.judge_many([Response(prompt=prompt, text=text, stop=StopReason.EOS)])[0]

    def judge_many(self, responses: Sequence[Response]) -> Sequence[Verdict]:
        """Verdicts in order, by the scorer of each problem's set, within its limits of time and memory.

        Raises:
            InputError: the problems are not those that the installed reasoning-gym makes.
        """
        found = {
            index: answer
            for index, one in enumerate(responses)
            if (answer := read_answer(one.text, self.options.answer)) is not None
        }
        scores = self._items.score([self._answered(responses[index].prompt, found[index]) for index in found])
        verdicts = dict.fromkeys(range(len(responses)), Verdict(0, "no_answer"))
        for (index, answer), score in zip(found.items(), scores, strict=True):
            verdicts[index] = _verdict(answer, score, rewarded=self.partial_credit)
        return list(verdicts.values())

    def close(self) -> None:
        """End the processes."""
        self._items.close()

    def vocabulary(self) -> Sequence[str]:
        """Printable ASCII, the line break, one for all other characters and the end mark."""
        return VOCABULARY

    def demonstrations(self, count: int) -> Sequence[Demonstration]:
        """``count`` questions with answers, families in proportion to their training problems, a share of them wrong.

        Benchmark problems never occur, so that held-out accuracy is not memory of the pre-training set.

        Raises:
            ConfigError: a set has no reference answers, or too few problems beside the benchmarks'.
        """
        held_out = {prompt.text for prompts in self._problems.benchmarks.values() for prompt in prompts}
        trained = [family for family in self.options.families if family.num_train]
        ends = np.round(np.cumsum([family.num_train for family in trained]) / self.num_train * count).astype(int)
        numbers = np.diff(ends, prepend=0)
        return [
            demonstration
            for family, number in zip(trained, numbers, strict=True)
            if number
            for demonstration in self._demonstrate(family, int(number), held_out=held_out)
        ]

    def _demonstrate(self, family: FamilyOptions, number: int, *, held_out: set[str]) -> list[Demonstration]:
        rng = np.random.default_rng(derive_seed(self.seed, "demonstrations", family.name))
        found = further_items(family, self._items, wanted=number, seed=self.seed, avoid=held_out)
        answers = [one.answer for one in found if one.answer is not None]
        if len(answers) < number:
            raise ConfigError(
                f"task.options.families ({family.name}): {family.set} has no reference answers to demonstrate; give a"
                " model by models.<name>.path, or choose another set"
            )
        wrong = rng.random(number) < self.options.errors_of(family)
        told = [
            wrong_answer(right, answers, rng=rng) if spoilt else right
            for right, spoilt in zip(answers, wrong, strict=True)
        ]
        style = self.options.answer
        return [Demonstration(one.text, write_answer(text, style)) for one, text in zip(found, told, strict=True)]

    def _answered(self, prompt: Prompt, answer: str) -> Answered:
        family, _, index = prompt.id.rpartition("-")
        return Answered(items=self._sets[family], index=int(index), reference=prompt.answer, response=answer)

    @cached_property
    def _sets(self) -> dict[str, ItemSet]:
        return {family.name: item_set(family, seed=self.seed) for family in self.options.families}

    @cached_property
    def _problems(self) -> Problems:
        return draw_problems(self.options, self._items, seed=self.seed)


def _verdict(answer: str, score: float | None, *, rewarded: bool) -> Verdict:
    if score is None or not math.isfinite(score):
        return Verdict(0, "timeout" if score is None else "wrong", answer)
    right = score == 1.0
    return Verdict(score if rewarded else int(right), "right" if right else "wrong", answer, score)
