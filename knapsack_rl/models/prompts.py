"""From a problem to token ids, and the tokens that end a response: what a tokenizer adds to a template."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import PromptConfig
from knapsack_rl.tasks.templates import Template, fill, get_template

REFUSALS = (TemplateError, TypeError, ValueError, KeyError, IndexError, AttributeError)
"""What a chat template does that does not expect a message: its author's words, or whatever its expressions raise."""

Encode = Callable[[str], Sequence[int]]
"""Token ids of the prompt that is made of a problem's text."""


def prompt_encoder(tokenizer: PreTrainedTokenizerBase, prompt: PromptConfig) -> Encode:
    """Encoder of problems in the template of ``prompt``, by the model's chat template or raw.

    Raises:
        ConfigError: unknown template, or ``chat`` with a tokenizer that has no chat template.
    """
    template = get_template(prompt.template)
    if not prompt.chat:
        raw = template.raw
        return lambda text: list(tokenizer(fill(raw, text), add_special_tokens=not template.special)["input_ids"])
    if not tokenizer.chat_template:
        raise ConfigError("prompt.chat: the tokenizer has no chat template; set prompt.chat: false (a base model)")
    return lambda text: list(
        tokenizer(_render(tokenizer, template, prompt=prompt, problem=text), add_special_tokens=False)["input_ids"]
    )


def stop_tokens(tokenizer: PreTrainedTokenizerBase, folder: Path, *, prompt: PromptConfig) -> tuple[int, ...]:
    """Ids that end a response, in ascending order.

    The tokenizer's end of sequence, those of ``generation_config.json`` and ``config.json``, and the token that ends a
    turn: base models ship a chat template whose turns end in another token than their own end of sequence.

    Raises:
        ConfigError: there is none.
    """
    found = {tokenizer.eos_token_id, *_listed(folder), *_of_names(tokenizer, get_template(prompt.template).stops)}
    if prompt.chat:
        found.add(_end_of_turn(tokenizer))
    if not (stops := tuple(sorted(token for token in found if token is not None))):
        raise ConfigError(
            f"{folder}: names no token that ends a response, so that every response would be cut off and earn nothing;"
            " add eos_token_id to its generation_config.json"
        )
    return stops


def _render(tokenizer: PreTrainedTokenizerBase, template: Template, *, prompt: PromptConfig, problem: str) -> str:
    system = [{"role": "system", "content": template.system}] if template.system else []
    messages = [*system, {"role": "user", "content": fill(template.user, problem)}]
    options: dict[str, Any] = {} if prompt.thinking is None else {"enable_thinking": prompt.thinking}
    try:
        text = str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, **options))
    except REFUSALS as error:
        raise ConfigError(
            f"prompt.chat: the chat template refuses the messages of template {prompt.template!r} ({error});"
            " choose another template or chat: false"
        ) from None
    opening = fill(template.opening, problem)
    return text if text.rstrip().endswith(opening.rstrip()) else text + opening


def _listed(folder: Path) -> set[int]:
    """End-of-sequence ids of ``generation_config.json`` and ``config.json``: one id, a list of them, or none."""
    found: set[int] = set()
    for name in ("generation_config.json", "config.json"):
        if (folder / name).is_file():
            settings = _settings(folder / name)
            text_part = settings.get("text_config")  # of models that read pictures as well
            for part in (settings, text_part if isinstance(text_part, dict) else {}):
                found |= _ids(part.get("eos_token_id"), folder / name)
    return found


def _ids(listed: object, path: Path) -> set[int]:
    ids: list[Any] = [] if listed is None else listed if isinstance(listed, list) else [listed]
    for token in ids:
        if not isinstance(token, int) or isinstance(token, bool):
            raise ConfigError(f"{path}: eos_token_id is {listed!r}; give a token's number, or a list of them")
    return {token for token in ids if token >= 0}  # -1 is how some say that there is none


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        settings = None
    if not isinstance(settings, dict):
        raise ConfigError(f"{path}: is no JSON object; copy the model's folder again")
    return settings


def _of_names(tokenizer: PreTrainedTokenizerBase, names: Sequence[str]) -> set[int]:
    vocabulary = tokenizer.get_vocab()
    return {vocabulary[name] for name in names if name in vocabulary}


def _end_of_turn(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """The added token that the chat template writes right after a response, None if it writes none."""
    mark = "response"
    messages = [{"role": "user", "content": "problem"}, {"role": "assistant", "content": mark}]
    try:
        text = str(tokenizer.apply_chat_template(messages, tokenize=False))
    except REFUSALS:
        return None  # written for prompts alone: the end of sequence has to do
    after = tokenizer(text.rpartition(mark)[2], add_special_tokens=False)["input_ids"]
    return after[0] if after and after[0] in tokenizer.added_tokens_decoder else None
