"""The oracle control: a probe tells the true rates, is counted apart, and trains nobody."""

import numpy as np
import pyarrow.parquet as pq

from knapsack_rl.base.types import Group, Prompt, Rollout, StopReason
from knapsack_rl.train import train
from knapsack_rl.train.history import PromptHistory

from .conftest import p_success


def test_probe_is_counted_apart_and_known_from_the_first_step(bench):
    """Every step looks at 16 x 64 rollouts and charges 16 x 8; beliefs are near the true rates at once."""
    job = bench.job(arm="oracle", steps=6, probe_rollouts=64)
    train(job)
    steps = pq.read_table(job.paths.folder / "steps.parquet").to_pandas()
    groups = pq.read_table(job.paths.folder / "groups.parquet").to_pandas()
    assert (steps["num_probe_rollouts"] == 16 * 64).all()
    assert (steps["num_rollouts"] == 16 * 8).all()
    true = np.array([p_success(Prompt(id=i, text="", answer="", kind="")) for i in groups["prompt_id"]])
    assert np.abs(groups["p_belief"] - true).max() < 0.25
    assert np.abs(groups["p_belief"] - true).mean() < 0.05


def test_arms_without_an_oracle_do_not_probe(bench):
    """No probe, no cost."""
    job = bench.job(arm="knapsack", steps=3)
    train(job)
    assert set(pq.read_table(job.paths.folder / "steps.parquet")["num_probe_rollouts"].to_pylist()) == {0}


def _group(identity, lengths):
    rollouts = tuple(
        Rollout(tokens=(1,) * length, logprobs=(0.0,) * length, text="", stop=StopReason.EOS) for length in lengths
    )
    prompt = Prompt(id=identity, text="", answer="", kind="")
    return Group(prompt=prompt, prompt_tokens=(1,), rollouts=rollouts)


def test_cost_is_a_prompts_own_mean_or_the_mean_of_all():
    """Tokens per rollout: 2 and 10 for the prompts seen, their mean over rollouts for another; nothing at first."""
    history = PromptHistory()
    assert history.cost(["a"]) is None
    history.record([_group("a", [2, 2, 2]), _group("b", [10])])
    assert list(history.cost(["a", "b", "c"])) == [2.0, 10.0, 4.0]
    again = PromptHistory()
    again.load_state_dict(history.state_dict())
    assert list(again.cost(["a", "b", "c"])) == [2.0, 10.0, 4.0]
    assert (again.visits("a"), again.visits("c")) == (1, 0)
