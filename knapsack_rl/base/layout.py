"""Every path of a study, in one place: used by the programs, the Snakefile and the tests."""

from dataclasses import dataclass
from pathlib import Path

JOURNAL, MANIFEST = "journal.jsonl", "manifest.json"
"""Names of the file of a run's steps as they happen, and of the one that says what made a run's records."""


@dataclass(frozen=True, slots=True)
class RunPaths:
    """Paths of one training run below a study folder."""

    study: Path
    """``results/<study>``"""
    run_id: str

    @property
    def folder(self) -> Path:
        """Published records of the run: config.json, steps, groups and rounds (parquet), manifest.json, weights/."""
        return self.study / "runs" / self.run_id

    @property
    def state(self) -> Path:
        """Journal, lock and resume state. Not a declared output: Snakemake deletes those of a failed job."""
        return self.study / "state" / self.run_id

    @property
    def journal(self) -> Path:
        """Every step as it happened, one line each."""
        return self.state / JOURNAL

    @property
    def config(self) -> Path:
        """Resolved configuration of the published run."""
        return self.folder / "config.json"

    @property
    def steps(self) -> Path:
        """One row per training step."""
        return self.folder / "steps.parquet"

    @property
    def groups(self) -> Path:
        """One row per step and prompt."""
        return self.folder / "groups.parquet"

    @property
    def rounds(self) -> Path:
        """One row per step and round of rollouts."""
        return self.folder / "rounds.parquet"

    @property
    def samples(self) -> Path:
        """A few responses as text; not there where none were kept, and hence no declared output."""
        return self.folder / "samples.parquet"

    @property
    def manifest(self) -> Path:
        """What made the run's records: code, machine, inputs."""
        return self.folder / MANIFEST

    @property
    def evals(self) -> Path:
        """Per-sample evaluation facts of the run."""
        return self.study / "evals" / f"{self.run_id}.parquet"

    @property
    def probe(self) -> Path:
        """Per-sample facts of the fixed sample of training problems; no rows when the run takes none."""
        return self.study / "probes" / f"{self.run_id}.parquet"

    def base_evaluation(self, digest: str) -> Path:
        """Rows of step 0 that all runs share which depend on the same; not a declared output, may be deleted."""
        return self.study / "base_evals" / f"{digest}.parquet"

    @property
    def inside_evals(self) -> Path:
        """What was evaluated while training, published with the run; only with ``evaluation.inside_training``."""
        return self.folder / "evals.parquet"

    def weights(self, step: int) -> Path:
        """Folder of the exported weights after ``step`` optimiser phases (0 = the base model)."""
        return self.folder / "weights" / f"step_{step:05d}"


@dataclass(frozen=True, slots=True)
class ProblemPaths:
    """Paths of one preparation of a study's problems."""

    folder: Path

    @property
    def train(self) -> Path:
        """Training problems."""
        return self.folder / "train.parquet"

    @property
    def benchmarks(self) -> Path:
        """Held-out problems of every benchmark, one table with a ``benchmark`` column."""
        return self.folder / "benchmarks.parquet"

    @property
    def preparation(self) -> Path:
        """Problems counted before and after every filter, and overlaps."""
        return self.folder / "preparation.parquet"

    @property
    def all(self) -> tuple[Path, Path, Path]:
        """The three files."""
        return self.train, self.benchmarks, self.preparation


@dataclass(frozen=True, slots=True)
class StudyPaths:
    """Paths of a study; ``StudyPaths.of("arithmetic")`` is ``results/arithmetic`` and ``figures/arithmetic``."""

    results: Path
    figures: Path

    @classmethod
    def of(cls, name: str, root: Path = Path()) -> "StudyPaths":
        """Paths of the study ``name`` below ``root`` (the working directory by default)."""
        return cls(root / "results" / name, root / "figures" / name)

    @property
    def study_file(self) -> Path:
        """The study as its jobs read it: checked, with what the command line changed laid over it."""
        return self.results / "study.json"

    def problems(self, name: str | None) -> ProblemPaths:
        """Problem sets: those of the study, or where seeds have their own, those of one of them (``s0``)."""
        data = self.results / "data"
        return ProblemPaths(data / name if name else data)

    @property
    def analysis(self) -> Path:
        """Tidy tables computed from the records (parquet)."""
        return self.results / "analysis"

    @property
    def tables(self) -> Path:
        """Result tables for people (CSV and Markdown)."""
        return self.results / "tables"

    @property
    def views(self) -> Path:
        """Figures as the report shows them: ``<figure>.json`` with SVG of the study and of each cell."""
        return self.results / "views"

    def table(self, name: str, suffix: str = "csv") -> Path:
        """One result table: ``csv``, ``md`` or ``tex``."""
        return self.tables / f"{name}.{suffix}"

    def view(self, name: str) -> Path:
        """One figure as the report shows it."""
        return self.views / f"{name}.json"

    @property
    def checked(self) -> Path:
        """What the check of the study's needs has found."""
        return self.results / "checked.md"

    @property
    def report(self) -> Path:
        """Everything on one page."""
        return self.results / "report.html"

    @property
    def receipt(self) -> Path:
        """What was written to MLflow."""
        return self.results / "mlflow_receipt.json"

    @property
    def store(self) -> Path:
        """Says that the store of MLflow is there."""
        return self.results / "mlflow_store.txt"

    def model(self, name: str) -> Path:
        """Folder of a base model that the study makes, in the transformers layout."""
        return self.results / "models" / name

    def base_model(self, given: str | None, name: str) -> Path:
        """Folder of a base model: the user's own if one is ``given``, else the one that the study makes."""
        return Path(given) if given else self.model(name)

    def run(self, run_id: str) -> RunPaths:
        """Paths of one run."""
        return RunPaths(self.results, run_id)
