"""From the tokens of a response to its text."""

from collections.abc import Sequence
from functools import lru_cache

from transformers import PreTrainedTokenizerBase

from knapsack_rl.tasks.grading.box import CLOSE_THOUGHT, OPEN_THOUGHT


def response_text(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[int]) -> str:
    """The text without special tokens, but with the marks of thoughts, which some models have as special tokens.

    Without them a grader would take what was only thought for the answer.
    """
    dropped = _dropped_but_marks(tokenizer)
    if dropped is None:
        return str(tokenizer.decode(list(tokens), skip_special_tokens=True))
    return str(tokenizer.decode([token for token in tokens if token not in dropped], skip_special_tokens=False))


@lru_cache(maxsize=8)
def _dropped_but_marks(tokenizer: PreTrainedTokenizerBase) -> frozenset[int] | None:
    """Special tokens that are no marks of thoughts; None if no mark is special, and all of them are to go."""
    special = {number: token.content for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    marks = {number for number, content in special.items() if content.strip() in (OPEN_THOUGHT, CLOSE_THOUGHT)}
    return frozenset(special) - marks if marks else None
