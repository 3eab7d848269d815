r"""Units and marks around a quantity: ``\$5``, ``5 \text{ cm}^2``, ``5 inches``, ``90^\circ``, ``62.5%``."""

import re

_NAMES = {
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre centimetres",
    "m": "m meter meters metre metres",
    "km": "km kilometer kilometers kilometre kilometres",
    "in": "in inch inches",
    "ft": "ft foot feet",
    "yd": "yd yard yards",
    "mi": "mi mile miles",
    "mg": "mg milligram milligrams",
    "g": "g gm gram grams",
    "kg": "kg kilogram kilograms",
    "lb": "lb lbs pound pounds",
    "oz": "oz ounce ounces",
    "s": "s sec second seconds",
    "min": "min mins minute minutes",
    "h": "h hr hrs hour hours",
    "am": "am a.m",
    "pm": "pm p.m",
    "day": "day days",
    "week": "week weeks",
    "month": "month months",
    "year": "year years",
    "$": "$ dollar dollars usd",
    "cent": "cent cents ¢",
    "€": "€ euro euros",
    "£": "£",
    "¥": "¥ yen",
    "degree": "degree degrees deg",
    "radian": "rad radian radians",
    "%": "% percent percents",
}
_DIFFERENT = (
    "january february march april may june july august september october november december north south east west"
)
"""Words behind a number that are not to be mixed up."""
_KNOWN = {spelling: unit for unit, spellings in _NAMES.items() for spelling in spellings.split()} | {
    word: word for word in _DIFFERENT.split()
}
_POWERS = {"square": "2", "sq": "2", "cubic": "3", "cu": "3", "squared": "2", "cubed": "3"}
_CONDITIONS = "if when for where mod and or not to the is are all base"
_AMOUNTS = "dozen hundred thousand million billion trillion half halves thirds tenths hundredths thousandths"
_NO_UNIT = frozenset(f"{_CONDITIONS} {_AMOUNTS}".split())
"""Words that change what an answer says."""
_MOST_WORDS = 3
_WORD = 3

_TEXT = re.compile(r"(.*?\S) ?\\text\{([^{}0-9]*)\}(?:\^\{?(-?[0-9])\}?)?", re.DOTALL)
_BARE = re.compile(r"(.*(?:[0-9})]|\\pi))( ?)([A-Za-z]{2,}(?: [A-Za-z]+)*)\.?(?:\^\{?(-?[0-9])\}?)?", re.DOTALL)
_LEADING = re.compile(r"(-? ?)([$€£¥]) ?(.+)", re.DOTALL)
_ANGLE = re.compile(r"(.*\S) ?\^\\circ *", re.DOTALL)
_MARK = re.compile(r"(.*\S) ?([%$€£¥¢])", re.DOTALL)
_JOINT = re.compile(r"(?: |/|\\cdot|\\times|\*|\^)+$")
OTHER = "?"
"""A unit that is not in the table: it is dropped and never compared."""


def split_unit(text: str) -> tuple[str, str | None]:
    """The quantity, and the name of its unit: None without one, ``OTHER`` for one that is in no table."""
    unit = None
    if (found := _LEADING.fullmatch(text)) is not None:
        text, unit = found[1] + found[3], found[2]
    while (stripped := _last_unit(text)) is not None:
        text, last = stripped
        unit = last if unit in {None, last} else OTHER
        shorter = _JOINT.sub("", text)
        if shorter != text:  # metres per second: one more is to come
            text, unit = shorter, OTHER
    return text, unit


def conflict(one: str | None, other: str | None) -> bool:
    """Are both units known, and not the same?"""
    return one != other and None not in {one, other} and OTHER not in {one, other}


def _last_unit(text: str) -> tuple[str, str] | None:
    if (found := _ANGLE.fullmatch(text)) is not None:
        return found[1], "degree"
    if (found := _MARK.fullmatch(text)) is not None:
        return found[1], _KNOWN[found[2]]
    if text.endswith(("}", *"0123456789")) and (found := _TEXT.fullmatch(text)) is not None:
        return _named(found[1], found[2], power=found[3])
    if (found := _BARE.fullmatch(text)) is None:
        return None
    named = _named(found[1], found[3], power=found[4])
    # Letters that are no known unit are a product, 2 ab, unless they look like a word.
    if named is not None and named[1] == OTHER and not (found[2] and min(map(len, found[3].split())) >= _WORD):
        return None
    return named


def _named(body: str, words: str, *, power: str | None) -> tuple[str, str] | None:
    """The body and its unit, None if these words are no unit."""
    names = words.strip(" .").lower().split()
    if len(names) > _MOST_WORDS or not _NO_UNIT.isdisjoint(names):
        return None
    powers = [_POWERS[name] for name in names if name in _POWERS]
    names = [name for name in names if name not in _POWERS]
    if not names:  # 5 squared
        return None
    raised = powers[0] if powers else power
    if len(names) == 1 and names[0] in _KNOWN:
        return body, _KNOWN[names[0]] + (f"^{raised}" if raised else "")
    return body, OTHER
