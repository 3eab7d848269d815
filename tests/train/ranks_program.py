"""What the tests of several ranks run: in one process by calling ``measure``, in several by launching this file.

Usage: python ranks_program.py measure|sparse|narrow|diverge|die <model folder> <output folder>
"""

import json
import os
import signal
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # launched alone, or collected where only the package is on the path

from knapsack_rl.base.ranks import ONE_RANK  # noqa: E402
from knapsack_rl.base.types import GenerationRequest, Prompt, SamplingOptions  # noqa: E402
from knapsack_rl.config import LearnerConfig, TrainConfig  # noqa: E402
from knapsack_rl.learner import FakeLearner, TrainingRow  # noqa: E402
from knapsack_rl.sampler import FakeSampler  # noqa: E402
from knapsack_rl.train import train  # noqa: E402
from knapsack_rl.train.dealt import DealtSampler  # noqa: E402
from knapsack_rl.train.rows import mini_batch_rows  # noqa: E402
from knapsack_rl.train.step import run_step  # noqa: E402
from tests.train.conftest import Bench, build_fake_parts, p_success  # noqa: E402

STEPS = 3
DIES_AT = 6


def measure(model_folder, out, *, ranks=ONE_RANK):
    """Three steps of fake sampling and real updates in float64, then one step of real sampling; rank 0 writes."""
    learner = _learner(model_folder, ranks)
    parts = _parts(out / "fake", ranks)
    parts.learner = learner
    facts = [run_step(parts, step).record() for step in range(1, STEPS + 1)]
    gradients = learner.gradients(_rows(parts))
    learner.save_state(out)
    groups, scored = _real_step(model_folder, ranks)
    threads = ranks.gather(os.environ.get("OMP_NUM_THREADS"))
    if ranks.rank == 0:
        from safetensors.torch import save_file

        save_file({name: value.contiguous() for name, value in gradients.items()}, out / "gradients.safetensors")
        kept = [[(g["prompt_id"], g["num_rollouts"], g["num_successes"]) for g in f["groups"]] for f in facts]
        numbers = [
            [f["loss"], f["grad_norm"], f["updated_entropy"], f["mismatch_mean"], f["mismatch_max"]] for f in facts
        ]
        tokens = [[list(r.tokens) for r in group.rollouts] for group in groups]
        logprobs = [[list(r.logprobs) for r in group.rollouts] for group in groups]
        text = {"groups": kept, "numbers": numbers, "tokens": tokens, "logprobs": logprobs, "scored": scored}
        text["threads"] = threads
        (out / "facts.json").write_text(json.dumps(text))


def sparse(model_folder, out, *, ranks=ONE_RANK):
    """Corrected updates of fewer rows than ranks, of none first and of none last; rank 0 writes."""
    learner = _learner(model_folder, ranks, kl_coef=0.0, tis=True, tis_cap=1.1)
    one, two, three, four, five = [_row(length) for length in (2, 7, 1, 4, 3)]
    updates = [[[one], [two, three]], [[], [four]], [[five], []]]
    stats = [learner.update(batches) for batches in updates]
    learner.save_state(out)
    if ranks.rank == 0:
        (out / "stats.json").write_text(json.dumps([asdict(each) for each in stats]))


def _row(length):
    """A rollout whose sampler was off by a different amount at every token."""
    return TrainingRow(
        prompt_tokens=(3, 4),
        response_tokens=tuple(5 + (length * index) % 14 for index in range(length)),
        old_logprobs=tuple(-2.9 - 0.3 * (index % 3) for index in range(length)),
        advantage=1.0 if length % 2 else -0.7,
        weight=0.05,
    )


def narrow(model_folder, out, *, ranks=ONE_RANK, **compute):
    """Updates of bfloat16 weights with float32 moments, saved; rank 0 writes."""
    learner = _narrow_learner(model_folder, ranks, **compute)
    for _ in range(4):
        learner.update([[_row(length) for length in (2, 7, 1, 4, 3)]])
    learner.save_state(out)


def _narrow_learner(model_folder, ranks, **compute):
    import torch

    from knapsack_rl.models import load_model

    keys = {"dtype": "bfloat16", "weights_dtype": "bfloat16", "moments_dtype": "float32"} | compute
    model = load_model(model_folder, dtype=torch.bfloat16)
    return _learner(model_folder, ranks, model=model, compute=LearnerConfig(**keys), kl_coef=0.0)


