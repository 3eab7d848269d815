"""How much memory a run will need, before anything is loaded. The formula is explained in docs/scaling.md."""

from dataclasses import dataclass
from pathlib import Path

from knapsack_rl.config import RunConfig
from knapsack_rl.models.meta import meta_model
from knapsack_rl.study.estimate import Assumptions
from knapsack_rl.study.shape import ModelShape

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
GIB = 2**30
ACTIVATIONS_PER_TOKEN = 34
"""Numbers a transformer block keeps per token and hidden unit for its backward pass, attention not materialised
(arXiv 2205.05198 Table 2, without the quadratic term and without dropout masks)."""
GATHERED_BLOCKS = 2
"""Blocks of a sharded model that are whole at once: the one in use, and the next."""
DRAW_BYTES = 24
"""Per row and vocabulary entry while a token is drawn: logits and log-probabilities in float32, probabilities and their
running sum in float64."""


@dataclass(frozen=True, slots=True)
class ModelSize:
    """What the estimate needs to know of a model."""

    num_parameters: int
    num_layers: int
    hidden_size: int
    vocabulary: int
    cache_per_token: int
    """Numbers in the key-value cache of one token."""
    context: int
    """Longest sequence that the model's configuration allows, in tokens."""
    block_parameters: int = 0
    """Of one transformer block; 0: not known."""

    @classmethod
    def of_shape(cls, shape: ModelShape) -> "ModelSize":
        """From a study's shape of the model."""
        return cls(
            shape.num_parameters,
            shape.num_layers,
            shape.hidden_size,
            shape.vocabulary,
            shape.cache_per_token,
            shape.context,
            shape.block_parameters,
        )

    @property
    def gathered(self) -> int:
        """Parameters that a rank of several has whole at once: head, embeddings, a block and the next.

        All of them where the size of a block is not known.
        """
        return self.num_parameters - max(0, self.num_layers - GATHERED_BLOCKS) * self.block_parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One device of a run."""

    on_gpu: bool
    memory: int
    """Bytes that the run may use; of the host's, all processes together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Peak bytes of loading and of the phases of a step, per device (on a CPU: of all processes together)."""

    load: int
    update: int
    sample: int

    @property
    def peak(self) -> int:
        """The largest one."""
        return max(self.load, self.update, self.sample)


def estimate(size: ModelSize, run: RunConfig, *, place: Place) -> Need:
    """What loading takes, and what updating and sampling do, the other side's copy of the model included in both."""
    learner, train = run.learner, run.train
    weight, product = BYTES[learner.weights_dtype], BYTES[learner.dtype]
    moments = {"adamw": 2 * BYTES[learner.moments_in], "adamw_8bit": 2}[learner.optimizer]
    reference = weight if train.loss.kl_coef else 0
    resident = size.num_parameters * (weight + moments + reference) / learner.gpus
    gradients = size.num_parameters * weight / learner.gpus
    copies = _copies(size, run)
    per_block = 2 if learner.gradient_checkpointing else ACTIVATIONS_PER_TOKEN
    tokens = train.micro_batch_tokens
    activations = tokens * size.hidden_size * product * (per_block * size.num_layers + ACTIVATIONS_PER_TOKEN)
    logits = 4 * 4 * min(tokens * size.vocabulary, learner.max_logits)
    while_updating, while_sampling = _sampler(size, run, place=place)
    processes = 1 if place.on_gpu else learner.gpus
    whole = size.num_parameters * weight * (2 if train.loss.kl_coef else 1)  # each rank loads all, then keeps its shard
    return Need(
        load=processes * whole,
        update=int(processes * (resident + gradients + copies + activations + logits + while_updating)),
        sample=int(processes * (resident + while_sampling)),
    )


def _copies(size: ModelSize, run: RunConfig) -> int:
    """Bytes of the weights as they are multiplied, beside those that are kept."""
    learner = run.learner
    product = BYTES[learner.dtype]
    if learner.gpus > 1:
        return 2 * product * size.gathered  # with their gradients, before these are summed over the ranks
    return product * size.num_parameters if BYTES[learner.weights_dtype] != product else 0


def _sampler(size: ModelSize, run: RunConfig, *, place: Place) -> tuple[float, float]:
    """Bytes the sampler holds while the learner updates, and while it samples: its model and the key-value cache."""
    sampler, product = run.sampler, BYTES[run.learner.dtype]
    if sampler.kind == "vllm":
        return _vllm(size, run, place=place)
    model = size.num_parameters * product
    cache = _longest(size, run) * size.cache_per_token * product
    if place.on_gpu:  # it takes a share of what is free, so that one response must fit that share
        return model, model + cache / sampler.memory_fraction
    rows = min(sampler.max_rows, -(-run.rollouts_per_step // run.learner.gpus))
    return model, model + rows * (cache + DRAW_BYTES * size.vocabulary)


def _vllm(size: ModelSize, run: RunConfig, *, place: Place) -> tuple[float, float]:
    """It takes its share of the whole device at once, and gives it back while it sleeps."""
    sampler = run.sampler
    precision = ("bfloat16" if place.on_gpu else "float32") if sampler.dtype == "auto" else sampler.dtype
    number = BYTES[precision] / sampler.tensor_parallel
    model = size.num_parameters * number
    if not place.on_gpu:
        held = model + sampler.cpu_cache_gib * GIB
        return held, held
    least = model + _longest(size, run) * size.cache_per_token * number
    held = max(least, sampler.memory_fraction * place.memory)
    return (0 if sampler.sleep else held), held


def _longest(size: ModelSize, run: RunConfig) -> int:
    """Tokens of the longest prompt and response together, as far as the configuration says it."""
    prompt = run.task.options.get("max_prompt_tokens") or Assumptions(peak_tflops=1).prompt_tokens
    limit = run.sampler.max_model_len or size.context
    return min(int(prompt) + run.train.max_response_tokens, limit)


def model_size(folder: Path) -> ModelSize:
    """Size of the model in ``folder``, from its configuration alone (no weights are read).

    Raises:
        InputError: an architecture that transformers does not know as a causal language model.
    """
    model = meta_model(folder)
    text = model.config.get_text_config()
    blocks = getattr(model.base_model, "layers", ())
    heads = text.num_attention_heads
    head_size = getattr(text, "head_dim", None) or text.hidden_size // heads
    return ModelSize(
        sum(parameter.numel() for parameter in model.parameters()),
        text.num_hidden_layers,
        text.hidden_size,
        text.vocab_size,
        2 * text.num_hidden_layers * (getattr(text, "num_key_value_heads", None) or heads) * head_size,
        text.max_position_embeddings,
        max((sum(parameter.numel() for parameter in block.parameters()) for block in blocks), default=0),
    )
