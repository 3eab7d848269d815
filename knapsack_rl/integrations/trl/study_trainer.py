"""TRL's trainer in a study: our prompts in our order, our scorer, and a record of every step."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset
from trl.trainer.utils import RepeatSampler

from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.config import RunConfig
from knapsack_rl.integrations.settings import successes
from knapsack_rl.integrations.trl.slots import Share
from knapsack_rl.integrations.trl.study_arguments import allocation_settings
from knapsack_rl.integrations.trl.study_facts import Sampled, StepRecord
from knapsack_rl.integrations.trl.trainer import KnapsackGRPOTrainer
from knapsack_rl.models import response_text
from knapsack_rl.models.prompts import Encode
from knapsack_rl.records import StepFacts
from knapsack_rl.tasks import Response, Task
from knapsack_rl.train.stream import PromptStream


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyParts:
    """What a run is made of, beside TRL."""

    config: RunConfig
    task: Task[Any]
    prompts: Sequence[Prompt]
    encode: Encode
    stops: tuple[int, ...]
    """Tokens that end a response."""
    on_step: Callable[[StepFacts], None]
    """Told the facts of every step, before TRL saves it."""


class StudyTrainer(KnapsackGRPOTrainer):
    """A run of a study, trained by TRL in one process.

    Args:
        parts: the run.
        options: ``model``, ``args`` and ``processing_class`` of `GRPOTrainer`.
    """

    def __init__(self, parts: StudyParts, **options: Any) -> None:  # noqa: ANN401 - TRL's
        self._parts = parts
        self._known = {prompt.id: prompt for prompt in parts.prompts}
        self._kinds = {prompt.id: prompt.kind for prompt in parts.prompts}
        self._record = StepRecord()
        self._spent_on_beliefs = 0
        columns = {"id": list(self._known), "prompt": [prompt.text for prompt in parts.prompts]}
        super().__init__(
            **options,
            reward_funcs=self._scorer(),
            train_dataset=Dataset.from_dict(columns),
            allocation=allocation_settings(parts.config, task=parts.task),
            id_column="id",
        )

    def _scorer(self) -> Callable[..., list[float]]:
        def right(completion_ids: list[list[int]], id: list[str], **_: Any) -> list[float]:  # noqa: A002, ANN401 - TRL names them
            """Verdicts of the study's task."""
            responses = [
                Response(
                    prompt=self._known[name],
                    text=response_text(self.processing_class, tokens),
                    stop=StopReason.EOS if tokens[-1] in self._parts.stops else StopReason.LENGTH,
                )
                for name, tokens in zip(id, completion_ids, strict=True)
            ]
            verdicts = self._parts.task.score_many(responses)
            self._record.reasons.update(verdict.reason for verdict in verdicts)
            return [float(verdict.reward) for verdict in verdicts]

        return right

    def _get_train_sampler(self, dataset: Any = None) -> "StreamSampler":  # noqa: ANN401 - as in TRL
        """The prompts of our trainer's steps, in its order."""
        sampler = super()._get_train_sampler(dataset)
        return StreamSampler(
            self._parts,
            epoch=lambda: int(self.state.epoch or 0),
            repeats=(sampler.mini_repeat_count, sampler.repeat_count),
        )

    def _tokenize_prompts(self, prompts: list[str]) -> tuple[list[list[int]], None, dict[str, Any]]:
        return [list(self._parts.encode(prompt)) for prompt in prompts], None, {}

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """A step begins."""
        self._record = StepRecord()
        return super()._generate_and_score_completions(inputs)

    def _generate_single_turn(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as in TRL
        with self._timed("sample"):
            return super()._generate_single_turn(*arguments, **options)

    def _calculate_rewards(self, *arguments: Any, **options: Any) -> torch.Tensor:  # noqa: ANN401 - as in TRL
        with self._timed("score"):
            return super()._calculate_rewards(*arguments, **options)

    def _finish(self, output: dict[str, Any], share: Share) -> None:
        super()._finish(output, share)
        clip = self._parts.config.train.loss.advantage_clip
        output["advantages"] = output["advantages"].clamp(-clip, clip)
        mask = output["completion_mask"]
        logps = output.get("old_per_token_logps")
        last = output["completion_ids"].gather(1, (mask.sum(1, keepdim=True) - 1).clamp(min=0)).squeeze(1)
        stops = torch.tensor(self._parts.stops, device=last.device)
        assert self._due is not None  # noqa: S101 - set by the trainer
        dealt, groups = self._due
        self._record.seconds["allocate"] = self._metrics["train"]["knapsack/allocate_s"][-1]
        self._record.sampled = Sampled(
            dealt=dealt,
            groups=groups,
            right=successes(groups, prompt_ids=dealt.prompt_ids, threshold=self._allocation.success_threshold),
            partial_credit=self._parts.task.partial_credit,
            num_prompt_tokens_R=output["prompt_mask"].sum(1).cpu().numpy(),
            num_response_tokens_R=mask.sum(1).cpu().numpy(),
            truncated_R=(~torch.isin(last, stops)).cpu().numpy(),
            logprob_R=None if logps is None else (logps * mask).sum(1).double().cpu().numpy(),
        )

    def log(self, logs: dict[str, Any], start_time: float | None = None) -> None:
        """As TRL does; after the last optimiser step of a step its facts are handed on."""
        super().log(logs, start_time)
        if "loss" not in logs:
            return
        self._record.logs.append(dict(logs))
        if len(self._record.logs) == self._parts.config.train.mini_batches:
            sampled = self._record.sampled
            assert sampled is not None  # noqa: S101 - a step begins by sampling
            visits = [self.allocator.visit(prompt_id) for prompt_id in sampled.dealt.prompt_ids]
            with self._timed("allocate"):
                self._learn()
            spent, self._spent_on_beliefs = self._spent_on_beliefs, self.allocator.num_multiply_adds
            facts = self._record.facts(
                sampled.group_facts(kinds=self._kinds, visits=visits), num_multiply_adds=self._spent_on_beliefs - spent
            )
            self._parts.on_step(facts)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        self._spent_on_beliefs = self.allocator.num_multiply_adds

    @contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._record.seconds[phase] += time.perf_counter() - start


class StreamSampler(RepeatSampler):
    """Rows of the prompts that our trainer's stream gives, repeated as TRL repeats them.

    Args:
        parts: the run.
        epoch: tells the epoch that starts, from 0.
        repeats: slots per prompt, and uses of a generation batch.
    """

    def __init__(self, parts: StudyParts, *, epoch: Callable[[], int], repeats: tuple[int, int]) -> None:
        super().__init__(
            parts.prompts,
            mini_repeat_count=repeats[0],
            batch_size=parts.config.train.prompts_per_step,
            repeat_count=repeats[1],
            shuffle=False,
        )
        self._parts, self._epoch = parts, epoch
        self._row = {prompt.id: row for row, prompt in enumerate(parts.prompts)}

    def __iter__(self) -> Iterator[int]:
        """Row numbers of an epoch."""
        stream = PromptStream(self._parts.prompts, batch_size=self.batch_size, seed=self._parts.config.seed)
        batches = self.num_samples // self.batch_size
        for _ in range(self._epoch() * batches):
            stream.next()
        for _ in range(batches):
            rows = [self._row[prompt.id] for prompt in stream.next()]
            for _ in range(self.repeat_count):
                yield from (row for row in rows for _ in range(self.mini_repeat_count))
