"""The learner: a transformers causal language model with AdamW, whole in this process or sharded among ranks."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from knapsack_rl.base.errors import DivergedError
from knapsack_rl.base.ranks import ONE_RANK, Ranks
from knapsack_rl.config import LearnerConfig, TrainConfig
from knapsack_rl.learner.checkpoint import load_optimizer, optimizer_tensors, save_optimizer
from knapsack_rl.learner.loss import TokenLoss, token_loss
from knapsack_rl.learner.mismatch import Mismatch, mismatch_facts
from knapsack_rl.learner.optimizers import build_optimizer
from knapsack_rl.learner.packing import MicroBatch
from knapsack_rl.learner.prepare import micro_batches, prepare_model, wrap_model
from knapsack_rl.learner.protocol import TrainingRow, UpdateStats
from knapsack_rl.learner.ranks import FullWeights, drop_gathered, full, local
from knapsack_rl.models import save_model


class PolicyLearner:
    """Updates ``model`` in place.

    Args:
        model: the policy; dropout is off, gradients on.
        tokenizer: written beside exported weights.
        train: loss, optimiser, size of a micro-batch; log-probabilities are taken at its temperature, as in sampling.
        compute: precision, packing, memory.
        ranks: processes among which the model is sharded and rows are dealt; each is given all rows.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        train: TrainConfig,
        compute: LearnerConfig,
        ranks: Ranks = ONE_RANK,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._train = train
        self._compute = compute
        self._ranks = ranks
        self._device = model.device
        reference = deepcopy(model).requires_grad_(False) if train.loss.kl_coef > 0 else None
        prepare_model(model, compute)
        self._scorer = wrap_model(model, compute, temperature=train.temperature, ranks=ranks)
        self._reference = (
            wrap_model(reference, compute, temperature=train.temperature, ranks=ranks)
            if reference is not None
            else None
        )
        self._optimizer = build_optimizer(model.parameters(), train.optimizer, compute=compute)

    def update(self, mini_batches: Sequence[Sequence[TrainingRow]]) -> UpdateStats:
        """One AdamW step per mini-batch. An empty one has a zero gradient, as its full version would have had.

        Raises:
            DivergedError: loss or gradient are not finite, before the optimiser step they are meant for; or the weights
                are not, after the last one. On all ranks, if on one.
        """
        totals: defaultdict[str, float] = defaultdict(float)
        mismatch = Mismatch(cap=self._train.loss.importance_cap)
        grad_norm = 0.0
        for batches in self._prepare(mini_batches, mismatch):
            loss_before = totals["loss"]
            self._accumulate(batches, totals, mismatch=mismatch)
            grad_norm += self._step(totals["loss"] - loss_before)
            mismatch.closed = True
        self._check_weights()
        sums = self._ranks.gather(dict(totals))
        totals = defaultdict(float, {key: sum(part.get(key, 0.0) for part in sums) for key in sums[0]})
        response_tokens = sum(len(row.response_tokens) for rows in mini_batches for row in rows)
        per_token = 1 / max(1, response_tokens)
        return UpdateStats(
            loss=totals["loss"] / len(mini_batches),
            grad_norm=grad_norm / len(mini_batches),
            updated_clip_frac=totals["clipped"] * per_token,
            updated_approx_kl=totals["old_minus_new"] * per_token,
            updated_entropy=totals["entropy"] * per_token,
            num_updated_rollouts=sum(len(rows) for rows in mini_batches),
            num_updated_tokens=response_tokens + sum(len(row.prompt_tokens) for rows in mini_batches for row in rows),
            **mismatch_facts(self._ranks.gather(mismatch)),
        )

    def gradients(self, rows: Sequence[TrainingRow]) -> dict[str, Tensor]:
        """Gradient of the loss of one mini-batch by parameter name, without taking a step (for tests and probes)."""
        mismatch = Mismatch(cap=self._train.loss.importance_cap)
        self._accumulate(self._cut(rows), defaultdict(float), mismatch=mismatch)
        gradients = {name: full(_gradient(parameter)).clone() for name, parameter in self._model.named_parameters()}
        self._optimizer.zero_grad(set_to_none=True)
        return gradients

    @torch.no_grad()
    def logprobs(self, rows: Sequence[TrainingRow]) -> list[list[float]]:
        """Log-probability of every response token under the current policy, for each row (for tests and probes)."""
        scored = []
        for row in rows:
            (batch,) = self._cut([row], ONE_RANK)
            values, _ = self._scorer(batch)
            scored.append(values.flatten()[len(row.prompt_tokens) :].tolist())
        return scored

    def weights(self) -> Mapping[str, Tensor]:
        """The live weights by name (not a copy); those of a sharded model are gathered one by one."""
        return FullWeights(self._model) if self._is_sharded() else self._model.state_dict()

    def export(self, folder: Path, *, card: str = "") -> None:
        """Write the policy in the transformers layout, tokenizer and model card included; rank 0 alone writes."""
        half = torch.bfloat16 if self._compute.dtype == "bfloat16" else None
        whole = self._whole(half) if self._is_sharded() or half else None
        if self._ranks.rank == 0:
            save_model(folder, self._model, tokenizer=self._tokenizer, weights=whole, card=card)

    def save_state(self, folder: Path) -> None:
        """Write weights and AdamW moments as safetensors into ``folder``; rank 0 alone writes."""
        tensors = optimizer_tensors(self._model, self._optimizer)
        if self._ranks.rank == 0:
            save_optimizer(folder, tensors)

    def load_state(self, folder: Path) -> None:
        """Continue from ``save_state``, by any number of ranks."""
        load_optimizer(folder, self._model, optimizer=self._optimizer)

    def _whole(self, dtype: torch.dtype | None) -> dict[str, Tensor]:
        """Weights on the host; one that is used twice (tied embeddings) is there once."""
        every = {name for name, _ in self._model.named_parameters(remove_duplicate=False)}
        tied = every - {name for name, _ in self._model.named_parameters()}
        weights = self.weights()
        return {name: weights[name].to("cpu", dtype) for name in weights if name not in tied}

    def _is_sharded(self) -> bool:
        return self._ranks.size > 1

    def _cut(self, rows: Sequence[TrainingRow], ranks: Ranks | None = None) -> Iterable[MicroBatch]:
        tokens, packing = self._train.micro_batch_tokens, self._compute.packing
        return micro_batches(rows, max_tokens=tokens, packing=packing, device=self._device, ranks=ranks or self._ranks)

    def _prepare(self, mini_batches: Sequence[Sequence[TrainingRow]], mismatch: Mismatch) -> list[Iterable[MicroBatch]]:
        """Micro-batches of each mini-batch.

        All but the first are scored here, before the weights move: the ratio is to the learner's own log-probabilities
        at the weights that sampled. The first is compared on its way through the update, at no cost.
        """
        prepared: list[Iterable[MicroBatch]] = [self._cut(rows) for rows in mini_batches]
        with torch.no_grad():
            prepared[1:] = [
                [_compared(batch, self._scorer(batch)[0], mismatch=mismatch) for batch in batches]
                for batches in prepared[1:]
            ]
        return prepared

    def _accumulate(
        self, batches: Iterable[MicroBatch], totals: defaultdict[str, float], *, mismatch: Mismatch
    ) -> None:
        """Add up gradients over micro-batches, and this rank's part of the loss and of what is reported."""
        for batch in batches:
            part = self._micro_loss(batch, mismatch)
            part.loss.backward()
            if batch.is_filler:
                continue
            totals["loss"] += part.loss.item()
            totals["clipped"] += part.num_clipped.item()
            totals["old_minus_new"] += part.sum_old_minus_new.item()
            totals["entropy"] += part.sum_entropy.item()

    def _micro_loss(self, batch: MicroBatch, mismatch: Mismatch) -> TokenLoss:
        logprobs, entropy = self._scorer(batch, self._train.loss.entropy_coef > 0)
        batch = _compared(batch, logprobs, mismatch=mismatch)
        reference = None
        if self._reference is not None:
            with torch.no_grad():
                reference, _ = self._reference(batch)
        return token_loss(logprobs, entropy, reference_BT=reference, batch=batch, options=self._train.loss)

    def _step(self, loss: float) -> float:
        """Take the optimiser step; ``loss`` is this rank's part of the one whose gradient has been added up."""
        self._check(sum(self._ranks.gather(loss)), "loss")
        drop_gathered(self._scorer)
        for parameter in self._model.parameters():
            if parameter.grad is None:  # an empty mini-batch: zero gradient, yet momentum moves the weights
                parameter.grad = torch.zeros_like(parameter)
        norm = full(torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._train.optimizer.max_grad_norm))
        self._check(float(norm), "gradient norm")
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return float(norm)

    def _check(self, value: float, name: str) -> None:
        """Stop the update with nothing left behind, so that it could be asked for again."""
        if not math.isfinite(value):
            self._optimizer.zero_grad(set_to_none=True)
            raise DivergedError(f"the {name} is not finite ({value})")

    @torch.no_grad()
    def _check_weights(self) -> None:
        """Stop before weights that overflowed are handed to the sampler, exported or saved."""
        finite = torch.stack([torch.isfinite(local(parameter)).all() for parameter in self._model.parameters()]).all()
        if not all(self._ranks.gather(bool(finite))):
            raise DivergedError("the weights are not finite after the update")


def _compared(batch: MicroBatch, logprobs_BT: Tensor, *, mismatch: Mismatch) -> MicroBatch:
    return batch if batch.is_filler else mismatch.compare(batch, logprobs_BT)


def _gradient(parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
