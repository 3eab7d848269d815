"""Process that compares expressions, started by the pool.

It reads lists of pairs from the socket and answers one byte per pair. Each pair has a limit of processor time (so that
a busy machine changes no verdict) and the process one of memory. A loop in Python is interrupted; a loop in C, such as
a power of astronomic size, ends the process, which the pool notices and replaces.
"""

import sys
from multiprocessing.connection import Connection

from knapsack_rl.tasks.grading.comparison import same
from knapsack_rl.tasks.grading.spelling import spell
from knapsack_rl.tasks.isolation.process import TIMEOUT, OutOfTime, limit_process, limited, serve

SOFT_LIMIT_S = 1.0
HARD_LIMIT_S = 1.5
RIGHT, WRONG = b"1", b"0"


def compare(reference: str, response: str) -> bytes:
    """``RIGHT``, ``WRONG``, or ``TIMEOUT`` if time or memory ran out."""
    from knapsack_rl.tasks.grading.sets import equal

    try:
        with limited(SOFT_LIMIT_S, hard_s=HARD_LIMIT_S):
            return RIGHT if same(spell(reference), spell(response), algebra=equal) else WRONG
    except (OutOfTime, MemoryError):
        return TIMEOUT
    except Exception:  # noqa: BLE001 - an answer on which sympy fails is not the reference; it was written by a model
        return WRONG


def main() -> None:
    """Serve the socket whose file descriptor is the first argument."""
    import math_verify  # noqa: F401 - slow, so before the first pair's clock

    limit_process()
    serve(Connection(int(sys.argv[1])), compare)
