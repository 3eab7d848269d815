"""verl's synchronous trainer with rollouts dealt by a strategy. Importing it registers it; needs verl.

Written for the trainer of verl 0.9.1 (``verl/trainer/ppo/v1``). ``_run_prompt`` of its agent loop takes a prompt's
number of rollouts from the field ``__rollout_n__``; everything downstream groups by uid, so groups may be ragged.
"""

import sys
import time
from pathlib import Path
from typing import Any

import torch
import transfer_queue as tq
from omegaconf import OmegaConf
from tensordict import TensorDict
from transfer_queue import KVBatchMeta
from verl.trainer.ppo.v1.replay_buffer import ReplayBuffer
from verl.trainer.ppo.v1.trainer_base import register_trainer
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync

from knapsack_rl.base.errors import StateError
from knapsack_rl.integrations.state_file import find_state, write_state
from knapsack_rl.integrations.verl.allocator import Allocator, Batch
from knapsack_rl.integrations.verl.announcement import announcement
from knapsack_rl.integrations.verl.batches import read_trajectories
from knapsack_rl.integrations.verl.checks import TRAINER, check_run
from knapsack_rl.integrations.verl.groups import DealtGroup, Planned, dealt_groups
from knapsack_rl.integrations.verl.identity import prompt_id, prompt_texts
from knapsack_rl.integrations.verl.metrics import PREFIX, step_metrics
from knapsack_rl.integrations.verl.settings import read_settings
from knapsack_rl.integrations.verl.step_log import step_line
from knapsack_rl.integrations.verl.versions import installed_version
from knapsack_rl.integrations.verl.weights import keep_weights
from knapsack_rl.records import Journal


@register_trainer(TRAINER)
class KnapsackTrainer(PPOTrainerSync):
    """Synchronous trainer in which prompts get unequal numbers of rollouts.

    Everything but the numbers, the clip of advantages (if asked for) and the metrics is `PPOTrainerSync`'s.

    Raises:
        ConfigError: verl's version or a value of its configuration does not go with the plug-in.
    """

    def __init__(self, config: Any) -> None:  # noqa: ANN401 - an OmegaConf tree
        version = installed_version()
        plain = OmegaConf.to_container(config, resolve=True)
        self._settings = read_settings(plain["trainer"]["v1"].get(TRAINER))
        check_run(plain, self._settings)
        super().__init__(config)
        self._planned: dict[str, Planned] = {}
        self._seconds = 0.0
        text = announcement(self._settings, mean=plain["actor_rollout_ref"]["rollout"]["n"], verl=version)
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def _build_replay_buffer(self) -> ReplayBuffer:
        """As in mode ``sync``: verl takes every other name of a mode for an asynchronous one, here and hereafter."""
        self.trainer_mode = "sync"
        return super()._build_replay_buffer()

    def _init_dataloader(self) -> None:
        """Look through the data set for ids, then start with no beliefs."""
        super()._init_dataloader()
        dataset = self.train_dataset
        texts = prompt_texts(dataset.dataframe, prompt_key=dataset.prompt_key)
        self._allocator = Allocator(self._settings, texts=texts)

    def _submit_batch_to_rollout(self, batch: TensorDict) -> int:
        """Deal rollouts over the prompts of a batch, then submit it."""
        start = time.perf_counter()
        names = tuple(map(prompt_id, batch["data_source"], batch["index"]))
        total = len(names) * self.config.actor_rollout_ref.rollout.n
        dealt = Batch(
            prompt_ids=names, total=total, step=self.global_steps, epoch=self._epoch(), part=len(self._planned)
        )
        counts_P, rate_P = self._allocator.deal(dealt)
        batch["__rollout_n__"] = torch.from_numpy(counts_P)
        for uid, name, count, rate in zip(batch["uid"], names, counts_P, rate_P, strict=True):
            self._planned[uid] = Planned(prompt_id=name, num_rollouts=int(count), rate=float(rate))
        self._seconds += time.perf_counter() - start
        return int(super()._submit_batch_to_rollout(batch))

    def _compute_advantage(self, batch: KVBatchMeta, metrics: dict[str, Any]) -> KVBatchMeta:
        """Learn from the rewards of the batch, which nothing of this step has been dealt by, and log it."""
        start = time.perf_counter()
        groups = dealt_groups(self._planned, read_trajectories(batch))
        self._planned = {}
        padding = sum(bool(tag.get("is_padding")) for tag in batch.tags)
        metrics.update(step_metrics(groups, threshold=self._settings.success_threshold, num_padding=padding))
        self._learn(groups)
        self._seconds += time.perf_counter() - start
        metrics[f"{PREFIX}/allocate_s"], self._seconds = self._seconds, 0.0
        done = super()._compute_advantage(batch, metrics)
        self._clip_advantages(batch)
        return done

    def _learn(self, groups: list[DealtGroup]) -> None:
        threshold = self._settings.success_threshold
        if self._settings.step_log:
            line = step_line(
                groups,
                [self._allocator.visit(group.planned.prompt_id) for group in groups],
                step=self.global_steps,
                epoch=self._epoch(),
                threshold=threshold,
                response_limit=self.config.actor_rollout_ref.rollout.response_length,
            )
            with Journal(Path(self._settings.step_log)) as journal:
                journal.append(line)
        kept = [group for group in groups if group.rewards]
        successes = [group.successes(threshold) for group in kept]
        names = [group.planned.prompt_id for group in kept]
        self._allocator.observe(names, successes, step=self.global_steps, epoch=self._epoch())

    def _clip_advantages(self, batch: KVBatchMeta) -> None:
        """Clip as the release of Knapsack RL does: a lone success among 128 has an advantage of 11 otherwise."""
        limit = self._settings.advantage_clip
        if limit is None:
            return
        fields = ["advantages", "returns"]
        data = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=fields)
        clipped = {field: data[field].clamp(-limit, limit) for field in fields}
        tq.kv_batch_put(
            keys=batch.keys, partition_id=batch.partition_id, fields=TensorDict(clipped, batch_size=len(batch))
        )

    def _save_checkpoint(self) -> None:
        """Beliefs first: verl names a checkpoint as the latest once all else of it is written."""
        write_state(self._checkpoint(), self._allocator.state_dict())
        super()._save_checkpoint()
        if self._settings.weights and self.global_steps in self._settings.weights_at:
            keep_weights(self._checkpoint(), Path(self._settings.weights), step=self.global_steps)

    def _load_checkpoint(self) -> None:
        """Beliefs of the checkpoint that verl resumes from; a checkpoint without any leaves them unknown, and says so.

        Raises:
            StateError: beliefs that cannot be read, or are of other settings.
        """
        super()._load_checkpoint()
        if not self.global_steps:
            return
        folder = self._checkpoint()
        if self.config.trainer.resume_mode == "resume_path":
            folder = Path(self.config.trainer.resume_from_path)
        state = find_state(folder)
        if state is None:
            sys.stdout.write(f"knapsack_rl: {folder} holds no beliefs; every prompt starts unknown\n")
            return
        try:
            self._allocator.load_state_dict(state)
        except StateError as error:
            raise StateError(f"{folder}: {error}") from None

    def _checkpoint(self) -> Path:
        return Path(self.config.trainer.default_local_dir) / f"global_step_{self.global_steps}"

    def _epoch(self) -> int:
        return int((self.global_steps - 1) // max(1, self.steps_per_epoch))
