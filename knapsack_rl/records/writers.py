"""Which command writes a file of a study: what a message about a missing one tells the user to run."""

from pathlib import Path

_BY_FOLDER = {
    "analysis": "analyse",
    "tables": "table",
    "views": "figure",
    "data": "prepare",
}
_BY_FOLDER_WITH_RUN = {"evals": "evaluate", "probes": "evaluate"}
_RUNS = "runs"


def command_for(path: Path) -> str:
    """The command that writes ``path``; the study is named by the file that the workflow keeps beside its results.

    Example: ``results/arithmetic/tables/differences.csv`` is written by
    ``knapsack-rl table --study results/arithmetic/study.json``. A file in no folder of a study: ``make reproduce``.
    """
    for folder in path.parents:
        study = _study_of(folder.parent)
        if folder.name in _BY_FOLDER:
            return f"knapsack-rl {_BY_FOLDER[folder.name]} --study {study}"
        if folder.name in _BY_FOLDER_WITH_RUN:
            return f"knapsack-rl {_BY_FOLDER_WITH_RUN[folder.name]} --study {study} --run {path.stem}"
        if folder.parent.name == _RUNS:
            return f"knapsack-rl train --study {_study_of(folder.parent.parent)} --run {folder.name}"
    return "make reproduce CONFIG=<study file>"


def _study_of(results: Path) -> str:
    kept = results / "study.json"
    return str(kept) if kept.is_file() else "<study file>"
