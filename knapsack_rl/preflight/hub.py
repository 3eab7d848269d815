"""What the hub has, and what its cache has already (huggingface_hub)."""

import socket
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from huggingface_hub import HfApi, constants, scan_cache_dir
from huggingface_hub.errors import (
    CacheNotFound,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from knapsack_rl.preflight.finding import Finding

Kind = Literal["model", "dataset"]
TIMEOUT_S = 5.0


@cache
def cached_revisions() -> frozenset[tuple[str, str, str]]:
    """``(kind, id, commit)`` of everything in the hub's cache."""
    try:
        repositories = scan_cache_dir(constants.HF_HUB_CACHE).repos
    except CacheNotFound:
        return frozenset()
    return frozenset(
        (str(repository.repo_type), repository.repo_id, revision.commit_hash)
        for repository in repositories
        for revision in repository.revisions
    )


@cache
def unreachable() -> str | None:
    """Why the hub cannot be reached, None if it can."""
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    address = urlsplit(constants.ENDPOINT)
    try:
        with socket.create_connection((str(address.hostname), address.port or 443), timeout=TIMEOUT_S):
            return None
    except OSError as error:
        return f"{address.hostname} cannot be reached ({error.strerror or error})"


def look_up(check: str, kind: Kind, *, hub: str, revision: str, instead: str) -> Finding:
    """Whether a model or data set at a pinned revision is in the cache, or can be fetched.

    Args:
        check: name of the line.
        kind: what it is.
        hub: id on the hub.
        revision: its commit.
        instead: what to configure where there is no network.
    """
    where = f"{hub} at {revision[:12]}"
    if (kind, hub, revision) in cached_revisions():
        return Finding(check=check, status="ok", found=f"{where}, in the cache")
    reason = unreachable()
    if reason:
        remedy = f"connect, or fetch it elsewhere and copy the cache (HF_HOME), or {instead}"
        return Finding(check=check, status="missing", found=f"{where} is not in the cache; {reason}", remedy=remedy)
    return _on_the_hub(check, kind, hub=hub, revision=revision, instead=instead)


def _on_the_hub(check: str, kind: Kind, *, hub: str, revision: str, instead: str) -> Finding:
    page = f"{constants.ENDPOINT}/{'datasets/' if kind == 'dataset' else ''}{hub}"
    api = HfApi()
    try:
        info = api.repo_info(hub, revision=revision, repo_type=kind, timeout=TIMEOUT_S)
        if info.gated:
            api.auth_check(hub, repo_type=kind)
    except GatedRepoError:
        found, remedy = "is gated", f"accept its terms on {page}, then `hf auth login` or set HF_TOKEN"
    except RevisionNotFoundError:
        found, remedy = f"has no revision {revision}", f"give `revision`, a commit of {page}"
    except RepositoryNotFoundError:
        found, remedy = "is not on the hub or not public", f"check the id, `hf auth login`, or {instead}"
    except (HfHubHTTPError, OfflineModeIsEnabled, OSError) as error:
        found, remedy = f"cannot be looked up ({str(error).splitlines()[0][:120]})", "try again later"
    else:
        return Finding(check=check, status="to fetch", found=f"{hub} at {revision[:12]}, on the hub")
    return Finding(check=check, status="missing", found=f"{hub} {found}", remedy=remedy)
