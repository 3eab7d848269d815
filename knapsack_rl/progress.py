"""Progress of long work, a bar on a terminal, one line every few seconds in a plain log (tqdm)."""

import sys
from typing import Self

from tqdm import tqdm

LOG_INTERVAL_S = 10.0


class Progress:
    """``with Progress("train", total=60, start=20) as p: p.update(21, reward="0.41")``.

    On a terminal it is tqdm's bar; in a log every line is whole and ends in a line break.
    """

    def __init__(self, label: str, *, total: int, start: int = 0, unit: str = "step") -> None:
        terminal = sys.stderr.isatty()
        fields = "{desc}: {n_fmt}/{total_fmt}{postfix} [{elapsed}<{remaining}, {rate_fmt}]"
        self._bar = tqdm(
            total=total,
            initial=start,
            desc=label,
            unit=unit,
            file=sys.stderr,
            mininterval=0.1 if terminal else LOG_INTERVAL_S,
            maxinterval=LOG_INTERVAL_S,
            miniters=1,
            bar_format=None if terminal else fields + "\n",
            leave=True,
            smoothing=0.1,
        )

    def update(self, step: int, /, **facts: str) -> None:
        """Move to ``step`` and show ``facts``."""
        self._bar.set_postfix(facts, refresh=False)
        self._bar.update(step - self._bar.n)

    def advance(self, **facts: str) -> None:
        """Move one step and show ``facts``."""
        self.update(self._bar.n + 1, **facts)

    def __enter__(self) -> Self:
        """The progress itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Draw the last state and close."""
        self._bar.close()
