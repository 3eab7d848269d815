"""Every path of a study, in one place: used by the programs, the Snakefile and the tests."""

from dataclasses import dataclass
from pathlib import Path


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

    def model(self, name: str) -> Path:
        """Folder of a base model in the transformers layout."""
        return self.results / "models" / name

    def run(self, run_id: str) -> RunPaths:
        """Paths of one run."""
        return RunPaths(self.results, run_id)
