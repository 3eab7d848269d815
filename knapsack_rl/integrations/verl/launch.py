"""Train a run of a study with verl: write what verl reads, start it, and say how. Knows no Ray and imports no verl."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knapsack_rl.base.errors import CONTINUES, StateError
from knapsack_rl.config import resume_hash
from knapsack_rl.integrations.verl.interpreter import check_verl, verl_python
from knapsack_rl.integrations.verl.overrides import overrides
from knapsack_rl.integrations.verl.study_run import VerlRun
from knapsack_rl.records import ensure_writable, write_json

PROGRAM = ("-m", "verl.trainer.main_ppo")
PLUGIN = "knapsack_rl.integrations.verl.plugin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A command and what its environment must hold beside what is there.

    verl starts Ray on this machine, or joins the cluster that ``RAY_ADDRESS`` names.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]

    def shell(self) -> str:
        """The launch as one line for a shell."""
        variables = [f"{name}={shlex.quote(value)}" for name, value in self.environment.items()]
        return " ".join([*variables, shlex.join(self.command)])


def plan_launch(run: VerlRun, *, nodes: int = 1) -> Launch:
    """The launch of a run; writes nothing and needs no verl.

    Args:
        run: what to train.
        nodes: machines of the Ray cluster, each with ``learner.gpus`` GPUs.

    Raises:
        ConfigError: verl has no counterpart of something in the run.
    """
    arguments = [f"{key}={hydra_value(value)}" for key, value in overrides(run, nodes=nodes).items()]
    environment = {
        "VERL_USE_EXTERNAL_MODULES": PLUGIN,
        "VERL_FILE_LOGGER_PATH": str(run.next_metrics_file().absolute()),
    }
    return Launch(command=(verl_python(), *PROGRAM, *arguments), environment=environment)


def prepare(run: VerlRun) -> None:
    """Write the run's file and the folders that verl wants to find.

    Raises:
        StateError: the folder holds another run: of other settings, or other code.
        OutputError: the folder cannot be written.
    """
    ensure_writable(run.metrics)
    stamp = {"resume_hash": resume_hash(run.config), "code_version": run.config.code_version}
    path = run.state / "stamp.json"
    if path.is_file() and (found := json.loads(path.read_text(encoding="utf-8"))) != stamp:
        changed = ", ".join(name for name in stamp if found.get(name) != stamp[name])
        raise StateError(f"{run.state}: was begun with other settings ({changed}); move it away to start the run over")
    write_json(path, stamp)
    write_json(run.run_file, json.loads(run.config.model_dump_json()))


def launch(run: VerlRun, *, nodes: int = 1) -> None:
    """Train the run until verl ends; an interrupted run goes on from its newest checkpoint.

    Raises:
        ConfigError: verl is missing, was not tested, or cannot do what the run asks for.
        StateError: verl failed; it has said why.
    """
    check_verl(verl_python())
    planned = plan_launch(run, nodes=nodes)
    prepare(run)
    done = subprocess.run(planned.command, env=os.environ | dict(planned.environment), check=False)
    if done.returncode:
        raise StateError(
            f"{run.config.run_id}: verl ended with exit code {done.returncode}; the reason is above; {CONTINUES}"
        )


def hydra_value(value: Any) -> str:  # noqa: ANN401 - whatever a configuration holds
    """A value in Hydra's grammar of overrides.

    Example: ``hydra_value({"a": [1, True], "b": None})`` is ``{a:[1,true],b:null}``.
    """
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return _quoted(value)
        case Mapping():
            return "{" + ",".join(f"{name}:{hydra_value(item)}" for name, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(hydra_value, value)) + "]"
    return str(value)


def _quoted(text: str) -> str:
    """In single quotes, where backslashes mean something before a quote alone."""
    escaped = re.sub(r"(\\*)'", lambda found: f"{found[1] * 2}\\'", text)
    return "'" + re.sub(r"\\+$", lambda found: found[0] * 2, escaped) + "'"
