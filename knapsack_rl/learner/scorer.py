"""One forward pass: log-probability and entropy at every token of a micro-batch."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from transformers import PreTrainedModel

from knapsack_rl.learner.attention import use_packed_attention, use_shared_attention
from knapsack_rl.learner.logprobs import chunked_logprobs, score_dtype
from knapsack_rl.learner.packing import MicroBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOptions:
    """How a micro-batch is pushed through the model."""

    temperature: float
    """Log-probabilities are taken from logits divided by this, as in sampling."""
    max_logits: int = 2**27
    """Most logits held at once; more tokens than that are scored in chunks."""
    packing: str = "padded"
    """``padded``; ``packed``, rows come end to end; ``shared``, a prompt's positions come once."""
    autocast: bool = False
    """Multiply in bfloat16 whatever the weights are kept in."""


class Scorer(nn.Module):
    """A causal language model that answers with log-probabilities instead of logits.

    It is a module of its own, because a sharded head has its weights only while the forward pass of the module that was
    sharded runs: the chunks are computed inside.
    """

    def __init__(self, model: PreTrainedModel, options: ScoreOptions) -> None:
        super().__init__()
        self.model = model
        self._options = options
        if options.packing == "packed":
            use_packed_attention(model)
        elif options.packing == "shared":
            use_shared_attention(model)

    def forward(self, batch: MicroBatch, entropy_gradient: bool = False) -> tuple[Tensor, Tensor]:  # noqa: FBT001, FBT002 - torch passes it on
        """Log-probability of each token given those before it, and entropy there; both 0 at position 0.  [B, T] each.

        Where logits are scored in chunks, prompt positions are 0 too: they are no part of the loss.
        """
        with self._precision(batch.ids_BT.device):
            if batch.ids_BT.numel() * self.model.config.get_text_config().vocab_size <= self._options.max_logits:
                return self._score_at_once(batch, entropy_gradient=entropy_gradient)
            return self._score_responses(batch, entropy_gradient=entropy_gradient)

    def _precision(self, device: torch.device) -> AbstractContextManager[object]:
        return torch.autocast(device.type, torch.bfloat16) if self._options.autocast else nullcontext()

    def _inputs(self, batch: MicroBatch) -> dict[str, Tensor | int | bool]:
        """All tokens but the last, which predicts nothing."""
        inputs: dict[str, Tensor | int | bool] = {"input_ids": batch.ids_BT[:, :-1], "use_cache": False}
        if (sharing := batch.sharing) is not None:
            ids_U = batch.ids_BT[:, :-1].flatten()[sharing.at_U]
            positions = (sharing.at_U % sharing.of_BT.shape[1]).unsqueeze(0)
            which = {"of_BT": sharing.of_BT, "at_U": sharing.at_U}
            return inputs | which | {"input_ids": ids_U.unsqueeze(0), "position_ids": positions}
        if not batch.lengths:
            return inputs
        lengths = [*batch.lengths[:-1], batch.lengths[-1] - 1]
        device = batch.ids_BT.device
        positions = torch.cat([torch.arange(length) for length in lengths]).unsqueeze(0)
        bounds = torch.tensor([0, *lengths]).cumsum(0).to(torch.int32)
        kernel = {"cu_seq_lens_q": bounds.to(device), "cu_seq_lens_k": bounds.to(device)}
        return inputs | {"position_ids": positions.to(device)} | kernel | {"max_length_q": max(lengths)}

    def _score_at_once(self, batch: MicroBatch, *, entropy_gradient: bool) -> tuple[Tensor, Tensor]:
        logits = score_dtype(self.model(**self._inputs(batch)).logits) / self._options.temperature
        log_distribution = logits.log_softmax(-1)
        with torch.set_grad_enabled(entropy_gradient and torch.is_grad_enabled()):
            entropy = -(log_distribution.exp() * log_distribution).sum(-1)
        targets = batch.ids_BT[:, 1:]
        if batch.sharing is None:
            logprobs = log_distribution.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
        else:
            of_BT = batch.sharing.of_BT
            logprobs, entropy = log_distribution[0, of_BT, targets], entropy[0, of_BT]
        return pad(logprobs, (1, 0)), pad(entropy, (1, 0))

    def _score_responses(self, batch: MicroBatch, *, entropy_gradient: bool) -> tuple[Tensor, Tensor]:
        options = self._options
        hidden = self.model.base_model(**self._inputs(batch)).last_hidden_state
        wanted = batch.response_BT[:, 1:] > 0
        hidden_ND = hidden[wanted] if batch.sharing is None else hidden[0, batch.sharing.of_BT[wanted]]
        targets_N = batch.ids_BT[:, 1:][wanted]
        head_VD = self.model.get_output_embeddings().weight
        logprobs_N, entropy_N = chunked_logprobs(
            hidden_ND,
            head_VD,
            targets_N=targets_N,
            temperature=options.temperature,
            max_logits=options.max_logits,
            entropy_gradient=entropy_gradient,
        )
        return _put(logprobs_N, wanted), _put(entropy_N, wanted)


def _put(values_N: Tensor, wanted: Tensor) -> Tensor:
    """Values at the positions wanted, 0 elsewhere and at position 0."""
    zeros = torch.zeros(wanted.shape, dtype=values_N.dtype, device=values_N.device)
    return pad(zeros.masked_scatter(wanted, values_N), (1, 0))
