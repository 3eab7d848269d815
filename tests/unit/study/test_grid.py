"""Budgets with the prompts or the total of a step fixed."""

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import parse_study, resume_hash
from knapsack_rl.study import expand


def _runs(more_arms=None, **grid):
    return expand(
        parse_study(
            {
                "name": "grid",
                "task": {"name": "arithmetic", "options": {"num_train": 64}},
                "models": {"m": {"build": {"hidden_size": 16, "num_layers": 1}}},
                "arms": {"uniform": {"strategy": "uniform"}} | (more_arms or {}),
                "grid": {"models": ["m"], "arms": ["uniform"], "budgets": [4, 8, 16], "seeds": [0], **grid},
                "train": {"steps": 1, "prompts_per_step": 16},
            },
            source="study.yaml",
        ),
        source="study.yaml",
    )


def test_prompts_are_fixed_by_default():
    """Every budget has the prompts of `train`; the total grows."""
    runs = _runs()
    assert list(runs) == ["m-uniform-n4-s0", "m-uniform-n8-s0", "m-uniform-n16-s0"]
    assert [run.rollouts_per_step for run in runs.values()] == [64, 128, 256]


def test_total_fixed_divides_the_total():
    """A larger budget has fewer prompts, at the same number of rollouts."""
    runs = _runs(batches=["total_fixed"], rollouts_per_step=128)
    assert [run.train.prompts_per_step for run in runs.values()] == [32, 16, 8]
    assert {run.rollouts_per_step for run in runs.values()} == {128}
    assert next(iter(runs)) == "m-uniform-n4-total_fixed-s0"


def test_both_share_the_budget_where_they_coincide():
    """16 prompts x 8 is 128 either way: one run, and the others are told apart in results."""
    runs = _runs(batches=["prompts_fixed", "total_fixed"], rollouts_per_step=128)
    assert len(runs) == 5
    assert {run.model_label for run in runs.values()} == {"m", "m, total fixed"}
    assert len({resume_hash(run) for run in runs.values()}) == 5


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"batches": ["total_fixed"]}, "rollouts_per_step` go together"),
        ({"rollouts_per_step": 128}, "rollouts_per_step` go together"),
        ({"batches": ["total_fixed"], "rollouts_per_step": 100}, "100 is no multiple of the budget 8"),
        ({"batches": ["total_fixed"], "rollouts_per_step": 2048}, "512 exceeds the 64 training problems"),
    ],
)
def test_mistakes_are_one_line(grid, message):
    """A total without its mode, a mode without its total, a total that does not divide, too many prompts."""
    with pytest.raises(ConfigError, match=message):
        _runs(**grid)


def test_an_arm_may_train_differently():
    """Its keys lie over those of the study; the other arm's runs are what they were."""
    arms = {"other": {"strategy": "uniform", "train": {"loss": {"aggregation": "prompt"}}}}
    runs = _runs(arms, arms=["uniform", "other"], budgets=[8])
    assert runs["m-other-n8-s0"].train.loss.aggregation == "prompt"
    assert runs["m-uniform-n8-s0"] == _runs(budgets=[8])["m-uniform-n8-s0"]
    as_override = _runs({"other": {"strategy": "uniform"}}, arms=["other"], budgets=[8])["m-other-n8-s0"]
    assert resume_hash(runs["m-other-n8-s0"]) != resume_hash(as_override)
    assert not runs["m-other-n8-s0"].arm.train


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ({"high": 7}, "run m-other-n8-s0: budget 8 lies outside low=2..high=7"),
        ({"steps": 9}, r"arms\.other\.train\.steps: 9 would change the rollouts"),
        ({"prompts_per_step": 9}, r"arms\.other\.train\.prompts_per_step: 9 would change"),
        ({"los": {"aggregation": "prompt"}}, "unknown key .*did you mean 'loss'"),
        ({"loss_aggregation": "prompt"}, r"arms\.other\.train: loss_aggregation .*is now train\.loss\.aggregation"),
        ({"loss": {"aggregation": "word"}}, "m-other-n8-s0: train.loss.aggregation: .*'word'"),
    ],
)
def test_mistakes_of_an_arm_are_one_line(train, message):
    """Bounds hold for the budget; what sets the rollouts is the same for all arms; keys and values are checked."""
    with pytest.raises(ConfigError, match=message):
        _runs({"other": {"strategy": "uniform", "train": train}}, arms=["other"], budgets=[8])
