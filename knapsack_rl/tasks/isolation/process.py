"""What every worker process of the pool has: limits of time and memory, and a socket over which it is asked."""

import contextlib
import json
import resource
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

MEMORY = 4 << 30
"""Bytes of address space."""
READY, TIMEOUT = b"R", b"t"
"""First word of a process; its answer where time or memory ran out."""


class OutOfTime(BaseException):
    """Not an ``Exception``, which libraries catch."""


@contextlib.contextmanager
def limited(soft_s: float, *, hard_s: float) -> Iterator[None]:
    """Processor seconds after which ``OutOfTime`` interrupts Python, and after which the process ends.

    Raises:
        OutOfTime: the soft limit was reached; it comes again until it is heard.
    """
    signal.setitimer(signal.ITIMER_VIRTUAL, soft_s, 0.1)
    signal.setitimer(signal.ITIMER_PROF, hard_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)


def limit_process() -> None:
    """Limits that hold for the whole process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it closes the socket
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process
    signal.signal(signal.SIGVTALRM, _out_of_time)
    # A lower limit of the machine's stays; macOS has none of address space, so there time alone ends a comparison.
    with contextlib.suppress(ValueError, OSError, AttributeError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with contextlib.suppress(ValueError, OSError, AttributeError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(connection: Connection, decide: Callable[[str, str], bytes]) -> None:
    """Answer lists of pairs, one message per pair, until the other side closes."""
    with contextlib.suppress(EOFError, OSError):
        connection.send_bytes(READY)
        while True:
            for first, second in json.loads(connection.recv_bytes()):
                connection.send_bytes(decide(first, second))


def _out_of_time(*_: object) -> None:
    raise OutOfTime
