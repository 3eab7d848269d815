"""With equal counts the trainer computes what TRL's own does, bit for bit."""

import pytest

from .small import graded, logged, reward, rows, same, weights

LOSSES = ("grpo", "dr_grpo", "dapo", "bnpo", "cispo", "sapo", "luspo", "vespo")


def uniform():
    from knapsack_rl.integrations.trl import AllocationSettings

    return {"allocation": AllocationSettings(strategy="uniform", success_threshold=0.5)}


def trained(make, **options):
    """A trainer after its run; made right before it, because TRL seeds when it is made."""
    trainer = make(**options)
    trainer.train()
    return trainer


def assert_equal(small, **options):
    """Five steps of both from the same weights: weights and logs."""
    stock = trained(small.stock, name="stock", **options)
    ours = trained(small.make, given=uniform(), **options)
    assert not same(weights(small.stock(name="base", **options)), weights(ours))
    assert same(weights(stock), weights(ours))
    assert logged(stock) == logged(ours)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss(small, loss):
    """All of TRL's loss types."""
    level = {"importance_sampling_level": "sequence"} if loss == "luspo" else {}
    assert_equal(small, loss_type=loss, **level)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"num_iterations": 2}, id="two-iterations"),
        pytest.param({"gradient_accumulation_steps": 2, "steps_per_generation": 4}, id="accumulation"),
        pytest.param({"gradient_accumulation_steps": 4, "steps_per_generation": 2}, id="accumulation-of-generations"),
        pytest.param({"beta": 0.1}, id="kl-penalty"),
        pytest.param({"scale_rewards": "batch"}, id="batch-std"),
        pytest.param({"scale_rewards": "none"}, id="no-std"),
        pytest.param({"mask_truncated_completions": True}, id="truncated-masked"),
        pytest.param({"shuffle_dataset": False}, id="in-order"),
    ],
)
def test_every_way_of_training(small, changed):
    """Iterations over a batch, accumulated gradients, penalties, divisors."""
    assert_equal(small, **changed)


def test_several_rewards(small):
    """Summed, and each normalised before it is summed."""
    for how in ("sum_then_normalize", "normalize_then_sum"):
        assert_equal(small, rewards=[reward, graded], reward_weights=[1.0, 0.5], multi_objective_aggregation=how)


def test_later_epochs(small):
    """Three batches are an epoch: the order of the second and third is TRL's too."""
    assert_equal(small, max_steps=20)


def test_evaluation(small):
    """Evaluation between the steps is TRL's, with groups of its own size, and disturbs nothing."""
    options = {"eval_strategy": "steps", "eval_steps": 2, "per_device_eval_batch_size": 6, "num_generations_eval": 3}
    dataset = {"eval_dataset": rows(4)}
    stock = trained(small.stock, name="stock", given=dataset, **options)
    ours = trained(small.make, given=uniform() | dataset, **options)
    assert same(weights(stock), weights(ours))
    assert logged(stock) == logged(ours)
    assert any("eval_reward" in entry for entry in logged(ours))
