r"""Units and marks around a quantity: ``\$5``, ``5 \text{ cm}^2``, ``12 \mathrm{m\cdot s^{-1}}``, ``12厘米``.

A word is a unit only if it is in a table or a plural noun that changes no value: "5 apples", not "5 factorial".
"""

import re
from importlib.resources import files

import yaml

_WORDS = yaml.safe_load(files(__package__).joinpath("units.yaml").read_text(encoding="utf-8"))
_KNOWN = {spelling: unit for unit, spellings in _WORDS["names"].items() for spelling in [unit, *spellings.split()]} | {
    word: word for word in _WORDS["different"].split()
}
_NO_UNIT = frozenset(_WORDS["no_unit"].split())
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "平方": 2, "立方": 3}
_POWERS_BEHIND = {"squared": 2, "cubed": 3}
_SYMBOL = re.compile(
    r"(?:da|[YZEPTGMkhdcmunpfμµ])?(?:m|g|s|A|K|mol|cd|Hz|N|Pa|J|W|C|V|F|S|T|H|eV|L|l|bar|pc|rad|sr|Wb|lm|lx|Bq|Gy|Sv|cal"
    r"|Ω|erg|dyn|G)|Å|[ACWM]h|kWh|AU|ly|rpm|mph|atm|ppm|psi|cc|ml|u|Da|dB|hertz|kelvin|celsius|fahrenheit"
)
_CHINESE = re.compile(
    rf"(?:种|个)?(?:方法|选择|可能|人|数)|[{_WORDS['counted']}]|毫升|公顷|角|分|吨|摄氏度|分米|欧姆|牛顿?|焦耳?|伏特?|安培?"
)
_NOUN = re.compile(
    r"[a-z-]{2,}[^sui]s|way|unit|people|persons?|child(?:ren)?|(?:wo)?m[ae]n|fish|sheep|mice|geese|oxen|teeth|point"
)
_NUMERAL = re.compile(
    "(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[a-z]*(?:teen|twent|thirt|fort|fift|sixt|sevent|eight|ninet|nin|eigh|fif|twelf))"
    "(?:y|ie|e)?(?:s|th|ths)?|[a-z-]*(?:hundred|thousand|illion|googol|uple|dozen|score|lakh|crore|quarter|third|fifth|half|halve|pair|gros|grosse"
    "|myriad|trio|duo|(?:co)?(?:sine|secant|tangent)|logarithm|exponent|tenth|couple|twice|double|triple|factorial|power|root|log|inverse|reciprocal|multiple|time|percent)(?:s|th|ths)?"
)
_MOST_WORDS = 4

_CONTENT = r"\\text\{(?:[^{}]|\{[^{}]*\})*\}"
_RAISED = r"(?:\^(?:-?[0-9]|\{ ?-?[0-9] ?\}))?"
_FACTOR = (
    rf"\\frac\{{ ?{_CONTENT}{_RAISED} ?\}}\{{ ?{_CONTENT}{_RAISED} ?\}}|(?:\\mu ?)?{_CONTENT}{_RAISED}"
    rf"|(?:[kMm]|\\mu ?)?\\Omega{_RAISED}"
)
_TAIL = re.compile(
    rf"(?P<body>.*?[0-9A-Za-z)}}\]]) ?(?P<unit>(?:(?: |/|\*|\\cdot ?|\\times ?)*(?:{_FACTOR}))+) ?", re.DOTALL
)
_BARE = re.compile(
    r"(?P<body>.*(?:[0-9})]|\\pi)) ?(?P<unit>[A-Za-z]{2,}(?:\^[0-9]|\^\{-?[0-9]\})?(?: [A-Za-z]+)*\.?"
    r"|[A-Za-z]+(?:/[A-Za-z]+(?:\^[0-9])?)+|[一-鿿]+(?:/[一-鿿]+)?)",
    re.DOTALL,
)
_LEADING = re.compile(r"(-? ?)(?:US|CA|HK|AU)?([$€£¥]) ?(.+)", re.DOTALL)
_ANGLE = re.compile(r"(.*\S) ?\^\\circ *(?:\\text\{ ?([CF]) ?\}|([CF]))?", re.DOTALL)
_TRIGONOMETRIC = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-z])")
_MARK = re.compile(r"(.*\S) ?([%$€£¥¢])", re.DOTALL)
_TOKEN = re.compile(r"\^\{? ?(-?[0-9])\}?|([/·*])|((?:\\mu ?)?[^\s/·*^{}\\]+)")
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
    return text, unit


