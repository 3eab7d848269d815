"""Started on two processes by the test beside it: trains TRL's trainer and ours, and writes what each process saw."""

import json
import sys
from pathlib import Path

from knapsack_rl.base.seeding import digest
from knapsack_rl.integrations.settings import AllocationSettings
from tests.integrations.trl.small import Small, Watch, logged, weights

OPTIONS = {"per_device_train_batch_size": 4, "ddp_backend": "gloo", "max_steps": 10}


def main(model_folder: Path, folder: Path) -> None:
    """Three runs from the same weights; a file per process."""
    small = Small(model_folder, folder)
    stock = small.stock(name="stock", **OPTIONS)
    stock.train()
    uniform = small.make(name="uniform", given=_given("uniform"), **OPTIONS)
    uniform.train()
    knapsack = small.make(
        name="run", given=_given("knapsack"), log_completions=True, num_completions_to_print=0, save_strategy="steps",
        save_steps=4, **OPTIONS,
    )  # fmt: skip
    watch = Watch(knapsack)
    knapsack.train()
    seen = {
        "processes": knapsack.accelerator.num_processes,
        "stock": _digest(stock),
        "uniform": _digest(uniform),
        "logs_agree": logged(stock) == logged(uniform),
        "knapsack": _digest(knapsack),
        "batches": [(dealt.prompt_ids, dealt.counts_P.tolist(), rewards) for dealt, rewards in watch.batches],
        "state": knapsack.allocator.state_dict(),
    }
    (folder / f"process_{knapsack.accelerator.process_index}.json").write_text(json.dumps(seen), encoding="utf-8")


def _given(strategy):
    return {"allocation": AllocationSettings(strategy=strategy, belief="last_visit", low=2, high=10)}


def _digest(trainer):
    values = weights(trainer)
    return digest("".join(f"{name}{values[name].tolist()}" for name in sorted(values)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
