"""A study's problems as rows of verl's data set: chat messages, and what the reward needs to judge an answer."""

from collections.abc import Mapping
from typing import Any

from knapsack_rl.base.types import Prompt
from knapsack_rl.config import PromptConfig
from knapsack_rl.tasks.templates import fill, get_template

SOURCE = "knapsack_rl"
TRAIN = f"{SOURCE}/train"
"""``data_source`` of training problems; of a benchmark's, ``knapsack_rl/<benchmark>``."""
RAW_TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"
"""Chat template of a model that is asked without one: the text as it is."""


def problem_row(prompt: Prompt, wording: PromptConfig, *, source: str) -> dict[str, Any]:
    """One row.

    Args:
        prompt: the problem.
        wording: its template; without ``chat`` the message is the whole text, for `RAW_TEMPLATE`.
        source: its ``data_source``.
    """
    return {
        "data_source": source,
        "prompt": problem_messages(prompt.text, wording),
        "reward_model": {"style": "rule", "ground_truth": prompt.answer},
        "extra_info": {"index": prompt.id, "text": prompt.text, "kind": prompt.kind},
    }


def problem_messages(text: str, wording: PromptConfig) -> list[dict[str, str]]:
    """What a model is told, in order."""
    template = get_template(wording.template)
    if not wording.chat:
        return [{"role": "user", "content": fill(template.raw, text)}]
    system = [{"role": "system", "content": template.system}] if template.system else []
    return [*system, {"role": "user", "content": fill(template.user, text)}]


def problem_of(row: Mapping[str, Any]) -> Prompt:
    """The problem of a row, back again."""
    extra = row["extra_info"]
    return Prompt(
        id=str(extra["index"]),
        text=str(extra["text"]),
        answer=str(row["reward_model"]["ground_truth"]),
        kind=str(extra["kind"]),
    )
