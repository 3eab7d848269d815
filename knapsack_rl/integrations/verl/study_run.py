"""Where a run of a study keeps what verl reads and writes. The run itself is a file that verl's processes read."""

from dataclasses import dataclass
from pathlib import Path

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import ProblemPaths, RunPaths
from knapsack_rl.config import RunConfig, parse_run
from knapsack_rl.tasks import build_task


@dataclass(frozen=True, slots=True, kw_only=True)
class VerlRun:
    """A run, its paths and inputs."""

    config: RunConfig
    paths: RunPaths
    problems: ProblemPaths
    model_folder: Path
    """The base model."""

    @property
    def success_at(self) -> float:
        """The task's threshold of success."""
        task = self.config.task
        return build_task(task.name, task.options, seed=task.seed).success_at

    @property
    def state(self) -> Path:
        """Folder of all that verl writes; kept between attempts."""
        return self.paths.state / "verl"

    @property
    def run_file(self) -> Path:
        """The resolved run, as verl's processes read it."""
        return self.state / "run.json"

    @property
    def checkpoints(self) -> Path:
        """Checkpoints of verl, ``global_step_<N>`` folders."""
        return self.state / "checkpoints"

    @property
    def rollouts(self) -> Path:
        """Rollouts that verl dumps, ``<step>.jsonl``."""
        return self.state / "rollouts"

    @property
    def validation(self) -> Path:
        """Validations that verl dumps, ``<step>.jsonl``."""
        return self.state / "validation"

    @property
    def step_log(self) -> Path:
        """The plug-in's journal."""
        return self.state / "journal.jsonl"

    @property
    def weights(self) -> Path:
        """Weights in the transformers layout, ``step_<N>``, which the plug-in keeps."""
        return self.state / "weights"

    @property
    def metrics(self) -> Path:
        """Files of metrics, one per attempt: verl begins its file anew whenever it starts."""
        return self.state / "metrics"

    def next_metrics_file(self) -> Path:
        """The file for the next attempt."""
        return self.metrics / f"{len(self.metrics_files()) + 1:04d}.jsonl"

    def metrics_files(self) -> list[Path]:
        """Those of all attempts, the first one first."""
        return sorted(self.metrics.glob("*.jsonl"))


def read_run_file(path: Path) -> RunConfig:
    """The run in a file that `VerlRun.run_file` names.

    Raises:
        InputError: it cannot be read.
        ConfigError: it holds no run.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); start the run with knapsack-rl verl") from None
    return parse_run(text, source=str(path))
