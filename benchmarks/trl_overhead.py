"""What `KnapsackGRPOTrainer` costs over TRL's `GRPOTrainer` per step: `python benchmarks/trl_overhead.py`.

With strategy `uniform` both compute the same weights, bit for bit, so that what differs is overhead. The two are run in
turns from the same weights; each round gives a ratio of processor seconds. Steadier on a busy machine is the second
number, the share of a step's processor seconds that is spent inside our own methods, under `knapsack`. Needs the extra
`trl`; `--rounds 0` leaves the first number out.
"""

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback, ProgressCallback
from trl import GRPOConfig, GRPOTrainer

from knapsack_rl.config import BuildConfig
from knapsack_rl.integrations.trl import AllocationSettings, KnapsackGRPOTrainer
from knapsack_rl.models import build_model, build_tokenizer

MEAN, LENGTH = 8, 48
"""As in the default study: completions of a prompt on average, tokens of a completion at most."""


def longer(completions: list[str], id: list[int], **_: Any) -> list[float]:  # noqa: A002, ANN401 - TRL names them
    """1 with a rate that depends on the prompt."""
    return [float(sum(map(ord, text)) % 17 > name % 20) for name, text in zip(id, completions, strict=True)]


class Clock(TrainerCallback):
    """Processor seconds of every optimiser step but the first."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - transformers calls it
        """Start."""
        self._start = time.process_time()

    def on_step_end(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
        """Stop."""
        self.seconds.append(time.process_time() - self._start)

    def per_step(self) -> float:
        """Median, without the first step."""
        return statistics.median(self.seconds[1:])


class Timed(KnapsackGRPOTrainer):
    """Counts the processor seconds of what is not TRL's: gathering, dealing, advantages, metrics, learning."""

    own = 0.0

    def _learn(self) -> None:
        self._count(super()._learn)

    def _examples(self, *given: Any) -> Any:  # noqa: ANN401
        return self._count(super()._examples, *given)

    def _deal(self, *given: Any) -> Any:  # noqa: ANN401
        return self._count(super()._deal, *given)

    def _finish(self, *given: Any) -> None:  # noqa: ANN401
        self._count(super()._finish, *given)

    def _count(self, method: Callable[..., Any], *given: Any) -> Any:  # noqa: ANN401
        start = time.process_time()
        result = method(*given)
        self.own += time.process_time() - start
        return result


def run(
    kind: type[GRPOTrainer],
    folder: Path,
    *,
    size: tuple[int, int],
    **options: Any,  # noqa: ANN401
) -> tuple[float, GRPOTrainer]:
    """Processor seconds of a step, and the trainer; ``size`` is steps of the run and prompts of a step."""
    steps, prompts = size
    tokenizer, clock = build_tokenizer([*"0123456789+-*=", "#"]), Clock()
    model = build_model(BuildConfig(hidden_size=64, num_layers=3, num_heads=4), tokenizer)
    rows = {"id": list(range(2 * prompts)), "prompt": [f"{number}+{number}=" for number in range(2 * prompts)]}
    arguments = GRPOConfig(
        output_dir=str(folder),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        per_device_train_batch_size=32,
        gradient_accumulation_steps=prompts * MEAN // 32,
        num_generations=MEAN,
        max_completion_length=LENGTH,
        max_steps=steps,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    given = {"reward_funcs": longer, "args": arguments, "train_dataset": Dataset.from_dict(rows)}
    trainer = kind(model=model, processing_class=tokenizer, callbacks=[clock], **given, **options)
    for each in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(each)
    trainer.train()
    return clock.per_step(), trainer


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=4, help="of each run; the first is not counted")
    parser.add_argument("--prompts", type=int, default=64, help="of a step; 64 as in the default study")
    arguments = parser.parse_args()
    size = (arguments.steps, arguments.prompts)
    uniform, knapsack = (AllocationSettings(strategy=name) for name in ("uniform", "knapsack"))
    ratios = []
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(arguments.rounds):
            order = [(GRPOTrainer, {}), (KnapsackGRPOTrainer, {"allocation": uniform})]
            found = {}
            for kind, options in order if number % 2 else reversed(order):  # neither is always first
                found[kind], _ = run(kind, Path(folder), size=size, **options)
            ratios.append(found[KnapsackGRPOTrainer] / found[GRPOTrainer])
            print(f"round {number + 1}: uniform / TRL {ratios[-1]:.4f}", flush=True)
        per_step, trainer = run(Timed, Path(folder), size=size, allocation=knapsack)
    if len(ratios) > 1:
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(f"uniform / TRL: median {middle:.4f}, quartiles {low:.4f} to {high:.4f}, {len(ratios)} rounds")
    share = 100 * trainer.own / arguments.steps / per_step
    print(f"under knapsack, our own methods: {share:.2f} % of a step's processor seconds")


if __name__ == "__main__":
    main()
