"""What became of the responses of a run that earns little, and what to change; for its log and for the report."""

from collections.abc import Mapping

_REMEDIES = {
    "cut off": "raise train.max_response_tokens, or see that the model ends its responses (docs/data.md, end tokens)",
    "without an answer": "choose a prompt.template that asks for what task.options.grader reads, or another grader",
    "wrong": "read some responses: the problems may be too hard for this model, or the answers of another form",
}


def describe(sums: Mapping[str, int]) -> str:
    """What became of the responses, and what to change about the largest part of them.

    Args:
        sums: ``num_rollouts``, ``num_successes``, ``num_cut_off`` and ``num_no_answer``, over any number of steps.
    """
    rollouts, right = sums["num_rollouts"], sums["num_successes"]
    parts = {"cut off": sums["num_cut_off"], "without an answer": sums["num_no_answer"]}
    parts["wrong"] = rollouts - right - sum(parts.values())
    counted = ", ".join(f"{number} {name}" for name, number in parts.items())
    return f"{right} of {rollouts} responses were right ({counted}); {_REMEDIES[max(parts, key=lambda p: parts[p])]}"
