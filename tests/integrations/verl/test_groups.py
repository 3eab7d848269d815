"""From trajectories to groups, metrics and the plug-in's journal, without verl."""

import math

import pytest

from knapsack_rl.integrations.verl.groups import Planned, Trajectory, dealt_groups, reward_ratios
from knapsack_rl.integrations.verl.metrics import step_metrics
from knapsack_rl.integrations.verl.step_log import step_line


def planned(**sizes):
    return {uid: Planned(prompt_id=uid.upper(), num_rollouts=size, rate=math.nan) for uid, size in sizes.items()}


def trajectories(**rewards):
    return [
        Trajectory(key=f"{uid}_{session}_0", reward=reward, num_tokens=10, num_prompt_tokens=5)
        for uid, of_uid in rewards.items()
        for session, reward in enumerate(of_uid)
    ]


def test_groups_come_in_the_order_they_were_dealt_and_sessions_in_theirs():
    found = list(reversed(trajectories(b=[1, 0, 1], a=[0, 1])))
    groups = dealt_groups(planned(a=2, b=3), found)
    assert [group.planned.prompt_id for group in groups] == ["A", "B"]
    assert [group.rewards for group in groups] == [(0, 1), (1, 0, 1)]


def test_ten_sessions_are_ordered_as_numbers():
    groups = dealt_groups(planned(a=11), trajectories(a=range(11)))
    assert groups[0].rewards == tuple(range(11))


def test_the_last_output_of_a_session_has_its_reward_and_all_its_tokens():
    outputs = [
        Trajectory(key="a_0_1", reward=1.0, num_tokens=3),
        Trajectory(key="a_0_0", reward=0.0, num_tokens=4),
        Trajectory(key="a_1_0", reward=0.0, num_tokens=5),
    ]
    (group,) = dealt_groups(planned(a=2), outputs)
    assert (group.rewards, group.num_tokens) == ((1.0, 0.0), (7, 5))


def test_rows_of_no_dealt_prompt_are_left_out():
    assert dealt_groups(planned(a=2), trajectories(pad=[0, 0], a=[1, 0]))[0].rewards == (1, 0)


def test_ratios_count_groups_whose_rewards_differ_whatever_they_are():
    groups = dealt_groups(planned(a=4, b=2, c=2), trajectories(a=[-1, -1, -0.5, -1], b=[-1, -1], c=[1, 1]))
    assert reward_ratios(groups) == (0.5, pytest.approx(1 / 3))


def test_metrics_name_what_was_lost_by_size():
    groups = dealt_groups(planned(a=12, b=4, c=4, d=4), trajectories(b=[1, 1, 1], c=[0, 0, 0, 0], d=[1, 0, 0, 0]))
    metrics = step_metrics(groups, threshold=0.5, num_padding=5)
    assert metrics["knapsack/evicted_groups"] == 1
    assert metrics["knapsack/evicted_rollouts"] == 12
    assert metrics["knapsack/evicted_groups/size_008_015"] == 1
    assert metrics["knapsack/evicted_groups/size_004_007"] == 0
    assert metrics["knapsack/lost_rollouts"] == 1
    assert metrics["knapsack/groups/all_right"] == metrics["knapsack/groups/all_wrong"] == pytest.approx(1 / 3)
    assert metrics["knapsack/counts/total"] == 24
    assert metrics["knapsack/unknown_prompts"] == 1.0
    assert metrics["knapsack/padding_rows"] == 5


def test_a_group_of_which_one_rollout_is_left_is_counted():
    groups = dealt_groups(planned(a=2, b=2), trajectories(a=[1], b=[1, 0]))
    assert step_metrics(groups, threshold=0.5, num_padding=0)["knapsack/groups_of_one"] == 1


def test_nothing_left_is_no_number_and_no_error():
    metrics = step_metrics(dealt_groups(planned(a=2), []), threshold=0.5, num_padding=0)
    assert math.isnan(metrics["knapsack/effective_ratio/by_rollouts"])
    assert metrics["knapsack/evicted_groups"] == 1


def test_the_journal_has_the_groups_that_came_back():
    groups = dealt_groups(planned(a=3, b=2), trajectories(a=[1, 0, 1]))
    line = step_line(groups, [2, 1], step=7, epoch=1, threshold=0.5, response_limit=10)
    (row,) = line.pop("groups")
    assert (row["prompt_id"], row["visit"], row["p_belief"]) == ("A", 2, None)
    assert (row["num_rollouts"], row["num_successes"], row["num_truncated"]) == (3, 2, 3)
    assert line["num_prompt_tokens"] == 15
    assert line["num_evicted_groups"] == 1
    assert line["num_cut_off"] is None


def test_reasons_are_counted_where_the_reward_tells_them():
    found = [
        Trajectory(key="a_0_0", reward=0, num_tokens=10, reason="truncated", truncated=True),
        Trajectory(key="a_1_0", reward=0, num_tokens=10, reason="no_answer", truncated=False),
    ]
    line = step_line(dealt_groups(planned(a=2), found), [1], step=1, epoch=0, threshold=0.5, response_limit=10)
    assert (line["num_cut_off"], line["num_no_answer"], line["num_truncated"]) == (1, 1, 1)
