"""Filters of a training set. Each is a pure function from problems to problems; the caller counts."""

import re
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.base.types import Prompt

_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


def language_of(text: str) -> str:
    """``zh`` if a Chinese character occurs, else ``en``: the two languages of the known sets."""
    return "zh" if _CHINESE.search(text) else "en"


def distinct(prompts: Sequence[Prompt]) -> list[Prompt]:
    """The first of every problem text, blanks and Unicode forms apart (DAPO's file holds each row 100 times)."""
    first: dict[str, Prompt] = {}
    for prompt in prompts:
        first.setdefault(same_text(prompt.text), prompt)
    return list(first.values())


def without_conflicts(prompts: Sequence[Prompt], *, rows: Sequence[Prompt]) -> list[Prompt]:
    """Problems whose ``rows`` agree on the answer; with two answers at least one is wrong, and which is not known."""
    answers: dict[str, set[str]] = {}
    for row in rows:
        answers.setdefault(same_text(row.text), set()).add(row.answer)
    return [prompt for prompt in prompts if len(answers[same_text(prompt.text)]) == 1]


def same_text(text: str) -> str:
    """What two spellings of one text have in common: a model reads them as the same problem, beliefs would not."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def in_language(prompts: Sequence[Prompt], language: str) -> list[Prompt]:
    """Problems in ``language`` (``en`` or ``zh``)."""
    return [prompt for prompt in prompts if language_of(prompt.text) == language]


def within_tokens(prompts: Sequence[Prompt], most: int, *, count: Callable[[str], int]) -> list[Prompt]:
    """Problems of at most ``most`` tokens, without the template around them."""
    return [prompt for prompt in prompts if count(prompt.text) <= most]


def seeded_subset(prompts: Sequence[Prompt], size: int, *, seed: int) -> list[Prompt]:
    """``size`` problems in file order: those whose ids come first in an order that the seed alone decides.

    Whether a problem is chosen does not depend on its place in the file.
    """
    ranks = np.argsort([derive_seed(seed, "subset", prompt.id) for prompt in prompts])
    return [prompts[index] for index in sorted(int(rank) for rank in ranks[:size])]
