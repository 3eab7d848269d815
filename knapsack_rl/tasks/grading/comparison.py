r"""Are two answers the same? Decided here from their text where that is enough, else by the algebra passed in.

Both answers are in the spelling of ``spell``. Numbers are compared exactly, structures part by part; what remains are
pairs of expressions such as ``\sqrt{8}`` and ``2\sqrt{2}``.
"""

import re
from collections.abc import Callable, Sequence

from knapsack_rl.tasks.grading.number import based, hundredth, number, same_number
from knapsack_rl.tasks.grading.spelling import tight
from knapsack_rl.tasks.grading.structure import LIST, Parts, is_list, taken_apart, well_formed
from knapsack_rl.tasks.grading.units import conflict, split_unit

Algebra = Callable[[str, str], bool | None]
"""Judges a reference and a response that are expressions; None: not here."""

MOST_PARTS = 64
MOST_LEVELS = 8

_INDEX = r"(?: ?_ ?(?:\w|\\[A-Za-z]+|\{(?:[^{}]|\{[^{}]*\})*\}))"
_NAME = rf"(?:[A-Za-z]|\\[A-Za-z]+){_INDEX}?'*"
_NAMED = re.compile(
    rf"(?P<name>{_NAME} ?(?:\( ?{_NAME}(?: ?, ?{_NAME})* ?\))?|\\frac\{{ ?d[^{{}}]*\}}\{{ ?d[^{{}}]*\}})"
    r" ?(?:=|\\in(?![a-z])) ?(?P<value>.+)",
    re.DOTALL,
)
_RELATION = re.compile(r"[<>=]|\\(?:le|ge|ne|in|lt|gt|equiv)(?![a-z])")
_SET = re.compile(r"[<>]|\\(?:le|ge|ne|in|lt|gt|setminus|mathbb|cup|cap|emptyset)(?![a-z])")
_SYMBOL = (
    rf"(?:[A-Z]{{1,4}}|[A-Za-z]|\\(?!sqrt|frac|log|ln|exp)[A-Za-z]+(?:\{{[^{{}}]*\}})?)"
    rf"{_INDEX}?'*(?: ?\^ ?(?:\{{-1\}}|\*))?(?: ?\([^()]*\)| ?\[[^\[\]]*\])?"
)
_OPERATOR = rf"m? ?\\(?:max|min|sup|inf|lim|sin|cos|tan|cot|det|gcd|deg|arg|angle|triangle|Delta){_INDEX}? ?"
_ONE = rf"(?:{_OPERATOR})?(?:\|{_SYMBOL}\||{_SYMBOL}|\[[A-Z]+\])"
_QUANTITY = re.compile(
    rf"(?P<name>{_ONE}(?: ?[:/] ?{_ONE})*|\\frac\{{{_ONE}\}}\{{{_ONE}\}}|\( ?{_NAME}(?: ?, ?{_NAME})+ ?\))"
    r" ?= ?(?P<value>[^=]+)",
    re.DOTALL,
)
"""A name of any kind; it may be left out where its value has no letters."""
_LETTERS = re.compile(r"(?<!\\)\b[A-Za-z]+")
_WORDS = re.compile(r"(?:[A-Za-z' -]|\\text\{[A-Za-z' -]*\})+")
_CHOICE = re.compile(r"[({]*([A-J])[)}]*")
_CHOSEN = re.compile(
    r"(?:\\text\{)? ?(?:(?:[Oo]ption|[Cc]hoice|[Aa]nswer):? ?)?\(?([A-J])"
    r"(?:[).:](?!\}? ?[-+*/^_=!'])| ?\}(?= ?$| ?[).:,]| ?\\text)|$)(?P<rest>.*)",
    re.DOTALL,
)
_OTHER_CHOICE = re.compile(r"[\s,;/&}]*(?:\\text\{ ?)?\(?[A-J](?:[).:}](?!-)|$)|.*(?<!\w)\([A-J]\)(?!-)", re.DOTALL)
"""In what follows a chosen letter: one more, at once or in brackets; ``(E)-2-butene`` is none."""
_TEXT = re.compile(r"\\text\{([^{}]*)\}")


def no_algebra(_reference: str, _response: str, /) -> None:
    """For what is decided from the text alone."""


def same(reference: str, response: str, *, algebra: Algebra, level: int = 0) -> bool | None:
    """Right, wrong, or None if only algebra can tell and ``algebra`` does not."""
    if _without_text(reference) == _without_text(response):
        return True
    if level > MOST_LEVELS:
        return False
    if (chosen := _choice(reference, response)) is not None:
        return chosen
    if (spoken := _words(reference, response)) is not None:
        return spoken
    return well_formed(response) and _same_values(reference, response, algebra=algebra, level=level)


def _same_values(reference: str, response: str, *, algebra: Algebra, level: int) -> bool | None:
    if (written := _numbers(reference, response)) is not None:
        return written
    whole, given = taken_apart(reference), taken_apart(response)
    if (bare := _without_names(reference, response)) != (reference, response):
        return bare is not None and same(*bare, algebra=algebra, level=level + 1)
    if whole is None and given is None:
        if ("=" in reference) != ("=" in response):
            return False
        return algebra(split_unit(reference)[0], split_unit(response)[0])
    alike = _same_parts(
        whole or Parts(LIST, (reference,)),
        given or Parts(LIST, (response,)),
        algebra=lambda one, other: same(one, other, algebra=algebra, level=level + 1),
    )
    return _as_relation(reference, response, algebra=algebra) if alike is False else alike


