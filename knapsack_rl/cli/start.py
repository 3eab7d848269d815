"""Where `knapsack-rl` starts: Ctrl-C while modules are loaded, which takes seconds with torch, is one line as well.

Of a run's ranks none says anything: the process that launched them does.
"""

import os
import signal
import sys
from types import FrameType

from knapsack_rl.base.errors import INTERRUPTED
from knapsack_rl.base.ranks import is_rank


def _stop(_: int, __: FrameType | None) -> None:
    """Nothing has been started yet that would have to be put away."""
    if not is_rank(os.environ):
        sys.stderr.write("interrupted before anything was started\n")
        sys.stderr.flush()
    os._exit(INTERRUPTED)


signal.signal(signal.SIGINT, _stop)


def run() -> None:
    """The command line; a rank keeps the silent end until it has joined the others (see ``train.launch.as_rank``)."""
    from knapsack_rl.cli.main import run as run_command

    if not is_rank(os.environ):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run_command()


if __name__ == "__main__":
    run()
