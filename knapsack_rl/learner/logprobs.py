"""Log-probabilities over a large vocabulary without ever holding all logits.

Shapes: ``N`` tokens, ``D`` hidden units, ``V`` vocabulary.
"""

from functools import partial
from importlib.metadata import version

import torch
from packaging.version import Version
from torch import Tensor
from torch.nn.functional import linear
from torch.utils.checkpoint import checkpoint

from knapsack_rl.base.errors import INSTALL_LARGE, ConfigError

OLDEST_LIGER = "0.8.2"
"""Before it, the kernel's gradient was that of a loss whose tokens all weigh what the first does (its issue 968)."""


def chunked_logprobs(
    hidden_ND: Tensor,
    head_VD: Tensor,
    *,
    targets_N: Tensor,
    temperature: float,
    max_logits: int,
    entropy_gradient: bool = True,
) -> tuple[Tensor, Tensor]:
    """Log-probability of each target and entropy of its distribution, with gradients; at most ``max_logits`` at once.

    The same numbers as over all logits. Each chunk of tokens is computed again in the backward pass, so that neither
    its logits nor its probabilities outlive it.

    Args:
        hidden_ND: what the head is applied to.
        head_VD: weight of the head.
        targets_N: the tokens that were drawn.
        temperature: logits are divided by it.
        max_logits: chunks have ``max_logits // V`` tokens, at least one.
        entropy_gradient: the entropy is part of the loss. If it is not, say so: what a checkpoint computes again for a
            branch that is never passed through backwards is kept until the last chunk is done.

    Returns:
        Log-probabilities and entropies (nats), float32 or wider.  [N], [N]
    """
    size = max(1, max_logits // head_VD.shape[0])
    score = partial(_score_chunk, temperature=temperature, entropy_gradient=entropy_gradient)
    parts = [
        checkpoint(
            score, hidden_ND[start : start + size], head_VD, targets_N[start : start + size], use_reentrant=False
        )
        for start in range(0, len(targets_N), size)
    ]
    return torch.cat([logprobs for logprobs, _ in parts]), torch.cat([entropy for _, entropy in parts])


def _score_chunk(  # noqa: PLR0917 - called by checkpoint
    hidden_ND: Tensor, head_VD: Tensor, targets_N: Tensor, *, temperature: float, entropy_gradient: bool
) -> tuple[Tensor, Tensor]:
    log_distribution = score_dtype(linear(hidden_ND, head_VD)).div(temperature).log_softmax(-1)
    chosen = log_distribution.gather(-1, targets_N.unsqueeze(-1)).squeeze(-1)
    with torch.set_grad_enabled(entropy_gradient and torch.is_grad_enabled()):
        return chosen, -(log_distribution.exp() * log_distribution).sum(-1)


def score_dtype(logits: Tensor) -> Tensor:
    """Half precision is too coarse for a softmax; double stays double."""
    return logits if logits.dtype is torch.float64 else logits.float()


def kernel_logprobs(
    hidden_ND: Tensor, head_VD: Tensor, *, targets_N: Tensor, temperature: float, kernel: str
) -> Tensor:
    """Log-probability of each target by a library: torch's chunked ``linear_cross_entropy``, or Liger's Triton kernel.

    Neither gives the entropy. Both compute gradients again in the backward pass, weighted per token.

    Raises:
        ConfigError: Liger is not installed, or there is no GPU for it.
    """
    scaled = hidden_ND / temperature
    if kernel == "torch":
        from torch.nn import LinearCrossEntropyOptions
        from torch.nn.functional import linear_cross_entropy

        return -linear_cross_entropy(
            scaled, head_VD, targets_N, reduction="none", options=LinearCrossEntropyOptions()
        ).float()
    loss, *_ = _liger().apply(
        scaled, head_VD, targets_N, None, None, -100, 0.0, 0.0, "none", None, False, torch.float32
    )
    return -loss.float()


def check_kernel(kernel: str, *, device: torch.device, entropy_coef: float) -> None:
    """Stop before loading a model if the kernel cannot be used.

    Raises:
        ConfigError: it is not installed, has no GPU, or the loss needs the gradient of the entropy.
    """
    if kernel != "chunked" and entropy_coef > 0:
        raise ConfigError(
            f"learner.logprobs: {kernel} has no gradient of the entropy; use `chunked` or entropy_coef: 0"
        )
    if kernel == "liger":
        if device.type != "cuda":
            raise ConfigError("learner.logprobs: liger runs on a GPU only; use `chunked` or `torch`")
        _liger()


def _liger() -> type[torch.autograd.Function]:
    try:
        if Version(version("liger-kernel")) < Version(OLDEST_LIGER):
            raise ConfigError(
                f"learner.logprobs: liger-kernel {version('liger-kernel')} has wrong gradients for losses per token;"
                f" `pip install 'liger-kernel>={OLDEST_LIGER}'` or use `chunked`"
            )
        from liger_kernel.ops.fused_linear_cross_entropy import LigerFusedLinearCrossEntropyFunction
    except ImportError as error:
        raise ConfigError(
            f"learner.logprobs: liger, but {error.name or 'liger_kernel'} is not installed;"
            f" `{INSTALL_LARGE}` or use `chunked`"
        ) from None
    return LigerFusedLinearCrossEntropyFunction
