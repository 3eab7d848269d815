r"""One spelling for answers that differ in layout only: ``\left(\dfrac12, 3\right).`` becomes ``(\frac{1}{2}, 3)``."""

import re

from knapsack_rl.tasks.grading.characters import to_ascii

_FUNCTIONS = "arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|log|ln|exp|sqrt|pi|min|max|gcd|lcm"
_FONTS = (
    "operatorname|mathrm|mathbf|mathit|mathsf|mathtt|boldsymbol|bm|textbf|textrm|textit|textnormal|emph|mbox|hbox"
    "|underline"
)
_SYMBOLS = "pi|alpha|beta|gamma|theta|lambda|mu|phi|varphi|omega"
_SIZES = (
    "left|right|displaystyle|textstyle|limits|bigl|bigr|Bigl|Bigr|biggl|biggr|Biggl|Biggr|big|Big|bigg|Bigg"
    "|Large|large|LARGE|Huge|huge|small|normalsize|bf|boldmath"
)
_BOLD = "mathbf|boldsymbol|bm|textbf|mathit"

_CHINESE = "(?:或者?|和|与|以及)"
_SYSTEM = re.compile(
    r"(?:\\left ?\\\{\s*)?\\begin\{(cases|aligned|align\*?|gathered|split|array)\}"
    r"(?:\{[lcr| ]*\})?(.*)\\end\{\1\}(?:\s*\\right\.)?",
    re.DOTALL,
)
_ORDER = re.compile(r"[<>≤≥]|\\(?:le|ge|lt|gt)[a-z]*(?![a-z])")
_OR = re.compile(r",?\s*(?:\\(?:text|mathrm|mbox)\{\s*(?:or|或者?)\s*\}|(?<=\s)or(?=\s)|\\(?:lor|vee)(?![a-z])|或)\s*")
_WRAPPED = re.compile(
    rf"(?:\\(?:{_BOLD})\s*)?\{{((?:[^{{}}]|\{{(?:[^{{}}]|\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}})*\}})*)\}}"
)
_NAME = re.compile(r"\s*\\?[A-Za-z]+(?:_\S+|\([^()]*\))?\s*")

