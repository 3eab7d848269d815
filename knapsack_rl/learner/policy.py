"""The learner: a transformers causal language model with AdamW."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from knapsack_rl.base.errors import TrainingError
from knapsack_rl.learner.checkpoint import load_optimizer, save_optimizer
from knapsack_rl.learner.loss import LossOptions, TokenLoss, token_loss
from knapsack_rl.learner.packing import MicroBatch, micro_batches
from knapsack_rl.learner.protocol import TrainingRow, UpdateStats
from knapsack_rl.models import save_model


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerOptions:
    """AdamW and the size of a micro-batch."""

    learning_rate: float
    weight_decay: float
    max_grad_norm: float
    micro_batch_tokens: int
    temperature: float
    """Log-probabilities are taken from logits divided by this, as in sampling."""


class PolicyLearner:
    """Updates ``model`` in place.

    Args:
        model: the policy; kept in evaluation mode (no dropout), gradients on.
        tokenizer: written beside exported weights.
        loss: clips and penalties.
        optimizer: AdamW options.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        loss: LossOptions,
        optimizer: OptimizerOptions,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._loss_options = loss
        self._options = optimizer
        self._reference = deepcopy(model).requires_grad_(False) if loss.kl_coef > 0 else None
        self._optimizer = torch.optim.AdamW(
            model.parameters(), lr=optimizer.learning_rate, weight_decay=optimizer.weight_decay
        )

    def update(self, mini_batches: Sequence[Sequence[TrainingRow]]) -> UpdateStats:
        """One AdamW step per mini-batch. An empty one has a zero gradient, as its full version would have had."""
        totals: defaultdict[str, float] = defaultdict(float)
        for rows in mini_batches:
            totals["loss"] += self._accumulate(rows, totals)
            totals["grad_norm"] += self._step()
        response_tokens = sum(len(row.response_tokens) for rows in mini_batches for row in rows)
        per_token = 1 / max(1, response_tokens)
        return UpdateStats(
            loss=totals["loss"] / len(mini_batches),
            grad_norm=totals["grad_norm"] / len(mini_batches),
            clip_frac=totals["clipped"] * per_token,
            approx_kl=totals["old_minus_new"] * per_token,
            entropy=totals["entropy"] * per_token,
            num_updated_rollouts=sum(len(rows) for rows in mini_batches),
            num_updated_tokens=response_tokens + sum(len(row.prompt_tokens) for rows in mini_batches for row in rows),
        )

    def gradients(self, rows: Sequence[TrainingRow]) -> dict[str, Tensor]:
        """Gradient of the loss of one mini-batch by parameter name, without taking a step (for tests and probes)."""
        self._accumulate(rows, defaultdict(float))
        gradients = {name: _gradient(parameter).clone() for name, parameter in self._model.named_parameters()}
        self._optimizer.zero_grad(set_to_none=True)
        return gradients

    def weights(self) -> Mapping[str, Tensor]:
        """The live weights by name (not a copy)."""
        return self._model.state_dict()

    def export(self, folder: Path) -> None:
        """Write the policy in the transformers layout, tokenizer included."""
        save_model(folder, self._model, tokenizer=self._tokenizer)

    def save_state(self, folder: Path) -> None:
        """Write weights and AdamW moments as safetensors into ``folder``."""
        save_optimizer(folder, self._model, optimizer=self._optimizer)

    def load_state(self, folder: Path) -> None:
        """Continue from ``save_state``."""
        load_optimizer(folder, self._model, optimizer=self._optimizer)

    def _accumulate(self, rows: Sequence[TrainingRow], totals: defaultdict[str, float]) -> float:
        """Add up gradients over micro-batches; returns the loss of the mini-batch."""
        loss = 0.0
        for batch in micro_batches(rows, max_tokens=self._options.micro_batch_tokens, device=self._model.device):
            part = self._micro_loss(batch)
            part.loss.backward()
            loss += part.loss.item()
            totals["clipped"] += part.num_clipped.item()
            totals["old_minus_new"] += part.sum_old_minus_new.item()
            totals["entropy"] += part.sum_entropy.item()
        return loss

    def _micro_loss(self, batch: MicroBatch) -> TokenLoss:
        logprobs, entropy = self._score(self._model, batch)
        reference = None
        if self._reference is not None:
            with torch.no_grad():
                reference, _ = self._score(self._reference, batch)
        return token_loss(logprobs, entropy, reference_BT=reference, batch=batch, options=self._loss_options)

    def _score(self, model: PreTrainedModel, batch: MicroBatch) -> tuple[Tensor, Tensor]:
        """Log-probability of each token given those before it, and entropy there; both 0 at position 0."""
        logits = model(batch.ids_BT[:, :-1], use_cache=False).logits.float() / self._options.temperature
        log_distribution = logits.log_softmax(-1)
        logprobs = log_distribution.gather(-1, batch.ids_BT[:, 1:].unsqueeze(-1)).squeeze(-1)
        with torch.set_grad_enabled(self._loss_options.entropy_coef > 0 and torch.is_grad_enabled()):
            entropy = -(log_distribution.exp() * log_distribution).sum(-1)
        pad = (1, 0)
        return torch.nn.functional.pad(logprobs, pad), torch.nn.functional.pad(entropy, pad)

    def _step(self) -> float:
        for parameter in self._model.parameters():
            if parameter.grad is None:  # an empty mini-batch: zero gradient, yet momentum moves the weights
                parameter.grad = torch.zeros_like(parameter)
        norm = torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._options.max_grad_norm)
        if not torch.isfinite(norm):
            raise TrainingError(
                "the gradient is not finite; the last saved state is from before it: lower train.learning_rate"
            )
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return float(norm)


def _gradient(parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
