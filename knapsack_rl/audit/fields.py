"""Which field of a rollout log holds the step, the prompt, the reward and the length, under the names trainers use."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from knapsack_rl.base.errors import InputError

STEPS = (
    "step",
    "global_step",
    "global_steps",
    "training_step",
    "train_step",
    "trainer_step",
    "rollout_id",
    "iteration",
)
PROMPTS = (
    *("prompt_id", "problem_id", "example_id", "question_id"),
    *("prompt", "input", "question", "problem", "prompt_text", "messages", "query", "index"),
)
"""Ids first, then texts. ``index`` comes last: in some logs it numbers rollouts and not prompts."""
REWARDS = ("reward", "score", "rewards", "reward_score", "total_reward", "acc", "accuracy", "correct", "is_correct")
GROUPS = ("uid", "group_id", "group_index")
"""Tells two groups of one prompt in one step apart; says nothing of a prompt's identity over steps."""
TOKENS = (
    *("completion_length", "response_length", "completion_tokens", "response_tokens", "output_tokens", "num_tokens"),
    *("num_response_tokens", "completion_ids", "response_ids"),
)
TEXTS = ("completion", "output", "response", "completions", "generated_text")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFields:
    """Names of fields; None = found by the names that trainers use.

    Example: ``LogFields(reward="accuracy_reward")``.
    """

    step: str | None = None
    prompt: str | None = None
    reward: str | None = None
    length: str | None = None
    """Tokens of a response, as a number or as a list of tokens; without one the characters of its text are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The fields of one file."""

    step: str | None
    """None: the file's name is the step."""
    prompt: str
    reward: str
    group: str | None
    length: str | None
    unit: str
    """What ``length`` counts: ``tokens``, ``characters``, or nothing."""

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that are read."""
        values = (getattr(self, field.name) for field in fields(self) if field.name != "unit")
        return tuple(dict.fromkeys(value for value in values if value is not None))


def find_fields(names: Iterable[str], wanted: LogFields, *, place: str, step_in_name: bool) -> Found:
    """The fields of a file among ``names``.

    Args:
        names: Fields that the file has.
        wanted: Names the user gave.
        place: File, for messages.
        step_in_name: Whether the file's name gives the step, should no field do.

    Raises:
        InputError: A field that is needed is missing or ambiguous, or one that was named is not there.
    """
    there = list(names)
    for option in fields(wanted):
        name = getattr(wanted, option.name)
        if name is not None and name not in there:
            raise InputError(f"{place}: has no field {name!r} (--{option.name}); its fields: {', '.join(there)}")
    step = wanted.step or _first(STEPS, there)
    if step is None and not step_in_name:
        raise _missing("step", there, place=place)
    prompt = wanted.prompt or _first(PROMPTS, there)
    if prompt is None:
        raise _missing("prompt", there, place=place)
    length = wanted.length or _first(TOKENS, there)
    unit = "tokens" if length else ""
    if length is None and (length := _first(TEXTS, there)):
        unit = "characters"
    reward = wanted.reward or _reward(there, place=place)
    found = Found(step=step, prompt=prompt, reward=reward, group=_first(GROUPS, there), length=length, unit=unit)
    for name in found.names:
        if there.count(name) > 1:
            raise InputError(f"{place}: has {there.count(name)} fields named {name!r}; keep one of them")
    return found


def _first(known: Iterable[str], there: list[str]) -> str | None:
    return next((name for name in known if name in there), None)


def _reward(there: list[str], *, place: str) -> str:
    """The field with the reward; TRL names one column after each reward function and has none for the total."""
    if name := _first(REWARDS, there):
        return name
    named = [name for name in there if "reward" in name.lower() or "score" in name.lower()]
    if len(named) > 1:
        raise InputError(f"{place}: has several rewards ({', '.join(named)}); name one by --reward")
    if not named:
        raise _missing("reward", there, place=place)
    return named[0]


def _missing(kind: str, there: list[str], *, place: str) -> InputError:
    listed = ", ".join(there[:12]) + (", ..." if len(there) > 12 else "")  # noqa: PLR2004 - a line's worth
    return InputError(f"{place}: has no field with the {kind} ({listed or 'it has none'}); name it by --{kind}")
