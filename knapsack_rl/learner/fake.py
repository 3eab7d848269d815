"""A learner that only counts, so that the loop, the journal and resuming can be tested without torch."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from knapsack_rl.learner.protocol import TrainingRow, UpdateStats


class FakeLearner:
    """Records how many optimiser steps it took and what it was given; its only weight is that number."""

    def __init__(self) -> None:
        self.num_updates = 0
        self.received: list[list[TrainingRow]] = []

    def update(self, mini_batches: Sequence[Sequence[TrainingRow]]) -> UpdateStats:
        """Count the mini-batches; the loss is the weighted sum of advantages."""
        self.num_updates += len(mini_batches)
        self.received = [list(rows) for rows in mini_batches]
        rows = [row for batch in mini_batches for row in batch]
        return UpdateStats(
            loss=-sum(row.advantage * row.weight * len(row.response_tokens) for row in rows) / len(mini_batches),
            grad_norm=0.0,
            updated_clip_frac=0.0,
            updated_approx_kl=0.0,
            updated_entropy=0.0,
            num_updated_rollouts=len(rows),
            num_updated_tokens=sum(len(row.prompt_tokens) + len(row.response_tokens) for row in rows),
        )

    def weights(self) -> Mapping[str, Any]:
        """The number of updates."""
        return {"num_updates": self.num_updates}

    def export(self, folder: Path, *, card: str = "") -> None:
        """Write the number of updates as JSON, and the card."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "fake.json").write_text(json.dumps(self.weights()), encoding="utf-8")
        if card:
            (folder / "README.md").write_text(card, encoding="utf-8")

    def save_state(self, folder: Path) -> None:
        """Write the number of updates as JSON."""
        self.export(folder)

    def load_state(self, folder: Path) -> None:
        """Read it back."""
        self.num_updates = json.loads((folder / "fake.json").read_text(encoding="utf-8"))["num_updates"]
