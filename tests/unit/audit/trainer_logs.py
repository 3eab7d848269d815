"""Logs as trainers write them."""

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from knapsack_rl.audit import LogFields
from knapsack_rl.audit.groups import group_rollouts
from knapsack_rl.audit.reading import read_rollouts


def rollout(step, prompt, reward, **fields):
    """One row under the plainest names."""
    return {"step": step, "prompt": prompt, "reward": reward, **fields}


def plain_rows(*, steps=12, prompts=6, size=4):
    """Every prompt once a step; prompt q is right in q of its rollouts, give or take one by step."""
    return [
        rollout(step, f"prompt {prompt}", int(place < (prompt + step % 2) % (size + 1)))
        for step in range(1, steps + 1)
        for prompt in range(prompts)
        for place in range(size)
    ]


def write_lines(path, rows):
    """JSON lines; texts are written as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def write_parquet(path, rows):
    """A table of the rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def groups_of(*paths, repeated="auto", threshold=None, **names):
    """The groups of logs."""
    return group_rollouts(read_rollouts(paths, wanted=LogFields(**names), threshold=threshold), repeated=repeated)


def facts(groups):
    """Steps, sizes and successes; prompts are numbered in order of appearance, so sorted within a step."""
    order = np.lexsort((groups.num_successes_G, groups.step_G))
    return [
        tuple(int(column[place]) for column in (groups.step_G, groups.num_rollouts_G, groups.num_successes_G))
        for place in order
    ]
