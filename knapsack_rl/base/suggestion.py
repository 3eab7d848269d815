"""What to say about a name that is not known: the nearest one, and all that are."""

from collections.abc import Iterable
from difflib import get_close_matches

CUTOFF = 0.5
"""Least similarity of a suggestion, in ``difflib``'s measure from 0 to 1."""


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name most like ``name``, None if none is: ``nearest("knapsak", ["knapsack", "uniform"])``."""
    near = get_close_matches(str(name), list(known), n=1, cutoff=CUTOFF)
    return near[0] if near else None


def suggest(name: object, known: Iterable[str], *, otherwise: str = "") -> str:
    """``did you mean 'knapsack'?``, or ``otherwise`` where nothing is alike."""
    near = nearest(name, known)
    return f"did you mean {near!r}?" if near else otherwise


def suggest_and_list(name: object, known: Iterable[str]) -> str:
    """``did you mean 'knapsack'? known: knapsack, uniform``; without the question where nothing is alike."""
    names = list(known)
    return " ".join(filter(None, [suggest(name, names), f"known: {', '.join(names)}"]))
