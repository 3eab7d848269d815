"""verl's own advantages of groups of unequal size are those of `grpo`."""

import numpy as np
import pytest

from knapsack_rl.grpo import group_advantages

pytestmark = pytest.mark.verl

GROUPS = ([1, 0], [0, 0, 0, 1, 0], [1, 1, 1], [1] * 11 + [0], [0, 0], [0.5, 1.0, 0.25])


def of_verl(groups, *, normalise):
    import torch
    from verl.protocol import DataProto
    from verl.trainer.ppo.v1.utils import compute_advantage_for_multi_trajectories

    keys = [f"uid{uid}_{session}_0" for uid, group in enumerate(groups) for session in range(len(group))]
    order = np.random.default_rng(0).permutation(len(keys))
    rewards = np.concatenate(groups)[order]
    tokens = torch.zeros(len(keys), 3)
    tokens[:, -1] = torch.tensor(rewards)
    data = DataProto.from_dict(
        tensors={"token_level_rewards": tokens, "response_mask": torch.ones(len(keys), 3)},
        non_tensors={"uid": np.array([keys[row].split("_")[0] for row in order], dtype=object)},
    )
    done = compute_advantage_for_multi_trajectories(
        data, [keys[row] for row in order], adv_estimator="grpo", norm_adv_by_std_in_grpo=normalise
    )
    back = np.empty(len(keys))
    back[order] = done.batch["advantages"][:, 0].numpy()
    return back


@pytest.mark.parametrize("normalise", [True, False])
def test_ragged_groups(normalise):
    ours = np.concatenate(group_advantages(GROUPS, advantage="std" if normalise else "none"))
    assert of_verl(GROUPS, normalise=normalise) == pytest.approx(ours, abs=2e-6)


def test_a_group_of_one_gets_its_reward_which_is_why_it_is_refused():
    assert of_verl([[1.0], [1, 0]], normalise=True)[0] == pytest.approx(1.0, abs=2e-6)
