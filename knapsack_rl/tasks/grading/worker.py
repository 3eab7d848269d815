"""Process that compares expressions, started by the pool.

It reads lists of pairs from the socket and answers one byte per pair. Each pair has a limit of processor time (so that
a busy machine changes no verdict) and the process one of memory. A loop in Python is interrupted; a loop in C, such as
a power of astronomic size, ends the process, which the pool notices and replaces.
"""

import contextlib
import json
import resource
import signal
import sys
from multiprocessing.connection import Connection

from knapsack_rl.tasks.grading.comparison import same
from knapsack_rl.tasks.grading.spelling import spell

SOFT_LIMIT_S = 1.0
HARD_LIMIT_S = 1.5
MEMORY = 4 << 30
"""Bytes of address space."""
READY, RIGHT, WRONG, TIMEOUT = b"R", b"1", b"0", b"t"


class OutOfTime(BaseException):
    """Not an ``Exception``, which libraries catch."""


def compare(reference: str, response: str) -> bytes:
    """``RIGHT``, ``WRONG``, or ``TIMEOUT`` if time or memory ran out."""
    from knapsack_rl.tasks.grading.algebra import equal

    # The soft limit comes again until it is heard.
    signal.setitimer(signal.ITIMER_VIRTUAL, SOFT_LIMIT_S, 0.1)
    signal.setitimer(signal.ITIMER_PROF, HARD_LIMIT_S)
    try:
        return RIGHT if same(spell(reference), spell(response), algebra=equal) else WRONG
    except (OutOfTime, MemoryError):
        return TIMEOUT
    except Exception:  # noqa: BLE001 - an answer on which sympy fails is not the reference; it was written by a model
        return WRONG
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)


def serve(connection: Connection) -> None:
    """Answer until the other side closes."""
    with contextlib.suppress(EOFError, OSError):
        connection.send_bytes(READY)
        while True:
            for reference, response in json.loads(connection.recv_bytes()):
                connection.send_bytes(compare(reference, response))


def _limit() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it closes the socket
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process
    signal.signal(signal.SIGVTALRM, _out_of_time)
    # A lower limit of the machine's stays; macOS has none of address space, so there time alone ends a comparison.
    with contextlib.suppress(ValueError, OSError, AttributeError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with contextlib.suppress(ValueError, OSError, AttributeError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _out_of_time(*_: object) -> None:
    raise OutOfTime


def main() -> None:
    """Serve the socket whose file descriptor is the first argument."""
    import math_verify  # noqa: F401 - slow, so before the first pair's clock

    _limit()
    serve(Connection(int(sys.argv[1])))
