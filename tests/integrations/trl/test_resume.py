"""A run that is resumed from a checkpoint ends as one that was never interrupted."""

import json
import shutil

import pytest

from knapsack_rl.base.errors import StateError
from knapsack_rl.integrations.settings import AllocationSettings

from .small import Watch, logged, same, weights

SAVING = {"save_strategy": "steps", "save_steps": 2, "max_steps": 18}


def allocation(**changed):
    return {"allocation": AllocationSettings(**({"strategy": "knapsack", "low": 2, "high": 10} | changed))}


@pytest.mark.parametrize("step", [4, 6, 10])
def test_resume_equals_uninterrupted(small, step):
    """Weights, logs, beliefs and counts; in the first epoch, at its end (6), and in the second."""
    whole = small.make(given=allocation(), **SAVING)
    watch = Watch(whole)
    whole.train()
    resumed = small.make(name="again", given=allocation(), **SAVING)
    watch_resumed = Watch(resumed)
    resumed.train(resume_from_checkpoint=str(small.root / "run" / f"checkpoint-{step}"))
    assert same(weights(whole), weights(resumed))
    assert logged(whole)[:-1] == logged(resumed)[:-1]
    assert whole.allocator.state_dict() == resumed.allocator.state_dict()
    dealt = [(batch.prompt_ids, batch.counts_P.tolist()) for batch, _ in watch.batches]
    assert dealt[step // 2 :] == [(batch.prompt_ids, batch.counts_P.tolist()) for batch, _ in watch_resumed.batches]
    assert any(len(set(counts)) > 1 for _, counts in dealt)


def test_inside_a_cycle_no_outcome_counts_twice(small):
    """TRL samples the cycle's completions anew, so the checkpoint's beliefs know nothing of the lost ones."""
    small.make(given=allocation(), num_iterations=2, **SAVING).train()
    for step in (2, 4, 6, 8):
        state = json.loads((small.root / "run" / f"checkpoint-{step}" / "knapsack.json").read_text())
        assert state["step"] == step // 4
        assert sum(state["visits"].values()) == 4 * (step // 4)
    resumed = small.make(name="again", given=allocation(), num_iterations=2, **SAVING)
    watch = Watch(resumed)
    resumed.train(resume_from_checkpoint=str(small.root / "run" / "checkpoint-6"))
    assert watch.batches[0][0].step == 2


def test_a_checkpoint_without_beliefs(small):
    """As one of TRL's own trainer."""
    small.stock(**SAVING).train()
    with pytest.raises(StateError, match=r"checkpoint-4/knapsack.json: missing, so there are no beliefs"):
        small.make(given=allocation(), **SAVING).train(resume_from_checkpoint=str(small.root / "run" / "checkpoint-4"))


@pytest.mark.parametrize("text", ["", "{", "[]", "9" * 5000, '{"format": 1}'])
def test_damaged_beliefs(small, text):
    """One line that names the file or what it lacks."""
    small.make(given=allocation(), **(SAVING | {"max_steps": 4})).train()
    path = small.root / "run" / "checkpoint-4" / "knapsack.json"
    path.write_text(text)
    with pytest.raises(StateError) as caught:
        small.make(given=allocation(), **SAVING).train(resume_from_checkpoint=str(path.parent))
    assert "\n" not in str(caught.value)


def test_beliefs_of_other_settings(small):
    """A checkpoint is not resumed under another rule; bounds may change."""
    small.make(given=allocation(), **(SAVING | {"max_steps": 4})).train()
    checkpoint = str(small.root / "run" / "checkpoint-4")
    with pytest.raises(StateError, match=r"strategy = 'knapsack', not 'knapsack_posterior'"):
        small.make(given=allocation(strategy="knapsack_posterior"), **SAVING).train(resume_from_checkpoint=checkpoint)
    trainer = small.make(given=allocation(high=8), **(SAVING | {"max_steps": 6}))
    trainer.train(resume_from_checkpoint=checkpoint)
    shutil.rmtree(checkpoint)
