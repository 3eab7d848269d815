"""What a task offers to the programs: a base class with a default for everything but problems and judgement."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks import answer_styles
from knapsack_rl.tasks.needs import Needs
from knapsack_rl.tasks.options import TaskOptions, read_options
from knapsack_rl.tasks.preparation import OpenTokenizer, Preparation
from knapsack_rl.tasks.verdict import Demonstration, Response, Verdict

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""In a task's vocabulary it stands for every character that is not; without it such a character is an error."""

Options = TypeVar("Options", bound=TaskOptions)
CUT_OFF = Verdict(0, "truncated")


@dataclass(frozen=True)
class Task(ABC, Generic[Options]):
    """A source of prompts and a scorer: a function of its options and the seed of the problem sets.

    A subclass must define ``preparation`` and ``judge``; ``docs/adding_a_task.md`` shows a whole one. Until
    ``preparation`` or ``demonstrations`` is called no problem is made or read: studies are planned with the rest.
    """

    options: Options
    seed: int

    options_type: ClassVar[type[TaskOptions]] = TaskOptions
    """Model of the section `task.options`."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any], *, seed: int) -> Self:
        """Check the options and build the task; nothing is made or read yet.

        Raises:
            ConfigError: unknown or missing option, or a bad value.
        """
        return cls(cast("Options", read_options(cls.options_type, options)), seed)

    @abstractmethod
    def preparation(self, open_tokenizer: OpenTokenizer) -> Preparation:
        """Training problems without repetition, held-out problems by benchmark, and what was counted on the way.

        A task that neither counts tokens nor filters returns ``plain_preparation(train, benchmarks)``.
        """

    @abstractmethod
    def judge(self, prompt: Prompt, text: str) -> Verdict:
        """Judge one response, whether or not it came to its end; never raises on any text, and never runs it."""

    def judge_many(self, responses: Sequence[Response]) -> Sequence[Verdict]:
        """Verdicts of ``judge`` in order; a task that uses other processes judges all at once here."""
        return [self.judge(response.prompt, response.text) for response in responses]

    @property
    def success_at(self) -> float:
        """Threshold of success: a response whose reward reaches it is right, in beliefs, records and accuracies."""
        return 1.0

    @property
    def partial_credit(self) -> bool:
        """Whether rewards other than 0 and 1 occur; advantages use them as they are."""
        return False

    @property
    def num_train(self) -> int | None:
        """Number of training problems, None if it is known only after preparation."""
        return None

    def num_problems(self) -> int | None:
        """Benchmark problems, all benchmarks together, as far as the options tell; None if they do not."""
        return None

    @property
    def max_prompt_tokens(self) -> int | None:
        """Most tokens of a prompt, None if there is no limit."""
        return None

    def needs(self) -> Needs:
        """What must be installed, fetched or present."""
        return Needs()

    def readings(self) -> answer_styles.Readings:
        """How final answers are read in training and on benchmarks; any way where nothing is said."""
        return {}

    def check_templates(self, training: str, benchmarks: str) -> None:
        """Raise ``ConfigError`` unless both prompt templates exist and ask for answers as they are read here."""
        answer_styles.check_templates(self.readings(), {"template": training, "benchmark_template": benchmarks})

    def reveal(self, benchmarks: Mapping[str, Sequence[Prompt]]) -> Mapping[str, Sequence[Prompt]]:
        """Benchmarks as they are asked, given those on disk: a set that must not be copied is on disk without text."""
        return benchmarks

    def score(self, prompt: Prompt, text: str, *, stop: StopReason) -> Verdict:
        """Verdict of ``score_many`` on one response."""
        return self.score_many([Response(prompt=prompt, text=text, stop=stop)])[0]

    def score_many(self, responses: Sequence[Response]) -> Sequence[Verdict]:
        """Verdicts in order, for all responses of a step or benchmark at once.

        One that was cut off is wrong unread, unless the option ``cut_off`` has it graded.

        Raises:
            ConfigError: a reward that is no finite number, or neither 0 nor 1 without ``partial_credit``.
        """
        unread = [self.options.cut_off == "wrong" and one.stop is StopReason.LENGTH for one in responses]
        judged = iter(self.judge_many([one for one, left in zip(responses, unread, strict=True) if not left]))
        return [CUT_OFF if left else self._checked(next(judged)) for left in unread]

    def succeeded(self, verdict: Verdict) -> bool:
        """Whether the reward reaches the threshold."""
        return verdict.reward >= self.success_at

    def close(self) -> None:
        """Let go of processes; the task can still be used."""
        return

    def vocabulary(self) -> Sequence[str]:
        """Characters a model of this task must know; the last one ends a response. Empty: bring a tokenizer."""
        return ()

    def demonstrations(self, count: int) -> Sequence[Demonstration]:
        """Demonstrations for pre-training, free of benchmark problems; none for models that are made elsewhere."""
        del count
        return ()

    def _checked(self, verdict: Verdict) -> Verdict:
        if verdict.reward in (0, 1) or (self.partial_credit and math.isfinite(verdict.reward)):
            return verdict
        raise ConfigError(
            f"task {type(self).__name__}: a reward of {verdict.reward!r}; rewards are 0 or 1, or any finite number"
            " where the task defines partial_credit as true (docs/adding_a_task.md)"
        )