_RARE = re.compile(
    rf"mod|:|\\(?:tag|label|(?:text)?color|text ?\{{ ?for|forall|mathbb|Bbb|[RZNQC](?![A-Za-z])"
    rf"|dot|choose|smallsetminus|backslash|{_BOLD})"
)
"""Signs of what the next rules are for; most answers have none."""
_RARE_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\(?:tag|label)\*?\{[^{}]*\}|\\(?:text)?color(?:\[\w*\])?\{[^{}]*\}", ""),
        (r"(?<=\S),?\s*(?:\\text\{\s*for (?:all|every|any|each)\b|\\forall(?![a-z])).*$", ""),
        (r"\\(?:mathbb|Bbb)\s*\{?\s*([A-Z])\s*\}?|\\([RZNQC])(?![A-Za-z])", r"\\mathbb{\1\2}"),
        (r"\\p?mod(?![a-z])\s*\{?\s*(\w+)\s*\}?|\(\s*(?:\\\w+\{\s*)?mod\s*\}?\s*(\w+)\s*\)", r"\\pmod{\1\2}"),
        (r"\.([0-9]*)\\dot\s*\{?([0-9])\}?(?:([0-9]*)\\dot\s*\{?([0-9])\}?)?", r".\1\\overline{\2\3\4}"),
        (r"\{([^{}\\]*?)\s*\\choose\s*([^{}\\]*)\}", r"\\binom{\1}{\2}"),
        (r"\\smallsetminus(?![a-z])|\\backslash(?![a-z])", r"\\setminus"),
        (r"\\\{ ?(\w)(?: ?\\in ?\\mathbb\{R\})? ?: ?(?=[^{}]*[<>\\])", r"\\{\1 \\mid "),
        (rf"\\(?:{_BOLD})\s*\{{([^{{}}]*[=<>+*/^0-9][^{{}}]*)\}}", r"\1"),
    )
)
_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # A matrix's line break with its space.
        (r"\\\\\[[0-9.]+ ?(?:pt|em|ex|mm|cm)\]", r"\\\\"),
        # Delimiters of formulas; what is left of $ is the currency.
        (r"(?<!\\)(?:\$|\\[()\[\]])", ""),
        (r"\\\$", "$"),
        (r"^\*\*(.*)\*\*$", r"\1"),
        # Groups of three digits.
        (r"(?<=[0-9])(?:\{,\}|,\s*\\!)\s*(?=[0-9]{3})", ""),
        (r"(?<=[0-9])(?:\\[,;: ]|~)+(?=[0-9]{3}(?![0-9]))", ""),
        # Layout.
        (rf"\\(?:{_SIZES})(?![A-Za-z])\.?", ""),
        (r"(?<!\\)\\!", ""),
        (r"(?<!\\)\\[,;:> ]|~|\\q?quad(?![A-Za-z])", " "),
        (r"\\%|\\text\{\s*(?:%|\\%|percent)\s*\}", "%"),
        (r"(?<=\{)\s+|\s+(?=\})", ""),
        # One name for one thing.
        (r"\\[dtc]frac(?![a-z])", r"\\frac"),
        (r"\\[dt]binom(?![a-z])", r"\\binom"),
        (r"\\(le|ge|ne)(?:q|qslant|qq)(?![a-z])", r"\\\1"),
        (r"\\lbrace(?![a-z])", r"\\{"),
        (r"\\rbrace(?![a-z])", r"\\}"),
        (r"\\varnothing(?![a-z])|\\\{\s*\\\}", r"\\emptyset"),
        (r"\^\s*\{\s*\\(?:circ|degree)\s*\}|\^\s*\\circ(?![a-z])|\\degrees?(?![a-z])", r"^\\circ "),
        (r"\\(?:mathrm|text|operatorname)\s*\{\s*([ied])\s*\}", r"\1"),
        (rf"\\(?:{_FONTS})\s*(?=\{{)", r"\\text"),
        (r"\\text\s+\{", r"\\text{"),
        *(
            (
                rf"(?<=[0-9])\s*(?:{word}s?(?![A-Za-z])|(\\text\{{)\s*{word}s?(?![A-Za-z])\s*)",
                rf"\\times 10^{{{power}}}\1",
            )
            for word, power in (("thousand", 3), ("million", 6), ("billion", 9), ("trillion", 12))
        ),
        (r"\\text\{\s*\}", ""),
        (r"\\text\{\s*([$€£¥])\s*\}", r"\1"),
        (r"\\text\{\s*([0-9][0-9.,]*)\s+([A-Za-z ]+)\}", r"\1 \\text{\2}"),
        (r"\\text\{\s*([0-9.,/ -]+)\s*\}", r"\1"),
        (rf"\\text\{{({_FUNCTIONS})\}}", r"\\\1 "),
        (r"(?:np|numpy|math)\.(?=[a-z])", ""),
        (rf"(?<![\\A-Za-z])({_FUNCTIONS})(?![A-Za-z])(?!\s*[a-zA-Z]{{2}})", r"\\\1 "),
        (r"\\sqrt\s*\(([^()]*)\)", r"\\sqrt{\1}"),
        (r"\*\*", "^"),
        (r"\\infin(?![a-z])|(?<=[-+(,\[ ])oo(?=[),\] ])", r"\\infty"),
        (r"\+\s*\\infty", r"\\infty"),
        # Braces that TeX lets one leave out, and those it does not need.
        (r"\\frac\s*([^\s{\\])", r"\\frac{\1}"),
        (rf"\\frac\s*(\\(?:{_SYMBOLS}))(?![A-Za-z])\s*", r"\\frac{{\1}}"),
        (r"\\binom\s*([^\s{\\])\s*([^\s{\\])", r"\\binom{\1}{\2}"),
        (r"\\frac\s+\{", r"\\frac{"),
        (rf"(\\frac\{{[^{{}}]*\}})\s*([^\s{{\\]|\\(?:{_SYMBOLS})(?![A-Za-z]))", r"\1{\2}"),
        (r"\\sqrt\s*([^\s{\[\\])", r"\\sqrt{\1}"),
        (r"\}\s+\{", "}{"),
        (r"([\^_])\s*\{\s*([A-Za-z0-9])\s*\}", r"\1\2"),
        (r"\\log\s*_\s*([A-Za-z0-9])\s*", r"\\log_{\1}"),
        # Lists in words.
        (r",?\s*\\text\{\s*,?\s*(?:and|or)\s*,?\s*\}\s*,?", ", "),
        (r",?\s+(?:and|or)\s+", ", "),
        (rf",?\s*(?:\\text\{{\s*{_CHINESE}\s*\}}|{_CHINESE})\s*,?", ", "),
        (r"^\s*\\approx", ""),
        (r"\s+", " "),
    )
)
_BLANKS = re.compile(r"(?<![0-9])\s+|\s+(?![0-9\s])")
_TRAILING = " .,;:\\"


def spell(answer: str) -> str:
    """The answer in the one spelling. Steps are linear in its length, and few."""
    answer = _unwrapped(_system(to_ascii(answer)))
    if _ORDER.search(answer):
        answer = _OR.sub(r" \\cup ", answer)
    for pattern, replacement in (*_RARE_RULES, *_RULES) if _RARE.search(answer) else _RULES:
        answer = pattern.sub(replacement, answer)
    # An exact value with its rounding, "\frac{1}{3} \approx 0.33", is the exact value; "x \approx 0.33" is 0.33.
    exact, _, rounded = answer.partition(r"\approx")
    answer = (rounded if rounded and _NAME.fullmatch(exact) else exact).strip()
    return _unwrapped(answer).rstrip(_TRAILING)


def _unwrapped(answer: str) -> str:
    """Without braces and bold type around the whole."""
    answer = answer.strip()
    while r"\choose" not in answer and (wrapped := _WRAPPED.fullmatch(answer)) is not None:
        answer = wrapped[1].strip()
    return answer


def _system(answer: str) -> str:
    """A frame of one cell as its content, a system of equations as their list."""
    if (found := _SYSTEM.fullmatch(answer.strip(" $\n"))) is None:
        return answer
    rows = [re.sub(r"&\s*(?==)|^\s*&", "", row).strip(" ,;\n") for row in re.split(r"\\\\(?:\[\w*\])?", found[2])]
    rows = [row for row in rows if row]
    if any("&" in row for row in rows) or (
        found[1] == "array" and len(rows) > 1 and not all("=" in row for row in rows)
    ):
        return answer
    return ", ".join(rows)


def tight(answer: str) -> str:
    """Without blanks, those between two digits excepted: answers that agree here are the same text."""
    return _BLANKS.sub("", answer)
