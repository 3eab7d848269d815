"""Trajectories of a batch, out of TransferQueue. Needs verl's TransferQueue."""

from collections.abc import Iterator, Mapping
from typing import Any

import transfer_queue as tq
from transfer_queue import KVBatchMeta

from knapsack_rl.integrations.verl.groups import Trajectory
from knapsack_rl.integrations.verl.verdicts import KEY, JudgedAnswer, read_answer


def read_trajectories(batch: KVBatchMeta) -> Iterator[Trajectory]:
    """Every row of a batch but verl's padding, with its reward: the sum of ``rm_scores`` over tokens."""
    data = tq.kv_batch_get(
        keys=batch.keys, partition_id=batch.partition_id, select_fields=["rm_scores", "extra_fields"]
    )
    rows = zip(batch.keys, batch.tags, data["rm_scores"], data["extra_fields"], strict=True)
    for key, tag, scores, extra in rows:
        if tag.get("is_padding"):
            continue
        answer = _answer(extra)
        yield Trajectory(
            key=key,
            reward=float(scores.sum()),
            num_tokens=int(tag["response_len"]),
            num_prompt_tokens=int(tag["prompt_len"]),
            reason=answer.reason if answer else None,
            truncated=answer.truncated if answer else None,
        )


def _answer(extra: Any) -> JudgedAnswer | None:  # noqa: ANN401 - a mapping, perhaps wrapped
    """What the reward of a study says; None of other rewards."""
    fields = getattr(extra, "data", extra)
    told = fields.get("reward_extra_info") if isinstance(fields, Mapping) else None
    return read_answer(told[KEY]) if isinstance(told, Mapping) and KEY in told else None
