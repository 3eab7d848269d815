"""Where runs will be tracked."""

from pathlib import Path

from knapsack_rl.base.errors import InputError
from knapsack_rl.preflight.finding import Finding
from knapsack_rl.tracking.address import tracking_uri, without_credentials


def check_tracking() -> Finding:
    """The store is of a kind that keeps runs; whether a server answers matters to the sync at the end alone."""
    try:
        uri = tracking_uri(Path("results"))
    except InputError as error:
        return Finding(check="MLflow", status="missing", found=str(error), remedy="see docs/mlflow.md")
    return Finding(check="MLflow", status="ok", found=without_credentials(uri))
