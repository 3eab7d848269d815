"""Reused worker processes that judge pairs of texts, each within its limits; no pair harms its neighbours.

Workers are fresh interpreters rather than forks: a fork of a process that holds threads or a GPU is not safe. What
passes over the sockets are pairs of strings as JSON, and a few bytes back for each. A worker ends when its socket
closes, so none outlives the program, however it ended.
"""

import json
import os
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait

from knapsack_rl.tasks.isolation.process import READY, TIMEOUT

CHUNK = 16
"""Pairs handed over at once."""
WALL_LIMIT_S = 60.0
"""Longest wait for one pair. A worker keeps its own limit of processor time, 1.5 s; this is for a machine so busy, or a
worker so stuck, that it does not come to it. A short wait would let the load of the machine decide verdicts."""
START_LIMIT_S = 120.0
MOST_WORKERS = 8


@dataclass(slots=True)
class Worker:
    """A process and the pairs it holds, by index."""

    process: "subprocess.Popen[bytes]"
    connection: Connection
    pending: deque[int] = field(default_factory=deque)
    deadline: float = 0.0
    ready: bool = False

    @classmethod
    def start(cls, program: str) -> "Worker":
        """A new process that runs ``main`` of the module ``program``; it says when it is ready."""
        ours, theirs = Pipe()
        command = [sys.executable, "-c", f"from {program} import main; main()", str(theirs.fileno())]
        path = os.pathsep.join(path for path in sys.path if path)
        environment = os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "0"}  # every worker orders a set alike
        with theirs:
            process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL, start_new_session=True
            )
        return cls(process, ours, deadline=time.monotonic() + START_LIMIT_S)

    def stop(self) -> None:
        """End the process and wait for it."""
        self.connection.close()
        self.process.kill()
        self.process.wait()


def num_cores() -> int:
    """Cores this process may use; all of the machine where the system (macOS) does not say."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class WorkerPool:
    """``decide(pairs)`` gives the answer of ``program`` to each pair, ``TIMEOUT`` where a process was ended over it.

    Processes start on first need, one for every ``chunk`` pairs that wait.
    """

    def __init__(self, num_workers: int | None = None, *, program: str, chunk: int = CHUNK) -> None:
        self._program, self._chunk = program, chunk
        self._num_workers = num_workers or min(MOST_WORKERS, num_cores())
        self._workers: list[Worker] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _stop_all, self._workers)

    def decide(self, pairs: Sequence[tuple[str, str]], *, on_done: Callable[[int], None]) -> list[bytes]:
        """Judge all pairs; ``on_done`` hears the index of each as it is decided.

        Raises:
            RuntimeError: worker processes do not start; their own message is on standard error.
        """
        with self._lock:
            try:
                return self._decide(pairs, on_done)
            except BaseException:  # Ctrl-C among them: what workers hold now belongs to nobody
                _stop_all(self._workers)
                raise

    def processes(self) -> list[int]:
        """Ids of the processes."""
        return [worker.process.pid for worker in self._workers]

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            _stop_all(self._workers)

    def _decide(self, pairs: Sequence[tuple[str, str]], on_done: Callable[[int], None]) -> list[bytes]:
        verdicts = [TIMEOUT] * len(pairs)
        waiting = deque(range(len(pairs)))
        while waiting or any(worker.pending for worker in self._workers):
            self._hand_out(waiting, pairs)
            busy = {worker.connection: worker for worker in self._workers if worker.pending or not worker.ready}
            patience = max(0.0, min(worker.deadline for worker in busy.values()) - time.monotonic())
            readable = set(wait(list(busy), timeout=patience))
            for worker in (busy[connection] for connection in busy if connection in readable):
                if (answer := _answer(worker)) is None:
                    continue
                index = worker.pending.popleft()
                verdicts[index] = answer
                on_done(index)
            for worker in busy.values():
                if worker.deadline <= time.monotonic():
                    index = self._give_up(worker, waiting)
                    on_done(index)
        return verdicts

    def _hand_out(self, waiting: deque[int], pairs: Sequence[tuple[str, str]]) -> None:
        """Give every ready, idle worker a chunk; start one more while there is work for it."""
        wanted = min(self._num_workers, -(-len(waiting) // self._chunk))
        idle = sum(not worker.pending for worker in self._workers)
        while idle < wanted and len(self._workers) < self._num_workers:
            self._workers.append(Worker.start(self._program))
            idle += 1
        for worker in self._workers:
            if worker.ready and not worker.pending and waiting:
                worker.pending.extend(waiting.popleft() for _ in range(min(self._chunk, len(waiting))))
                worker.connection.send_bytes(json.dumps([pairs[index] for index in worker.pending]).encode())
                worker.deadline = time.monotonic() + WALL_LIMIT_S

    def _give_up(self, worker: Worker, waiting: deque[int]) -> int:
        """End a worker; its first pair is the one that it could not decide, the others go back to the front."""
        self._workers.remove(worker)
        worker.stop()
        if not worker.ready:
            raise RuntimeError(f"a process of {self._program} did not start (exit code {worker.process.returncode})")
        index = worker.pending.popleft()
        waiting.extendleft(reversed(worker.pending))
        return index


def _answer(worker: Worker) -> bytes | None:
    """The next verdict; None if there is none, and the deadline is now if the process has ended."""
    try:
        answer = worker.connection.recv_bytes()
    except (EOFError, OSError):
        worker.deadline = 0.0
        return None
    worker.deadline = time.monotonic() + WALL_LIMIT_S
    if answer == READY:
        worker.ready = True
        return None
    return answer


def _stop_all(workers: list[Worker]) -> None:
    while workers:
        workers.pop().stop()
