"""The loops of docs/your_own_loop.md do what they say."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from knapsack_rl.grpo import group_advantages
from knapsack_rl.integrations.allocator import Allocator
from knapsack_rl.integrations.settings import AllocationSettings

DOCUMENT = Path(__file__).parents[3] / "docs" / "your_own_loop.md"
RATES = {"never": 0.0, "rarely": 0.1, "often": 0.6, "always": 1.0}


def code(heading):
    """The Python below a heading of the document."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"## {heading}")[1].split("\n## ")[0]
    return re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]


@dataclass(frozen=True)
class Prompt:
    """What a loop knows a problem by."""

    id: str


@pytest.mark.torch
def test_plain_loop_trains():
    """Lines as printed, with a policy of two answers per prompt: the prompt that can be learned is."""
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(0)
    logits = torch.zeros(1, requires_grad=True)

    def sample(policy, prompt, count):
        rate = torch.sigmoid(policy).item() if prompt.id == "learnable" else RATES[prompt.id]
        return [(prompt.id, bool(random.random() < rate)) for _ in range(count)]

    def log_probability(policy, text):
        return torch.nn.functional.logsigmoid(policy if text[1] else -policy) * (text[0] == "learnable")

    names = {
        "batches": [[Prompt("learnable"), *map(Prompt, RATES)]] * 30,
        "policy": logits,
        "sample": sample,
        "score": lambda _prompt, text: int(text[1]),
        "log_probability": log_probability,
        "optimizer": torch.optim.SGD([logits], lr=1.0),
    }
    exec(code("A plain PyTorch loop"), names)  # noqa: S102 - our own document
    assert torch.sigmoid(logits).item() > 0.7
    allocator = names["allocator"]
    assert allocator.step == 30
    counts = dict(zip(names["dealt"].prompt_ids, names["dealt"].counts_P.tolist(), strict=True))
    assert sum(counts.values()) == 40
    assert counts["always"] == 2


def test_loop_that_sets_group_sizes():
    """Every builder has its count; what comes back is learned from."""
    names = {"ProblemGroupBuilder": lambda row, num_envs: (row["id"], num_envs)}
    exec(code("Loops in which an environment"), names)  # noqa: S102 - our own document
    loop = SimpleNamespace(
        rows=[{"id": name} for name in RATES],
        batch_size=4,
        group_size=8,
        allocator=Allocator(AllocationSettings(high=30)),
    )
    for _ in range(3):
        builders = names["get_batch"](loop, 0)
        groups = [
            SimpleNamespace(
                get_total_rewards=lambda n=n, name=name: [float(j < round(RATES[name] * n)) for j in range(n)]
            )
            for name, n in builders
        ]
        names["after_step"](loop, groups)
    assert sum(n for _, n in builders) == 32
    assert dict(builders)["always"] == 2


@pytest.mark.parametrize("lost", [False, True])
def test_loop_with_one_flat_list(lost):
    """Advantages are those of the prompts; a rollout that was lost leaves NaN in its place."""
    body = "\n".join(f"    {line}" for line in code("Loops with a fixed group size").splitlines())
    names = {"np": np, "group_advantages": group_advantages, "rollouts_per_example": 8}
    exec(f"async def step(problems, allocator, generate):\n{body}\n    return dealt, groups", names)  # noqa: S102
    allocator = Allocator(AllocationSettings(high=30))

    async def generate(requests):
        rewards = [float(position % 2 < RATES[request["example_id"]]) for position, request in enumerate(requests)]
        if lost:
            rewards[0] = float("nan")
        return [SimpleNamespace(reward=reward) for reward in rewards]

    dealt, groups = asyncio.run(names["step"]([{"example_id": name} for name in RATES], allocator, generate))
    expected = dealt.counts_P.tolist()
    assert [len(group) for group in groups] == [expected[0] - lost, *expected[1:]]
    assert allocator.step == 1


def test_rewards_are_grouped_by_prompt_in_slime():
    """Positions say nothing: shuffled samples of uneven groups get the advantages of their prompts."""
    names = {"group_advantages": group_advantages}
    exec(code("slime"), names)  # noqa: S102 - our own document
    owners = ["a", "b", "a", "c", "b", "b", "c", "c", "b", "b", "c", "c"]
    rewards = [1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    samples = [
        SimpleNamespace(group_index=owner, get_reward_value=lambda _, value=value: value)
        for owner, value in zip(owners, rewards, strict=True)
    ]
    raw, advantages = names["by_prompt"](None, samples)
    assert raw == rewards
    assert all(value == 0 for owner, value in zip(owners, advantages, strict=True) if owner in "ac")
    of_b = [value for owner, value in zip(owners, advantages, strict=True) if owner == "b"]
    assert of_b == pytest.approx(group_advantages([[0, 1, 0, 0, 0]])[0].tolist())
