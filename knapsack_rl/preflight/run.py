"""All checks of a study, in the order a person would mend them."""

from collections.abc import Mapping

from knapsack_rl.config import RunConfig, StudyConfig
from knapsack_rl.preflight.finding import Finding
from knapsack_rl.preflight.inputs import check_data, check_models, check_signal
from knapsack_rl.preflight.machine import Machine, check_machine
from knapsack_rl.preflight.tracked import check_tracking


def check_study(study: StudyConfig, runs: Mapping[str, RunConfig], *, machine: Machine | None) -> list[Finding]:
    """Findings of every check; the study can run if none is ``missing``.

    Args:
        study: parsed and expanded without an error.
        runs: its runs.
        machine: where they will be; None leaves disk, libraries, GPUs and memory out.
    """
    findings = [
        Finding(check="study", status="ok", found=f"{len(runs)} runs"),
        *check_models(study, runs),
        *check_data(study),
        *check_signal(study, runs),
        check_tracking(),
    ]
    return findings + (list(check_machine(study, runs, machine=machine)) if machine else [])
