"""Start a run's ranks with torchrun and turn what goes wrong in one of them into one line. Imports torch on use."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil

from knapsack_rl.base.errors import CONTINUES, EXIT_CODE, INTERRUPTED, KnapsackError, StateError, TrainingError

ELASTIC_LOGGER = "torch.distributed.elastic"
MARK = "\x1e"
"""Encloses, in a rank's error file, what is meant for the user."""
GRACE_S = 10.0
"""A rank that is told to end has this long for it."""
LOST_PEER = ("Connection closed by peer", "Connection reset by peer", "Broken pipe")
"""What a collective says when another rank has been killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """The machines of a job, and which of them this is."""

    count: int = 1
    number: int = 0
    address: str = "127.0.0.1"
    """Of node 0, where ranks meet."""

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> "Nodes":
        """From what Slurm sets where a step runs one task per node; a machine alone if it sets nothing."""
        count = _count(environment, "SLURM_STEP_NUM_NODES")
        if count == 1:
            return cls()
        first = _first_host(environment["SLURM_STEP_NODELIST"])
        return cls(count=count, number=int(environment["SLURM_NODEID"]), address=first)


def nodes_to_spread_over(environment: Mapping[str, str], *, ranks_per_node: int) -> int:
    """Nodes that Slurm gave the job (`nodes` in the profile) while this step runs on one of them; 1: nothing to do.

    A run of one process stays one, however many nodes the job happens to have.
    """
    if ranks_per_node == 1 or Nodes.of_environment(environment).count > 1:
        return 1
    return _count(environment, "SLURM_JOB_NUM_NODES")


def _count(environment: Mapping[str, str], name: str) -> int:
    """Nodes, 1 where Slurm says nothing."""
    text = environment.get(name) or "1"
    if not (text.isascii() and text.isdigit() and int(text)):
        raise StateError(f"{name}: is {text!r}, no number of nodes; unset it to train on this machine alone")
    return int(text)


def spread(command: Sequence[str], *, nodes: int) -> None:
    """Run ``python <command>`` once per node of the job; each then starts its own ranks.

    Raises:
        StateError: it failed on a node, which has said why.
    """
    step = ["srun", f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1", "--overlap", "--kill-on-bad-exit"]
    try:
        done = subprocess.run([*step, sys.executable, *command], check=False)
    except OSError as error:
        raise StateError(
            f"srun: cannot be started ({error.strerror}), but SLURM_JOB_NUM_NODES asks for {nodes} nodes;"
            " run on a machine of the cluster, or unset it to train on this one alone"
        ) from None
    if done.returncode:
        raise StateError(f"srun ended with exit code {done.returncode}; the reason is above")


def _first_host(nodelist: str) -> str:
    """``node[03-05,9]`` and ``node03,node04`` start with ``node03``."""
    prefix, bracket, rest = nodelist.partition("[")
    if not bracket or "," in prefix:
        return nodelist.split(",", maxsplit=1)[0]
    return prefix + rest.split("]", maxsplit=1)[0].split(",", maxsplit=1)[0].split("-", maxsplit=1)[0]


def launch(command: Sequence[str], *, processes: int, job: str, nodes: Nodes | None = None) -> None:
    """Run ``python <command>`` as ``processes`` ranks on this node; returns once all have ended well.

    When one fails the others are ended too. No rank is started again: the run continues from its last save when the
    same command is given once more.

    Args:
        command: arguments of the interpreter, e.g. ``("-m", "knapsack_rl.cli.start", "train", ...)``.
        processes: ranks on this node.
        job: name of the job, the same on all nodes.
        nodes: the machines; this one alone if left out.

    Raises:
        KnapsackError: what the first rank to fail said, or how it was ended.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    _silence_elastic()
    nodes = nodes or Nodes()
    config = LaunchConfig(
        min_nodes=nodes.count,
        max_nodes=nodes.count,
        nproc_per_node=processes,
        run_id=job,
        role="rank",
        rdzv_backend="c10d" if nodes.count == 1 else "static",
        rdzv_endpoint=f"{nodes.address}:{0 if nodes.count == 1 else _port(job)}",
        rdzv_configs={"rank": nodes.number} if nodes.count > 1 else {},
        max_restarts=0,
        monitor_interval=0.2,
        signals_to_handle="SIGTERM,SIGHUP,SIGQUIT",  # Ctrl-C stays ours: ranks are then ended by SIGTERM
    )
    try:
        with _share_of_threads(processes):
            elastic_launch(config, sys.executable)(*command)
    except ChildFailedError as error:
        raise _first_failure(error.failures) from None
    except (SignalException, KeyboardInterrupt):
        _end_children()
        raise KeyboardInterrupt from None


