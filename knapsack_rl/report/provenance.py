"""What the runs of a study were made with, from their manifests."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import RunPaths

UNKNOWN = "unknown"


def read_manifests(study_results: Path, run_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The manifests of the runs, in order.

    Raises:
        InputError: a manifest is missing or is not a JSON object.
    """
    return [_read(RunPaths(study_results, run_id).manifest) for run_id in run_ids]


def _read(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); train this run first") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: is not valid JSON ({error}); train this run again") from None
    if not isinstance(manifest, dict):
        raise InputError(f"{path}: must be a JSON object; train this run again")
    return manifest


def facts(manifests: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Label and value of each fact; values that differ between runs are all named."""
    packages = [name for name in _package_names(manifests) if name != "knapsack-rl"]
    versions = [(name, _distinct(m.get("packages", {}).get(name) for m in manifests)) for name in packages]
    shown = [f"{name} {version}" for name, version in versions if version != UNKNOWN]
    return [
        ("Code", _distinct(_commit(manifest) for manifest in manifests)),
        ("Package", _distinct(m.get("packages", {}).get("knapsack-rl") for m in manifests)),
        ("Python", _distinct(manifest.get("python") for manifest in manifests)),
        ("Libraries", ", ".join(shown) or UNKNOWN),
        ("Hardware", _distinct(_machine(manifest) for manifest in manifests)),
        ("Trained", _span(str(m["created"]) for m in manifests if m.get("created"))),
    ]


def _package_names(manifests: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for manifest in manifests for name in manifest.get("packages", {})))


def _commit(manifest: Mapping[str, Any]) -> str | None:
    commit = manifest.get("git_commit")
    if not commit:
        return None
    return f"commit {str(commit)[:12]}" + (" with uncommitted changes" if manifest.get("git_dirty") else "")


def _machine(manifest: Mapping[str, Any]) -> str | None:
    if not manifest.get("machine"):
        return None
    known = (manifest.get("cpu_model"), manifest["machine"], f"{manifest.get('num_cpus', UNKNOWN)} CPUs")
    with_units = (manifest.get("cpu_capability"), manifest.get("blas") and f"BLAS {manifest['blas']}")
    return ", ".join(str(part) for part in (*known, *with_units) if part)


def _distinct(values: Iterable[object]) -> str:
    found = list(dict.fromkeys(str(value) for value in values if value))
    return "; ".join(found) if found else UNKNOWN


def _span(times: Iterable[str]) -> str:
    ordered = sorted(times)
    if not ordered:
        return UNKNOWN
    return ordered[0] if ordered[0] == ordered[-1] else f"{ordered[0]} to {ordered[-1]}"
