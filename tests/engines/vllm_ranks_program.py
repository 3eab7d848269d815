"""What the tests of several ranks with vLLM launch; each rank has an engine inside, or shares one with its neighbour.

Usage: python vllm_ranks_program.py train|die <tensor parallel> <model folder> <output folder>
"""

import json
import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # launched alone, or collected where only the package is on the path

from knapsack_rl.base.layout import StudyPaths  # noqa: E402
from knapsack_rl.base.ranks import ONE_RANK  # noqa: E402
from knapsack_rl.base.types import GenerationRequest, Prompt  # noqa: E402
from knapsack_rl.config import parse_study  # noqa: E402
from knapsack_rl.prepare import prepare  # noqa: E402
from knapsack_rl.study import expand  # noqa: E402
from knapsack_rl.train import TrainJob, train  # noqa: E402
from knapsack_rl.train.build import build_parts  # noqa: E402

STEPS, DIES_AT = 4, 3
PROMPTS = tuple(Prompt(id=text, text=text, answer="0", kind="x") for text in ("3+4=", "9n9=", "2+"))
CHECK = GenerationRequest(prompts=PROMPTS, counts=(2, 2, 2), seeds=((1, 2), (3, 4), (5, 6)))
"""Asked of every engine before and after training."""


def vllm_job(model_folder, out, *, tensor_parallel=1, ranks=ONE_RANK):
    """A run of four steps. The entropy bonus moves the weights at every step, whatever a random model earns."""
    study = parse_study(
        {
            "name": "ranks",
            "task": {"name": "arithmetic", "options": {"num_train": 16, "num_per_benchmark": 2}},
            "models": {"m": {"build": {"hidden_size": 64, "num_layers": 2, "num_heads": 2}}},
            "arms": {"knapsack": {"strategy": "knapsack"}},
            "grid": {"models": ["m"], "arms": ["knapsack"], "budgets": [4], "seeds": [0]},
            "train": {
                "steps": STEPS,
                "prompts_per_step": 8,
                "save_every": 1,
                "max_response_tokens": 12,
                "optimizer": {"learning_rate": 5e-3},
                "loss": {"entropy_coef": 0.1},
                "mini_batches": 1,
            },
            "evaluation": {"every": STEPS},
            "learner": {"gpus": 2, "device": "cpu"},
            "sampler": {"kind": "vllm", "cpu_cache_gib": 0.1, "tensor_parallel": tensor_parallel},
            "tracking": {"live": False},
        },
        source="test",
    )
    (config,) = expand(study).values()
    paths = StudyPaths.of("ranks", out)
    problems = paths.problems(None)
    if ranks.rank == 0 and not problems.train.exists():
        prepare(config.task, problems)
    ranks.gather(None)
    return TrainJob(
        config=config,
        paths=paths.run(config.run_id),
        prompts_file=problems.train,
        model_folder=model_folder,
        ranks=ranks,
    )


class Watched:
    """The composition root of the trainer, and what this rank's engine was asked and said."""

    def __init__(self, ranks):
        self._ranks = ranks
        self.num_generated = 0

    def build(self, config, **files):
        """As the trainer builds a run; counts the rollouts that this rank's engine is dealt."""
        parts = build_parts(config, ranks=self._ranks, **files)
        self.local = getattr(parts.sampler, "_local", parts.sampler)
        self.before = self.ask()
        generate = self.local.generate
        self.local.generate = lambda request: self._count(request, generate)
        return parts

    def build_dying(self, config, **files):
        """Rank 1 is killed in the middle of a step."""
        parts = build_parts(config, ranks=self._ranks, **files)
        update, calls = parts.learner.update, iter(range(1, STEPS + 1))
        parts.learner.update = lambda batches: self._die() if next(calls) == DIES_AT else update(batches)
        return parts

    def ask(self):
        """This engine's rollouts of ``CHECK``."""
        groups = self.local.generate(CHECK)
        return [
            {"prompt": group.prompt_tokens, "tokens": rollout.tokens, "logprobs": rollout.logprobs}
            for group in groups
            for rollout in group.rollouts
        ]

    def _count(self, request, generate):
        self.num_generated += sum(request.counts)
        return generate(request)

    def _die(self):
        if self._ranks.rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        self._ranks.gather(None)  # wait for a rank that never comes


def main(what, tensor_parallel, model_folder, out):
    """Join the ranks and do it; rank 0 writes what all of them have seen."""
    from knapsack_rl.learner.ranks import join_ranks
    from knapsack_rl.train.launch import as_rank

    with as_rank():
        ranks = join_ranks()
        watched = Watched(ranks)
        job = vllm_job(model_folder, out, tensor_parallel=tensor_parallel, ranks=ranks)
        build = watched.build if what == "train" else watched.build_dying
        train(TrainJob(**{name: getattr(job, name) for name in job.__slots__} | {"build": build}))
        seen = {"before": watched.before, "num_generated": watched.num_generated}
        every = ranks.gather(seen | {"after": watched.ask()})
        if ranks.rank == 0:
            (out / "seen.json").write_text(json.dumps(every))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