def _end_children() -> None:
    """End ranks that torch has not: interrupted while it starts them, it does not know those it has started."""
    left = psutil.Process().children(recursive=True)
    for process in left:
        with suppress(psutil.NoSuchProcess):  # torch ends them at the same time
            process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=GRACE_S)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _silence_elastic() -> None:
    """Its reports are replaced by one line. Each of its loggers has a level of its own."""
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(ELASTIC_LOGGER):
            logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def _share_of_threads(processes: int) -> Iterator[None]:
    """What ranks inherit: the job's threads divided among them, so that they do not take each other's cores."""
    before = os.environ.get("OMP_NUM_THREADS")
    first = (before or "").split(",", maxsplit=1)[0]
    os.environ["OMP_NUM_THREADS"] = str(max(1, int(first) // processes)) if first.isdigit() else "1"
    try:
        yield
    finally:
        del os.environ["OMP_NUM_THREADS"]
        if before is not None:
            os.environ["OMP_NUM_THREADS"] = before


def _port(job: str) -> int:
    """A port that all nodes derive from the job's name, above those that systems give out."""
    return 61000 + sum(job.encode()) % 4000


def _message(failure: Any) -> str:  # noqa: ANN401 - torch's ProcessFailure
    """What the rank wrote into its error file before it ended, as it wrote it."""
    message = failure.error_file_data.get("message", "")
    return str(message.get("message", "") if isinstance(message, Mapping) else message)


def _first_failure(failures: Mapping[int, Any]) -> KnapsackError:
    """What a rank had to say to the user, else how the first to go was ended.

    Ranks that lose a killed one fail as well, often in the same instant, so a signal counts before an exit code.
    """
    for failure in failures.values():
        _, mark, said = _message(failure).partition(MARK)
        if mark:
            return TrainingError(said.partition(MARK)[0])
    killed = {r: f for r, f in failures.items() if f.exitcode < 0 and -f.exitcode != signal.SIGTERM}
    rank, failure = min((killed or failures).items(), key=lambda item: item[1].timestamp)
    how = signal.Signals(-failure.exitcode).name if failure.exitcode < 0 else f"exit code {failure.exitcode}"
    return StateError(
        f"rank {rank} was ended ({how}) and the others with it; {CONTINUES}"
        + ("; the reason is above" if failure.exitcode > 0 else "")
    )


@contextmanager
def as_rank() -> Iterator[None]:
    """In a rank: leave the last word to the launcher, so that the user reads one line instead of one per rank."""
    try:
        # At once and without a word: a handler in Python would wait for the collective that waits for the other ranks.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        yield
    except KnapsackError as error:
        from torch.distributed.elastic.multiprocessing.errors import ErrorHandler

        if "TORCHELASTIC_ERROR_FILE" not in os.environ:
            raise  # started by other means: nobody else would say it
        ErrorHandler().record_exception(RuntimeError(f"{MARK}{error}{MARK}"))
        sys.exit(EXIT_CODE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except RuntimeError as error:
        if not any(words in str(error) for words in LOST_PEER):
            raise
        sys.stderr.write(f"rank {os.environ['RANK']}: another rank is gone\n")
        sys.exit(1)
