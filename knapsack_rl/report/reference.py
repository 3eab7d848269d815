"""Copy the small outputs of a finished study to where they are committed, with a manifest of what made them."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from knapsack_rl.analysis.catalogue import FIGURE_NAMES, TABLE_NAMES
from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import StudyConfig
from knapsack_rl.records import ensure_writable, write_json, written_whole

SHARED = (
    *("git_commit", "git_dirty", "packages", "python", "machine", "num_cpus"),
    *("cpu_model", "cpu_capability", "blas", "code_version"),
)
"""Facts of a run's manifest that hold for the study, where all runs agree."""


def export_reference(study: StudyConfig, run_ids: Sequence[str], *, paths: StudyPaths, reference: StudyPaths) -> None:
    """Copy tables (CSV and Markdown) and figures (PNG) and write ``manifest.json`` beside the tables.

    The manifest holds the study's configuration, each run's configuration hash, commit and training seconds, and the
    packages and machine of the first run.

    Raises:
        InputError: the study is not finished.
    """
    manifests = {run_id: _manifest(paths, run_id) for run_id in run_ids}
    tables = [paths.tables / f"{name}.{suffix}" for name in TABLE_NAMES for suffix in ("csv", "md")]
    figures = [paths.figures / f"{name}.png" for name in FIGURE_NAMES]
    for source in (*tables, *figures):
        if not source.is_file():
            raise InputError(f"{source}: not there; finish the study first: make reproduce")
    _copy(tables, reference.results)
    for path in figures:
        _shrink(path, ensure_writable(reference.figures) / path.name)
    first = next(iter(manifests.values()))
    write_json(
        reference.results / "manifest.json",
        {
            "study": study.model_dump(mode="json"),
            **{key: first.get(key) for key in SHARED},
            "first_run_published": min(manifest["created"] for manifest in manifests.values()),
            "last_run_published": max(manifest["created"] for manifest in manifests.values()),
            "runs": {
                run_id: {key: manifest.get(key) for key in ("config_hash", "git_commit", "train_s")}
                for run_id, manifest in manifests.items()
            },
        },
    )


def _manifest(paths: StudyPaths, run_id: str) -> dict[str, Any]:
    path = paths.run(run_id).manifest
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise InputError(f"{path}: not there; finish the study first: make reproduce") from None
    return manifest


def _shrink(source: Path, target: Path) -> None:
    """A figure in 256 colours, which is a third of the size and looks the same."""
    with Image.open(source) as image, written_whole(target) as temporary:
        image.convert("RGB").quantize(256).save(temporary, format="PNG", optimize=True)


def _copy(files: list[Path], folder: Path) -> None:
    ensure_writable(folder)
    for path in files:
        shutil.copyfile(path, folder / path.name)
