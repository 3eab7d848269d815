"""What a run had spent by each step: rollouts, tokens, floating-point operations, seconds.

Operations are the usual count for a dense transformer with P parameters: ``2 P`` per token forward, ``6 P`` per token
forward and backward (Kaplan et al. 2020, arXiv 2001.08361v1, section 2.1; attention over the context is left out).
"""

import json

import pandas as pd

TOKENS = "total_response_tokens"
ROLLOUTS = "total_rollouts"
STEPS = "total_steps"
FLOPS = "total_flops"
SECONDS = "total_s"
GPU_SECONDS = "total_gpu_s"
BELIEF_COST = "num_belief_multiply_adds"
TOTAL_BELIEF_COST = "total_belief_multiply_adds"

AXES = (ROLLOUTS, TOKENS, FLOPS, SECONDS)
"""What accuracy is shown against."""

SPENT = (*AXES, GPU_SECONDS, STEPS, TOTAL_BELIEF_COST)
"""Every running total; multiply-adds are those of a belief's own model, beside the policy's."""

FORWARD = 2
TRAIN = 6


def add_spent(steps: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """``steps`` with running totals of steps, operations, wall-clock and GPU seconds.

    - ``total_flops``: generation (``2 P`` times prompt and response tokens of all rollouts) plus training (``6 P``
      times the tokens updated on, and ``2 P`` more with a KL penalty, which runs the reference model) plus two per
      multiply-add of a belief's own model. NaN where the number of parameters is not known. Rollouts that only look
      (an oracle's probe) are not charged.
    - ``total_s``: ``step_s``, everything a step did. ``total_gpu_s``: the same times the run's GPUs, NaN without any.

    Args:
        steps: columns of ``TIDY_STEPS``, in step order within a run.
        runs: columns of ``TIDY_RUNS``.
    """
    known = runs.set_index("run_id")
    parameters = steps["run_id"].map(known["num_parameters"].astype("Float64")).astype(float)
    gpus = steps["run_id"].map(known["num_gpus"].astype("Float64")).astype(float)
    passes = TRAIN + FORWARD * steps["run_id"].map(known["config"].map(_has_reference)).astype(float)
    generated = FORWARD * (steps["num_prompt_tokens"] + steps["num_response_tokens"])
    belief = steps[BELIEF_COST].astype(float).fillna(0.0)
    per_step = pd.DataFrame(
        {
            STEPS: 1,
            FLOPS: parameters * (generated + passes * steps["num_updated_tokens"]) + 2 * belief,
            TOTAL_BELIEF_COST: belief,
            SECONDS: steps["step_s"],
            GPU_SECONDS: steps["step_s"] * gpus.where(gpus > 0),
        }
    )
    return steps.assign(**per_step.groupby(steps["run_id"], sort=False).cumsum())


def _has_reference(config: object) -> bool:
    return isinstance(config, str) and json.loads(config)["train"]["loss"]["kl_coef"] > 0