def _as_relation(reference: str, response: str, *, algebra: Algebra) -> bool | None:
    r"""An interval may be given as an inequality: ``[-2, 7]`` and ``-2 \le x \le 7``."""
    signs = [_SET.search(text) for text in (reference, response)]
    if any(signs) and all(sign or taken_apart(text) for sign, text in zip(signs, (reference, response), strict=True)):
        return algebra(reference, response)
    return False


def _choice(reference: str, response: str) -> bool | None:
    """A letter A to J is met by the letter alone, in brackets, or with the text of its choice; not by two letters."""
    if (wanted := _CHOICE.fullmatch(_without_text(reference))) is None:
        return None
    if (alone := _CHOICE.fullmatch(_without_text(response))) is not None:
        return alone[1] == wanted[1]
    given = _CHOSEN.fullmatch(response)
    return given is not None and given[1] == wanted[1] and _OTHER_CHOICE.match(given["rest"]) is None


def _without_text(answer: str) -> str:
    r"""``\text{June 20}`` as ``June20``."""
    return tight(_TEXT.sub(r"\1", answer))


def _words(reference: str, response: str) -> bool | None:
    r"""Words are compared without regard to case, blanks and ``\text``; None if the reference is no word."""
    if not _WORDS.fullmatch(reference):
        return None
    if r"\text" not in reference and not re.search(r"[A-Za-z]{4}|^(?:yes|no|odd)$", reference, re.IGNORECASE):
        return None
    return _spoken(reference) == _spoken(response)


def _spoken(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+|[^\w\s{}]", text.replace(r"\text", ""))).casefold()


def _without_names(reference: str, response: str) -> tuple[str, str] | None:
    """Both without the name they are given to, ``x = 5``; None if the names differ. Lists stay as they are."""
    related = _RELATION.search(reference), _RELATION.search(response)
    if not any(related) or is_list(reference) or is_list(response):
        return reference, response
    wanted, given = (_NAMED.fullmatch(text) or _QUANTITY.fullmatch(text) for text in (reference, response))
    if wanted is not None and given is not None:
        if tight(wanted["name"]) == tight(given["name"]):
            return wanted["value"], given["value"]
        return (reference, response) if _LETTERS.search(wanted["value"]) else None
    if wanted is not None and not related[1] and _may_be_left_out(reference, wanted):
        return wanted["value"], response
    if not related[0] and ("=" in response or given is not None):
        return reference, _said(given["value"] if given is not None else response)
    return reference, response


def _said(equation: str) -> str:
    """The value at the end of ``m + n = 5``, or at the start of ``5 = m + n``."""
    left, _, right = (side.strip() for side in equation.partition("="))
    return left if number(left) and _LETTERS.search(right) else equation.rpartition("=")[2].strip()


def _may_be_left_out(reference: str, wanted: re.Match[str]) -> bool:
    """MR = SRMC is an equation, AB = 5 names a length."""
    return bool(_NAMED.fullmatch(reference)) or not _LETTERS.search(split_unit(wanted["value"])[0])


def _numbers(reference: str, response: str) -> bool | None:
    """Two written numbers with their units and bases, None if one of them is no number."""
    wanted_digits, given_digits = based(reference), based(response)
    if wanted_digits or given_digits:
        wanted_digits = wanted_digits or based(f"{reference}_10")
        return wanted_digits is not None and wanted_digits == (given_digits or based(f"{response}_10"))
    (body, unit), (given_body, given_unit) = split_unit(reference), split_unit(response)
    wanted, given = number(body), number(given_body)
    if conflict(unit, given_unit):
        return False
    if wanted is None or given is None:
        return None
    if same_number(wanted, given):
        return True
    if "%" in {unit, given_unit} and unit != given_unit:  # 62.5% is 0.625, and 62.5 per cent
        percent, plain = (wanted, given) if unit == "%" else (given, wanted)
        return same_number(hundredth(percent), plain)
    return False


def _same_parts(whole: Parts, given: Parts, *, algebra: Algebra) -> bool | None:
    if whole.kind != given.kind or len(whole.parts) != len(given.parts) or len(whole.parts) > MOST_PARTS:
        return False
    if whole.ordered:
        return _every([algebra(one, other) for one, other in zip(whole.parts, given.parts, strict=True)])
    return _matched(whole.parts, given.parts, algebra=algebra)


def _matched(wanted: Sequence[str], given: Sequence[str], *, algebra: Algebra) -> bool | None:
    """Does every wanted part have a given one of its own? None as soon as one pair needs algebra."""
    left, verdict = list(given), True
    for one in wanted:
        judged = [algebra(one, other) for other in left]
        if True in judged:
            left.pop(judged.index(True))
        elif None in judged:
            verdict = False
        else:
            return False
    return True if verdict else None


def _every(verdicts: Sequence[bool | None]) -> bool | None:
    if False in verdicts:
        return False
    return None if None in verdicts else True
