"""Prompt templates by name: what is put around a problem before a model sees it. Pure text; no tokenizer here.

A chat model gets ``system`` and ``user`` as messages through its own chat template; a base model gets ``raw``.
"""

from dataclasses import dataclass

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.suggestion import suggest_and_list

PLACE = "{problem}"
ANSWER_LINE, BOXED, BARE_NUMBER = ANSWER_STYLES = "answer_line", "boxed", "bare_number"
"""How a template may ask for the final answer, and a grader read it."""
_REASON = "Please reason step by step, and put your final answer within \\boxed{}."
_DAPO = (
    "Solve the following math problem step by step. The last line of your response should be of the form"
    " Answer: $Answer (without quotes) where $Answer is the answer to the problem.\n\n{problem}\n\n"
    'Remember to put your answer on its own line after "Answer:".'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    r"""Wording around a problem. Example: ``Template(user="{problem} Be brief.", raw="{problem} Be brief.\n")``."""

    user: str
    """Message of the user, with ``{problem}`` where the problem goes."""
    raw: str
    """Whole text for a model without a chat template."""
    system: str | None = None
    """Message of the system, None for none."""
    opening: str = ""
    """First characters of the response, given with the prompt unless the chat template writes them itself; the
    problem may stand in them."""
    answer_style: str | None = None
    """How the final answer is asked for: ``answer_line``, ``boxed``, ``bare_number``, None where nothing is said."""
    special: bool = False
    """``raw`` spells special tokens out, so the tokenizer must not add its own."""
    stops: tuple[str, ...] = ()
    """Tokens that end a turn in ``raw``; those the tokenizer lacks are left out."""


TEMPLATES = {
    # The problem as it is.
    "plain": Template(user=PLACE, raw=PLACE),
    # BytedTsinghua-SIA/DAPO, the wording of its training and test prompts; one user message, no system message.
    "dapo": Template(user=_DAPO, raw=_DAPO, answer_style=ANSWER_LINE),
    # agentica-project/deepscaler, suffix of its data sets.
    "boxed": Template(
        user=PLACE + " Let's think step by step and output the final answer within \\boxed{}.",
        raw=PLACE + " Let's think step by step and output the final answer within \\boxed{}.",
        answer_style=BOXED,
    ),
    # For bare expressions, `3 + 4`, and small chat models that answer without working. The equation is begun for them:
    # of itself a model of 135M parameters hardly ever replies with a number alone.
    "equation": Template(
        user=f"What is {PLACE}? Reply with the number only.",
        raw=f"What is {PLACE}? Reply with the number only.\n{PLACE} = ",
        opening=f"{PLACE} = ",
        answer_style=BARE_NUMBER,
    ),
    # QwenLM/Qwen2.5-Math, the chain-of-thought prompt of its evaluation; its base models are asked in ChatML too.
    "qwen_math": Template(
        system=_REASON,
        user=PLACE,
        raw=f"<|im_start|>system\n{_REASON}<|im_end|>\n<|im_start|>user\n{PLACE}<|im_end|>\n<|im_start|>assistant\n",
        answer_style=BOXED,
        special=True,
        stops=("<|im_end|>",),
    ),
    # deepseek-ai/DeepSeek-R1, usage advice: no system message, the request for a box in the user's, thoughts opened.
    "r1_distill": Template(
        user=f"{PLACE}\n{_REASON}",
        raw=f"<｜begin▁of▁sentence｜><｜User｜>{PLACE}\n{_REASON}<｜Assistant｜><think>\n",  # noqa: RUF001 - its tokens
        opening="<think>\n",
        answer_style=BOXED,
        special=True,
    ),
}


def template_names() -> tuple[str, ...]:
    """Names that ``prompt.template`` may take."""
    return tuple(TEMPLATES)


def get_template(name: str) -> Template:
    """The template of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in TEMPLATES:
        raise ConfigError(f"prompt.template: unknown template {name!r}; {suggest_and_list(name, TEMPLATES)}")
    return TEMPLATES[name]


def fill(text: str, problem: str) -> str:
    r"""``text`` with the problem in its place; braces elsewhere, as in ``\boxed{}``, mean nothing."""
    return text.replace(PLACE, problem)