def conflict(one: str | None, other: str | None) -> bool:
    """Are both units known, and not the same?"""
    return one != other and None not in {one, other} and OTHER not in {one, other}


def _last_unit(text: str) -> tuple[str, str] | None:
    if (found := _ANGLE.fullmatch(text)) is not None:
        return None if _TRIGONOMETRIC.search(text) else (found[1], OTHER if found[2] or found[3] else "degree")
    if (found := _MARK.fullmatch(text)) is not None:
        return found[1], _KNOWN[found[2]]
    if r"\text{" in text or r"\Omega" in text:
        found = _TAIL.fullmatch(text)
    bare = found is None
    if bare and (found := _BARE.fullmatch(text)) is None:
        return None
    assert found is not None  # noqa: S101 - one of the two
    name = _named(_plain(found["unit"]))
    # Letters that are no known unit are a product, 2 ab, unless they look like a word.
    if name is None or (bare and name == OTHER and not _looks_like_unit(text, found["unit"])):
        return None
    return found["body"], name


def _looks_like_unit(text: str, unit: str) -> bool:
    words = unit.split()
    return "/" in unit or not unit.isascii() or (text[-len(unit) - 1] == " " and min(map(len, words)) > len("ab"))


def _plain(unit: str) -> str:
    r"""``\frac{\text{km}}{\text{h}}`` as ``km / h``."""
    unit = re.sub(r"\\frac\{(.*)\}\{(.*)\}", r"\1 / \2", unit)
    unit = unit.replace(r"\Omega", "Ω").replace(r"\mu ", "μ").replace(r"\mu", "μ").replace(r"\circ", "°")
    return re.sub(r"\\(?:cdot|times)(?![a-z])|⋅", "·", re.sub(r"\\text\{|[()]", " ", unit).replace("μ ", "μ"))


def _named(unit: str) -> str | None:
    """One name for a known unit or product of units, ``OTHER`` for what may be dropped, None if this is no unit."""
    plain = [word.strip(".,").lower() for word in unit.replace("}", " ").split()]
    if len(plain) > 2 * _MOST_WORDS or not _NO_UNIT.isdisjoint(plain):
        return None
    powers = _factors(unit)
    if powers is None:
        return OTHER if _nouns(plain) else None
    if not powers or OTHER in powers:
        return OTHER if powers else None
    return " ".join(sorted(name if power == 1 else f"{name}^{power}" for name, power in powers.items()))


def _factors(unit: str) -> dict[str, int] | None:
    """The power of each unit in a product, nothing if a word in it is no unit."""
    powers: dict[str, int] = {}
    sign, waiting, last = 1, 1, ""
    for raised, joint, word in _TOKEN.findall(unit):
        name = word.strip(".,")
        if joint or name.lower() == "per":
            sign = sign if joint in {"·", "*"} else -1
        elif raised or name in _POWERS_BEHIND:
            if not last:
                return {}
            powers[last] *= int(raised or _POWERS_BEHIND[name])
        elif name in _POWERS:
            waiting = _POWERS[name]
        else:
            name, waiting = _prefixed(name, waiting)
            if not (last := _atom(name)):
                return None
            powers[last], waiting = powers.get(last, 0) + sign * waiting, 1
    return powers


def _prefixed(name: str, waiting: int) -> tuple[str, int]:
    return (name[2:], _POWERS[name[:2]]) if name[:2] in {"平方", "立方"} else (name, waiting)


def _atom(name: str) -> str:
    """The unit in the table, ``OTHER`` for one that is not compared, nothing for a word."""
    found = _KNOWN.get(name) or (_KNOWN.get(name.lower(), "") if len(name) > 1 else "")
    return found or (OTHER if _SYMBOL.fullmatch(name) or _CHINESE.fullmatch(name) else "")


def _nouns(words: list[str]) -> bool:
    """Words that end in a plural, without any that would change the value."""
    if not words or len(words) > _MOST_WORDS or not all(re.fullmatch("[a-z-]{3,}", word) for word in words):
        return False
    # An ordered pair is one thing, a pair two.
    values = [word for before, word in zip(["", *words], words, strict=False) if before != "ordered"]
    return _NOUN.fullmatch(words[-1]) is not None and not any(map(_NUMERAL.fullmatch, values))