def diverge(model_folder, out, *, ranks):
    """One number of the model is lost on the last rank alone."""
    import torch

    learner = _learner(model_folder, ranks)
    if ranks.rank == ranks.size - 1:
        with torch.no_grad():
            next(learner._model.parameters()).to_local()[0, 0] = float("nan")
    learner.update([[_row(2)]])
    (out / "updated").touch()


def _learner(model_folder, ranks, *, model=None, compute=None, **loss):
    from knapsack_rl.learner.policy import PolicyLearner
    from knapsack_rl.models import load_model, load_tokenizer

    train = TrainConfig(
        steps=1, loss={"kl_coef": 0.01} | loss, optimizer={"learning_rate": 1e-3}, micro_batch_tokens=60
    )
    compute = compute or LearnerConfig(packing="packed", max_logits=200)
    model = model or load_model(model_folder).double()
    return PolicyLearner(model, load_tokenizer(model_folder), train=train, compute=compute, ranks=ranks)


def _parts(folder, ranks, *, job=None):
    job = job or Bench(folder / str(ranks.rank)).job()
    parts = build_fake_parts(job.config, prompts_file=job.prompts_file, model_folder=job.model_folder)
    parts.ranks = ranks
    if ranks.size > 1:
        parts.sampler = DealtSampler(FakeSampler(p_success), ranks)
    return parts


def _rows(parts):
    """Rows of a fixed step, the same for any number of ranks; seven, so that no number of ranks divides them."""
    prompts = [Prompt(id=f"p{index}", text="1+1=", answer="2", kind="") for index in range(7)]
    groups = FakeSampler(lambda _: 0.5, num_tokens=5).generate(
        GenerationRequest(prompts=tuple(prompts), counts=(3,) * 7, seeds=tuple((i, i + 1, i + 2) for i in range(7)))
    )
    rewards = [[1, 0, index % 2] for index in range(7)]
    return mini_batch_rows(groups, rewards, config=parts.config.train, seed=1)[0][:7]


def _real_step(model_folder, ranks):
    from knapsack_rl.models import load_model, load_tokenizer
    from knapsack_rl.sampler.hf_engine import HFSampler

    sampler = HFSampler(
        load_model(model_folder),
        load_tokenizer(model_folder),
        options=SamplingOptions(temperature=1.0, max_response_tokens=8),
    )
    prompts = tuple(Prompt(id=str(i), text=f"{i}+{i}=", answer="", kind="") for i in range(4))
    request = GenerationRequest(
        prompts=prompts,
        counts=(1, 5, 2, 4),
        seeds=tuple(tuple(range(100 * i, 100 * i + n)) for i, n in enumerate((1, 5, 2, 4))),
        expected_tokens=(8.0, 2.0, 5.0, 3.0),
    )
    groups = (DealtSampler(sampler, ranks) if ranks.size > 1 else sampler).generate(request)
    rewards = [[i % 2 for i in range(len(group.rollouts))] for group in groups]
    from knapsack_rl.config import TrainConfig

    (rows,) = mini_batch_rows(groups, rewards, config=TrainConfig(steps=1, mini_batches=1), seed=0)
    return groups, _learner(model_folder, ranks).logprobs(rows)


class DyingLearner(FakeLearner):
    """Rank 1 is killed in the middle of a step."""

    rank = 0

    def update(self, mini_batches):
        if self.rank == 1 and self.num_updates >= (DIES_AT - 1) * len(mini_batches):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().update(mini_batches)


def build_dying(config, *, ranks, **files):
    """Composition root of the run whose rank 1 dies."""
    parts = build_fake_parts(config, **files)
    parts.ranks, parts.sampler, parts.learner = ranks, DealtSampler(FakeSampler(p_success), ranks), DyingLearner()
    parts.learner.rank = ranks.rank
    return parts


def main(what, model_folder, out):
    """Join the ranks and do it."""
    from knapsack_rl.learner.ranks import join_ranks
    from knapsack_rl.train.launch import as_rank

    with as_rank():
        ranks = join_ranks()
        if what != "die":
            {"measure": measure, "sparse": sparse, "narrow": narrow, "diverge": diverge}[what](
                model_folder, out, ranks=ranks
            )
            return
        job = Bench(out).job(build=partial(build_dying, ranks=ranks))
        train(type(job)(**{name: getattr(job, name) for name in job.__slots__} | {"ranks": ranks}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
