"""One line of the check."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "to fetch", "note", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Example: ``Finding(check="model m", status="missing", found="x has no config.json", remedy="give another")``."""

    check: str
    status: Status
    """``to fetch``: the study will download it; ``note``: worth knowing; ``missing``: the study cannot run."""
    found: str
    remedy: str = ""
