"""What the workflow changes in a running Snakemake, against the classes of the installed one."""

import inspect
import os
from importlib.metadata import version
from types import SimpleNamespace

import pytest
from snakemake.cli import get_argument_parser
from snakemake.scheduling.job_scheduler import JobRateLimiter, JobScheduler
from snakemake.settings.types import MaxJobsPerTimespan

from knapsack_rl.study.snakemake_runtime import DEFAULT_LIMIT, MAJOR, stale_lock, stop_idle_scheduling


def default_limit():
    default = get_argument_parser().get_default("max_jobs_per_timespan")
    return MaxJobsPerTimespan.parse_choice(default) if isinstance(default, str) else default


def workflow(limit):
    return SimpleNamespace(scheduler=SimpleNamespace(job_rate_limiter=limit))


def test_the_installed_snakemake_is_the_one_that_is_known():
    """Its default limit is the one that is taken away, and the scheduler still keeps it under that name."""
    default = default_limit()
    assert version("snakemake").split(".")[0] == MAJOR
    assert (default.max_jobs, default.timespan) == DEFAULT_LIMIT
    assert "if self.job_rate_limiter is None:" in inspect.getsource(JobScheduler)


def test_the_default_limit_is_taken_away():
    """With it, choices of jobs would go on as long as any job waits."""
    running = workflow(JobRateLimiter(default_limit()))
    assert stop_idle_scheduling(running)
    assert running.scheduler.job_rate_limiter is None


@pytest.mark.parametrize("limit", [MaxJobsPerTimespan(100, "1m"), MaxJobsPerTimespan(7, "1s")])
def test_a_limit_of_the_user_is_kept(limit):
    """It is there for a cluster's sake."""
    running = workflow(JobRateLimiter(limit))
    assert not stop_idle_scheduling(running)
    assert running.scheduler.job_rate_limiter is not None


@pytest.mark.parametrize("running", [workflow(None), SimpleNamespace()])
def test_a_dry_run_has_nothing_to_change(running):
    """It has no limit, or not even a scheduler."""
    assert not stop_idle_scheduling(running)


def test_another_version_is_left_alone():
    """What its scheduler does is not known."""
    running = workflow(JobRateLimiter(default_limit()))
    assert not stop_idle_scheduling(running, installed="10.0.1")
    assert running.scheduler.job_rate_limiter is not None


def test_a_lock_that_nobody_holds_is_explained(tmp_path):
    """Unless the command line deals with it already."""
    assert stale_lock(tmp_path, ["snakemake"]) is None
    locks = tmp_path / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").write_text(str(os.getpid()))
    assert "snakemake --unlock" in stale_lock(tmp_path, ["snakemake", "--cores", "2"])
    assert stale_lock(tmp_path, ["snakemake", "--unlock"]) is None
    assert stale_lock(tmp_path, ["snakemake", "--nolock"]) is None
