r"""Which training problems also stand in a benchmark: the same problem, or a run of 20 words in common.

The normaliser of the exact comparison: Unicode compatibility forms, lower case, LaTeX layout commands dropped
(``\left``, ``\text``, ...; ``\dfrac`` becomes ``\frac``), then everything but letters, digits and operators dropped.
Words are runs of letters and digits in lower case. Stock phrases ("relatively prime positive integers") count as words
too, so the second comparison is an upper bound.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from knapsack_rl.base.types import Prompt

WINDOW = 20
"""Words in a run."""
EXACT, WORDS, NONE = "exact", "words", "none"
_LAYOUT = re.compile(r"\\(?:left|right|displaystyle|textstyle|text|textbf|mathrm|mbox|quad|qquad|big|bigg)(?![a-z])")
_FRACTION = re.compile(r"\\[dt]frac(?![a-z])")
_DROPPED = re.compile(r"[^\w+\-*/=<>^|!%]|_")
_WORD = re.compile(r"[^\W_]+")

Place = tuple[str, str]
"""Benchmark and problem id."""


def normalise(text: str) -> str:
    """Text without its layout, as the exact comparison sees it."""
    lower = unicodedata.normalize("NFKC", text).lower()
    return _DROPPED.sub("", _LAYOUT.sub("", _FRACTION.sub(r"\\frac", lower)))


def word_windows(text: str) -> set[tuple[str, ...]]:
    """All runs of ``WINDOW`` words; none where the text is shorter."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    return {tuple(words[start : start + WINDOW]) for start in range(len(words) - WINDOW + 1)}


@dataclass(frozen=True, slots=True)
class Overlap:
    """Pairs of training problem and benchmark problem that share something."""

    exact: Mapping[str, set[Place]] = field(default_factory=dict)
    """Training id -> benchmark problems that are the same."""
    words: Mapping[str, set[Place]] = field(default_factory=dict)
    """Training id -> benchmark problems with a run of words in common, equal ones included."""

    def level_of_training(self, prompt_id: str) -> str:
        """``exact``, ``words`` or ``none``."""
        return EXACT if prompt_id in self.exact else WORDS if prompt_id in self.words else NONE

    def levels(self, training_ids: Iterable[str]) -> dict[Place, str]:
        """Level of every benchmark problem that overlaps one of these training problems."""
        found: dict[Place, str] = {}
        for prompt_id in training_ids:
            found |= dict.fromkeys(self.words.get(prompt_id, set()) - found.keys(), WORDS)
            found |= dict.fromkeys(self.exact.get(prompt_id, set()), EXACT)
        return found


def find_overlap(training: Sequence[Prompt], benchmarks: Mapping[str, Sequence[Prompt]]) -> Overlap:
    """Compare every training problem with every benchmark problem."""
    same: defaultdict[str, set[Place]] = defaultdict(set)
    windows: defaultdict[tuple[str, ...], set[Place]] = defaultdict(set)
    for name, prompts in benchmarks.items():
        for prompt in prompts:
            same[normalise(prompt.text)].add((name, prompt.id))
            for window in word_windows(prompt.text):
                windows[window].add((name, prompt.id))
    exact = {prompt.id: places for prompt in training if (places := same.get(normalise(prompt.text)))}
    words = dict(exact)
    for prompt in training:
        shared = word_windows(prompt.text) & windows.keys()
        if shared:
            words[prompt.id] = set().union(*(windows[window] for window in shared), exact.get(prompt.id, set()))
    return Overlap(exact, words)
