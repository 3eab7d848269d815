"""Stand-ins for what verl needs GPUs for: the model server and the workers that hold the policy. Needs verl.

They let verl's own trainer, agent loops, reward loop, replay buffer and TransferQueue run on a CPU. Nothing is learnt:
a fake answers right with a given probability, and an update returns constants.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import ray
import torch
import transfer_queue as tq
from tensordict import TensorDict
from transfer_queue import KVBatchMeta
from verl.experimental.reward_loop import RewardLoopManager
from verl.trainer.ppo.v1 import AgentLoopManagerTQ
from verl.workers.rollout.llm_server import LLMServerClient
from verl.workers.rollout.replica import TokenOutput
from verl.workers.rollout.router import GlobalRequestLoadBalancer

from knapsack_rl.base.seeding import derive_seed
from knapsack_rl.integrations.verl.trainer import KnapsackTrainer

LOGPROB = -1.0
"""Log-probability of every token."""


@ray.remote(num_cpus=0)
class FakeServer:
    """A model server whose k-th answer to a prompt, with given weights, is right or wrong by a seeded draw.

    Args:
        prompts: token ids of every prompt with the token ids of a right and of a wrong answer to it.
        rates: success rate of each.
        failing: numbers of prompts whose requests all raise.
    """

    def __init__(
        self,
        prompts: Sequence[tuple[Sequence[int], Sequence[int], Sequence[int]]],
        rates: Sequence[float],
        *,
        failing: Sequence[int] = (),
    ) -> None:
        self._number = {tuple(prompt): number for number, (prompt, _, _) in enumerate(prompts)}
        self._answers = [(list(right), list(wrong)) for _, right, wrong in prompts]
        self._rates, self._failing = list(rates), set(failing)
        self._version, self._asked = 0, Counter[int]()

    def load(self, version: int) -> None:
        """Take the weights of a step; answers are counted anew."""
        self._version, self._asked = version, Counter()

    async def generate(
        self, *, prompt_ids: Sequence[int], sampling_params: Mapping[str, Any], **_: object
    ) -> TokenOutput:
        """Answer one request, as verl's servers do."""
        number = self._number[tuple(prompt_ids)]
        if number in self._failing:
            raise RuntimeError(f"the fake server has no answer to prompt {number}")
        draw = np.random.default_rng(derive_seed(self._version, number, self._asked[number])).random()
        self._asked[number] += 1
        tokens = self._answers[number][0 if draw < self._rates[number] else 1]
        logprobs = [LOGPROB] * len(tokens) if sampling_params.get("logprobs") else None
        extra = {"global_steps": self._version}
        return TokenOutput(token_ids=tokens, log_probs=logprobs, num_preempted=0, extra_fields=extra)


class FakeServers:
    """What the trainer asks of its servers and of the engine that hands weights to them."""

    def __init__(self, config: Any, server: Any) -> None:  # noqa: ANN401 - an OmegaConf tree, a Ray actor
        self.server = server
        balancer = ray.remote(num_cpus=0)(GlobalRequestLoadBalancer).remote(servers={"fake": server})
        self._client = LLMServerClient(config, balancer)

    def get_client(self) -> LLMServerClient:
        """The client of verl itself, over verl's own balancer."""
        return self._client

    def update_weights(self, version: int) -> None:
        """The server is told of the step."""
        ray.get(self.server.load.remote(version))

    def sleep_replicas(self) -> None:
        """A fake holds no memory."""


class FakeWorkers:
    """Workers of one rank without a model; a checkpoint is the number of updates."""

    def __init__(self) -> None:
        self._dispatch_info = {"actor": [0]}
        self.num_updates = 0

    def compute_log_prob(self, batch: KVBatchMeta) -> KVBatchMeta:
        """Write constant log-probabilities and entropies, one per token of prompt and response."""
        data = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=["input_ids"])
        rows = [torch.full((len(row),), LOGPROB) for row in data["input_ids"]]
        nested = torch.nested.as_nested_tensor(rows, layout=torch.jagged)
        fields = TensorDict({"log_probs": nested, "entropy": -nested}, batch_size=len(batch))
        return tq.kv_batch_put(keys=batch.keys, partition_id=batch.partition_id, fields=fields)

    def update_actor(self, batch: KVBatchMeta) -> dict[str, Any]:
        """Count, and report what verl's workers report; the loss is the number of rows."""
        self.num_updates += 1
        names = {"actor/pg_loss": float(len(batch)), "grad_norm": 0.5, "actor/pg_clipfrac": 0.0, "actor/ppo_kl": 0.0}
        return {"metrics": {**{name: [value] for name, value in names.items()}, "mfu": [0.0], "lr": [1e-6]}}

    def save_checkpoint(self, folder: str, *_: object, **__: object) -> None:
        """Write the number of updates, and a model folder."""
        model = Path(folder) / "huggingface"
        model.mkdir(parents=True, exist_ok=True)
        for path in (Path(folder) / "fake.json", model / "config.json"):
            path.write_text(json.dumps({"num_updates": self.num_updates}), encoding="utf-8")

    def load_checkpoint(self, *, local_path: str, **_: object) -> None:
        """Read it back."""
        self.num_updates = json.loads((Path(local_path) / "fake.json").read_text(encoding="utf-8"))["num_updates"]


class FakeTrainer(KnapsackTrainer):
    """The trainer over fakes; only what sets up workers and servers is another.

    Args:
        config: verl's configuration.
        server: a `FakeServer`.
    """

    def __init__(self, config: Any, server: Any) -> None:  # noqa: ANN401 - an OmegaConf tree, a Ray actor
        super().__init__(config)
        self._server = server

    def _setup(self) -> None:
        self._init_tokenizer()
        self._init_dataloader()
        self._init_dump_executor()
        self.ref_in_actor, self.teacher_model_manager = False, None
        self.actor_rollout_wg = FakeWorkers()
        self.reward_loop_manager = RewardLoopManager(config=self.config)
        self.checkpoint_manager = self.llm_server_manager = FakeServers(self.config, self._server)
        self._load_checkpoint()

    def _get_n_gpus_for_throughput(self) -> int:
        return 1


def fit(config: Any, server: Any) -> FakeTrainer:  # noqa: ANN401 - an OmegaConf tree, a Ray actor
    """Train as verl's task runner does; TransferQueue is started and ended. Ray must be running.

    Returns:
        The trainer, at its end.
    """
    config.transfer_queue.enable = True
    tq.init(config.transfer_queue)
    try:
        trainer = FakeTrainer(config, server)
        trainer.init()
        manager = AgentLoopManagerTQ.create(
            config=config,
            llm_client=trainer.get_llm_client(),
            teacher_client=None,
            reward_loop_worker_handles=trainer.get_reward_handles(),
        )
        trainer.fit(manager)
        trainer.logger.finish(exit_code=0)
        for actor in (*manager.agent_loop_workers, *trainer.get_reward_handles()):
            ray.kill(actor)
    finally:
        tq.close()
    return trainer
