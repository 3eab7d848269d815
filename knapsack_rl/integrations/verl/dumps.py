"""verl's dumps of rollouts and validations: ``<step>.jsonl``, one line per trajectory."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from knapsack_rl.base.errors import InputError
from knapsack_rl.integrations.verl.verdicts import KEY, read_answer

PADDING = "pad"
"""Uids of rows that verl added to fill up a batch begin with it."""


def rewards_of(path: Path) -> list[list[float]]:
    """Rewards of the groups of a step, smallest groups first; padding is left out. The last output of a session counts.

    Raises:
        InputError: the file or a line of it cannot be read.
    """
    sessions: dict[str, dict[int, tuple[int, float]]] = defaultdict(dict)
    for number, row in _rows(path):
        uid, session, index = _key(row, where=f"{path}:{number}")
        if not uid.startswith(PADDING) and index >= sessions[uid].get(session, (0, 0.0))[0]:
            sessions[uid][session] = (index, float(row["score"]))
    return sorted([reward for _, reward in of_uid.values()] for of_uid in sessions.values())


def answers_of(path: Path, *, run_id: str, step: int) -> list[dict[str, Any]]:
    """Rows of `EVALS` of a validation, in the order of benchmarks, problems and samples.

    Raises:
        InputError: the file or a line of it cannot be read, or was not judged by this package's reward.
    """
    answers = []
    for number, row in _rows(path):
        if KEY not in row:
            raise InputError(f"{path}:{number}: has no {KEY}; set reward.reward_manager as knapsack-rl verl does")
        answer, (_, session, _) = read_answer(row[KEY]), _key(row, where=f"{path}:{number}")
        answers.append(
            {
                "run_id": run_id,
                "step": step,
                "benchmark": answer.source.partition("/")[2],
                "problem_id": answer.problem_id,
                "kind": answer.kind,
                "sample": session,
                "reward": answer.reward,
                "reason": answer.reason,
                "num_response_tokens": answer.num_response_tokens,
                "truncated": answer.truncated,
                "extracted": answer.extracted,
                "score": answer.score,
            }
        )
    return sorted(answers, key=lambda answer: (answer["benchmark"], answer["problem_id"], answer["sample"]))


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); verl writes it while it trains") from None
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not (isinstance(row, dict) and {"uid", "score"} <= row.keys()):
            raise InputError(f"{path}:{number}: is no line of verl's dump; run the step again from a checkpoint")
        yield number, row


def _key(row: Mapping[str, Any], *, where: str) -> tuple[str, int, int]:
    parts = str(row["uid"]).rsplit("_", 2)
    if len(parts) != 3 or not (parts[1].isdigit() and parts[2].isdigit()):  # noqa: PLR2004 - uid, session, index
        raise InputError(f"{where}: uid {row['uid']!r} is no <uid>_<session>_<index>")
    return parts[0], int(parts[1]), int(parts[2])
