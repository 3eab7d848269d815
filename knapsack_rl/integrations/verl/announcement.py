"""The line that says that the plug-in is at work; without it a plug-in that failed to load is easily overlooked."""

from knapsack_rl import __version__
from knapsack_rl.integrations.verl.settings import Settings


def announcement(settings: Settings, *, mean: int, verl: str) -> str:
    """One line for the start of a run."""
    return (
        f"knapsack_rl {__version__} is active in verl {verl}: strategy {settings.strategy}, belief"
        f" {settings.belief_name}, {settings.low} to {settings.high} rollouts per prompt, {mean} on average"
    )
