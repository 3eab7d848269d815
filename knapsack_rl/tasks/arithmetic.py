"""Chain arithmetic: the default task. Success falls with chain length and operator, like real models on real maths."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from pydantic import Field

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import Prompt
from knapsack_rl.tasks.chain import END, MODULUS, OPERATORS, VOCABULARY, WRONG_RULE, Chain, apply, final_result
from knapsack_rl.tasks.options import TaskOptions
from knapsack_rl.tasks.preparation import OpenTokenizer, Preparation, plain_preparation
from knapsack_rl.tasks.task import Task
from knapsack_rl.tasks.verdict import Demonstration, Verdict

STEP_ACCURACY = dict(zip(OPERATORS, (0.92, 0.80, 0.50, 0.30, 0.15, 0.05), strict=True))
"""Share of right steps in the demonstrations, per operator."""
WRONG_RULE_SHARE = 0.8
"""Share of wrong steps that follow the consistent wrong rule, where the operator has one; else a random digit."""


BENCHMARKS: dict[str, tuple[tuple[int, ...], str]] = {
    "chains_1_2": ((1, 2), OPERATORS),
    "chains_3_4": ((3, 4), OPERATORS),
    "chains_5_6": ((5, 6), OPERATORS),
    "hard_operators": ((2, 3, 4), "mn"),
    "longer_7_8": ((7, 8), OPERATORS),
}
"""Numbers of operations and operators of each benchmark's chains."""


class ArithmeticOptions(TaskOptions):
    """Options under `task.options`."""

    num_train: int = Field(default=512, ge=1, le=10_000)
    max_operations: int = Field(default=6, ge=1, le=6)
    num_per_benchmark: int = Field(default=100, ge=1, le=200)


@dataclass(frozen=True)
class ArithmeticTask(Task[ArithmeticOptions]):
    """Prompts, demonstrations of mixed quality, and the scorer. All sets derive from ``seed``."""

    options_type = ArithmeticOptions

    @classmethod
    def from_options(cls, options: Mapping[str, Any], *, seed: int) -> Self:
        """Check the options and build the task.

        Raises:
            ConfigError: unknown option or bad value.
        """
        task = super().from_options(options, seed=seed)
        most = _most_training_problems(task.options)
        if task.options.num_train > most:
            raise ConfigError(
                f"task.options.num_train: {task.options.num_train} distinct chains in equal shares of 1 to"
                f" {task.options.max_operations} operations do not exist; the most is {most}"
            )
        return task

    @property
    def num_train(self) -> int:
        """Number of training problems."""
        return self.options.num_train

    def num_problems(self) -> int:
        """Each benchmark has as many."""
        return len(BENCHMARKS) * self.options.num_per_benchmark

    def train_prompts(self) -> Sequence[Prompt]:
        """``num_train`` distinct chains of 1 to ``max_operations`` operations, in equal shares."""
        return self._problems["train"]

    def benchmarks(self) -> Mapping[str, Sequence[Prompt]]:
        """Held-out sets: chains of 1-2, 3-4, 5-6 operations, hard operators only, and longer than trained on."""
        return {name: prompts for name, prompts in self._problems.items() if name != "train"}

    def preparation(self, open_tokenizer: OpenTokenizer) -> Preparation:
        """The sets as they are drawn; nothing is filtered."""
        del open_tokenizer
        return plain_preparation(self.train_prompts(), self.benchmarks())

    def vocabulary(self) -> Sequence[str]:
        """Digits, operators, ``=``, ``,`` and the end mark ``#``."""
        return VOCABULARY

    def judge(self, prompt: Prompt, text: str) -> Verdict:
        """Right if the last result of the response equals the answer; a number elsewhere in the text never counts."""
        result = final_result(text)
        if result is None:
            return Verdict(0, "no_answer")
        return Verdict(1, "right", result) if result == prompt.answer else Verdict(0, "wrong", result)

    def demonstrations(self, count: int) -> Sequence[Demonstration]:
        """``count`` worked chains; a step is right with ``STEP_ACCURACY``, else wrong by rule or at random.

        Benchmark problems never occur, so that held-out accuracy is not memory of the pre-training set.
        """
        rng = np.random.default_rng(derive_seed(self.seed, "demonstrations"))
        held_out = {prompt.text for prompts in self.benchmarks().values() for prompt in prompts}
        return [_demonstrate(chain, rng) for chain in self._chains(count, rng, held_out=held_out)]

    def _chains(self, count: int, rng: np.random.Generator, *, held_out: set[str]) -> Iterator[Chain]:
        done = 0
        while done < count:
            chain = Chain.draw(int(rng.integers(1, self.options.max_operations + 1)), OPERATORS, rng=rng)
            if chain.prompt not in held_out:
                done += 1
                yield chain

    @cached_property
    def _problems(self) -> dict[str, tuple[Prompt, ...]]:
        """All problem sets, drawn one after the other without a common problem (benchmarks first)."""
        seen: set[str] = set()
        size, longest = self.options.num_per_benchmark, self.options.max_operations
        sets = {name: (lengths, operators, size) for name, (lengths, operators) in BENCHMARKS.items()}
        sets["train"] = (tuple(range(1, longest + 1)), OPERATORS, self.options.num_train)
        return {name: self._draw_set(name, spec, seen=seen) for name, spec in sets.items()}

    def _draw_set(self, name: str, spec: tuple[tuple[int, ...], str, int], *, seen: set[str]) -> tuple[Prompt, ...]:
        lengths, operators, size = spec
        rng = np.random.default_rng(derive_seed(self.seed, "problems", name))
        prompts: list[Prompt] = []
        while len(prompts) < size:
            num_steps = lengths[len(prompts) % len(lengths)]
            chain = Chain.draw(num_steps, operators, rng=rng)
            if chain.prompt not in seen:
                seen.add(chain.prompt)
                identity = f"{name}-{len(prompts):05d}"
                prompts.append(Prompt(id=identity, text=chain.prompt, answer=chain.answer, kind=f"ops{num_steps}"))
        return tuple(prompts)


def _most_training_problems(options: ArithmeticOptions) -> int:
    """Shortest chains run out first: 10 digits x (operators x 10 digits) of one operation, some of them held out."""
    held_out = -(-options.num_per_benchmark // 2)  # of one operation, in chains_1_2
    return (MODULUS * len(OPERATORS) * MODULUS - held_out) * options.max_operations


def _demonstrate(chain: Chain, rng: np.random.Generator) -> Demonstration:
    value, written = chain.first, []
    for operator, digit in chain.steps:
        result = _one_step(operator, value, right=digit, rng=rng)
        written.append(f"{value}{operator}{digit}={result}")
        value = result
    return Demonstration(chain.prompt, ",".join(written) + END)


def _one_step(operator: str, left: int, *, right: int, rng: np.random.Generator) -> int:
    if rng.random() < STEP_ACCURACY[operator]:
        return apply(operator, left, right=right)
    if operator in WRONG_RULE and rng.random() < WRONG_RULE_SHARE:
        return apply(WRONG_RULE[operator], left, right=right)
    return int(rng.integers(0, MODULUS))
