"""TRL's GRPO trainer with an uneven number of rollouts per prompt."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import broadcast_object_list, gather_object
from datasets import IterableDataset
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR
from trl import GRPOTrainer

from knapsack_rl.base.arrays import FloatArray
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.integrations.allocator import Allocator, Dealt
from knapsack_rl.integrations.settings import AllocationSettings, successes
from knapsack_rl.integrations.state_file import read_state, write_state
from knapsack_rl.integrations.trl.advantages import RewardRule
from knapsack_rl.integrations.trl.epochs import EpochSampler
from knapsack_rl.integrations.trl.identity import check_column, check_unique, identities, prompt_text
from knapsack_rl.integrations.trl.metrics import PREFIX, step_metrics, zero_std_share
from knapsack_rl.integrations.trl.slots import Example, Share, split_groups


class KnapsackGRPOTrainer(GRPOTrainer):
    """``trl.GRPOTrainer`` that deals the completions of a generation batch to its prompts by a strategy.

    Everything that `GRPOTrainer` takes means what it means there; ``num_generations`` becomes the mean number of
    completions per prompt. With strategy ``uniform`` it computes, bit for bit, what `GRPOTrainer` computes.
    Evaluation is TRL's own. Checkpoints hold the beliefs (``knapsack.json``).

    Example::

        trainer = KnapsackGRPOTrainer(
            model="Qwen/Qwen3-0.6B", reward_funcs=right, args=GRPOConfig(num_generations=8), train_dataset=dataset,
            allocation=AllocationSettings(strategy="knapsack", low=2, high=64), id_column="id",
        )

    Args:
        arguments: those of `GRPOTrainer`.
        allocation: strategy, belief, bounds and what counts as a success; None: the paper's rule.
        id_column: column of ``train_dataset`` that identifies a prompt: a text or whole number, unique.
        options: keyword arguments of `GRPOTrainer`.

    Raises:
        ConfigError: no such column, or ``num_generations`` lies outside the bounds.
        InputError: two rows share an identity.
    """

    def __init__(
        self,
        *arguments: Any,  # noqa: ANN401 - TRL's
        allocation: AllocationSettings | None = None,
        id_column: str = "id",
        **options: Any,  # noqa: ANN401 - TRL's
    ) -> None:
        super().__init__(*arguments, **options)
        self._allocation = allocation or AllocationSettings()
        self._id_column = id_column
        self._dealt: Dealt | None = None  # while its completions are sampled and scored
        self._rewards_R_F: FloatArray | None = None
        self._due: tuple[Dealt, list[FloatArray]] | None = None  # scored, and not learned from yet
        self._check_bounds()
        self.allocator = Allocator(self._allocation, texts=self._read_dataset())

    def _check_bounds(self) -> None:
        low, high = self._allocation.low, self._allocation.high
        if not low <= self.num_generations <= high:
            raise ConfigError(
                f"num_generations = {self.num_generations}, the mean per prompt, lies outside low = {low} and"
                f" high = {high}; change one of them"
            )

    def _read_dataset(self) -> dict[str, str] | None:
        """Check the identity of the rows; returns their texts by identity, where strategy or belief reads them."""
        dataset, column = self.train_dataset, self._id_column
        if dataset is None:
            return None
        check_column(dataset.column_names, column, removed=self.args.remove_unused_columns)
        if isinstance(dataset, IterableDataset):
            if self._allocation.reads_texts:
                raise ConfigError(
                    f"train_dataset is a stream, and belief {self._allocation.belief_name!r} or strategy"
                    f" {self._allocation.strategy!r} reads all prompts beforehand; load the data set, or choose others"
                )
            return None
        check_unique(dataset[column], column)
        if not self._allocation.reads_texts:
            return None
        ids = identities([{column: given} for given in dataset[column]], column)
        return dict(zip(ids, map(prompt_text, dataset["prompt"]), strict=True))

    # What TRL calls, in the order of a step

    def _get_train_sampler(self, dataset: Any = None) -> Any:  # noqa: ANN401 - as in TRL
        sampler = super()._get_train_sampler(dataset)
        return EpochSampler(
            epoch=lambda: int(self.state.epoch or 0),
            data_source=sampler.data_source,
            mini_repeat_count=sampler.mini_repeat_count,
            batch_size=sampler.batch_size,
            repeat_count=sampler.repeat_count,
            shuffle=sampler.shuffle,
            seed=sampler.seed,
        )

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        if not self.model.training:
            return super()._generate_and_score_completions(inputs)
        self._learn()
        start = time.perf_counter()
        examples, share = self._examples(inputs)
        self._dealt = self._deal(examples)
        mine = share.dealt(examples, self._dealt.counts_P)
        self._log_train("allocate_s", time.perf_counter() - start)
        try:
            output = super()._generate_and_score_completions(mine)
            self._finish(output, share)
        finally:
            self._dealt = None
        return output

    def _generate_single_turn(  # noqa: PLR0917 - as in TRL
        self,
        prompt_ids: Any,  # noqa: ANN401
        images: Any,  # noqa: ANN401
        multimodal_fields: Any,  # noqa: ANN401
        num_generations: int,
        **more: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """A vLLM server is sent every slot by itself; TRL's would send the first of every ``num_generations``."""
        if self._dealt is not None and not self._is_even(self._dealt):
            num_generations = 1
        return super()._generate_single_turn(prompt_ids, images, multimodal_fields, num_generations, **more)

    def _calculate_rewards(self, *arguments: Any, **options: Any) -> torch.Tensor:  # noqa: ANN401 - TRL's
        rewards = super()._calculate_rewards(*arguments, **options)
        self._rewards_R_F = rewards.double().cpu().numpy()
        return rewards

    def _save_checkpoint(self, model: Any, trial: Any) -> None:  # noqa: ANN401 - as in TRL
        """Beliefs first: a checkpoint that is whole for TRL has them.

        Inside a cycle of generation and updates TRL's checkpoint lacks the completions, and a resumed run samples them
        anew; so the beliefs are saved without them, and no outcome counts twice.
        """
        if self._step % (self.args.steps_per_generation * self.num_iterations) == 0:
            self._learn()
        if self.args.should_save:
            folder = Path(self._get_output_dir(trial=trial)) / f"{PREFIX_CHECKPOINT_DIR}-{self.state.global_step}"
            write_state(folder, self.allocator.state_dict())
        super()._save_checkpoint(model, trial)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is not None:
            self.allocator.load_state_dict(read_state(Path(checkpoint)))
            self._due = None

    # What they do

    def _examples(self, inputs: Sequence[Example]) -> tuple[list[Example], Share]:
        """Rows of the whole batch, one per prompt, and the slots of this process."""
        share = Share(process=self.accelerator.process_index, num_slots=len(inputs))
        return gather_object(share.first_of_groups(inputs, size=self.num_generations)), share

    def _deal(self, examples: Sequence[Example]) -> Dealt:
        """Process 0 deals, so that rounding can set no two processes apart."""
        total = len(examples) * self.num_generations
        dealt = self.allocator.deal(
            identities(examples, self._id_column), total=total, epoch=self._epoch(len(examples))
        )
        agreed = broadcast_object_list([dealt], from_process=0)
        return agreed[0]

    def _epoch(self, num_prompts: int) -> int | None:
        """Passes over the data completed before this batch; a stream leaves it to the visits."""
        if isinstance(self.train_dataset, IterableDataset):
            return None
        return self.allocator.step // max(1, len(self.train_dataset) // num_prompts)

    def _is_even(self, dealt: Dealt) -> bool:
        return bool((dealt.counts_P == self.num_generations).all())

    def _finish(self, output: dict[str, Any], share: Share) -> None:
        """Log the step and, where groups are uneven, put their advantages in the place of TRL's."""
        dealt, rewards_R_F = self._dealt, self._rewards_R_F
        assert dealt is not None  # noqa: S101 - set by the caller
        assert rewards_R_F is not None  # noqa: S101 - TRL has scored
        rule = RewardRule(
            weight_F=self.reward_weights.double().cpu().numpy(),
            scale_rewards=self.scale_rewards,
            aggregation=self.multi_objective_aggregation,
        )
        groups = split_groups(rule.total(rewards_R_F), dealt.counts_P)
        right = successes(groups, prompt_ids=dealt.prompt_ids, threshold=self._allocation.success_threshold)
        for name, value in step_metrics(dealt, rewards_P_G=groups, right_P_G=right).items():
            self._log_train(name, value)
        if not self._is_even(dealt):
            self._put_advantages(output, rule.advantages(rewards_R_F, dealt.counts_P), share=share)
            if rule.reports_groups:
                self._metrics["train"]["frac_reward_zero_std"][-1] = zero_std_share(groups)
        self._due = (dealt, groups)

    def _put_advantages(self, output: dict[str, Any], advantage_R: FloatArray, *, share: Share) -> None:
        mine_R = advantage_R[share.start : share.start + share.num_slots]
        output["advantages"] = torch.from_numpy(mine_R).to(output["advantages"])
        logged = self._logs["advantages"]
        for _ in range(len(advantage_R)):
            logged.pop()
        logged.extend(advantage_R.tolist())

    def _learn(self) -> None:
        """Show the allocator what came of the last batch, if it has not seen it."""
        if self._due is not None:
            self.allocator.observe(*self._due)
            self._due = None

    def _log_train(self, name: str, value: float) -> None:
        self._metrics["train"][name if name.startswith(PREFIX) else f"{PREFIX}/{name}"].append(value)
