"""MLflow, the only package that may import it. May import `models`, `analysis` and the layers below.

``mlflow`` is loaded inside functions, never when this package is imported, so a trainer that streams to it does not
wait for the import.
"""

from knapsack_rl.tracking.address import tracking_uri
from knapsack_rl.tracking.live import LiveTracker
from knapsack_rl.tracking.page import runs_page, server_in_use
from knapsack_rl.tracking.store import create_store
from knapsack_rl.tracking.sync import sync

__all__ = ["LiveTracker", "create_store", "runs_page", "server_in_use", "sync", "tracking_uri"]
