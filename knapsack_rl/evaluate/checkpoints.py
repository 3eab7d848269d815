"""One sampler, walked over the checkpoints of a run: an engine starts once, however many there are."""

from knapsack_rl.base.layout import RunPaths
from knapsack_rl.base.types import SamplingOptions
from knapsack_rl.config import RunConfig
from knapsack_rl.sampler import Sampler, build_sampler
from knapsack_rl.scoring import BenchmarkPrompts, benchmark_prompts


class Checkpoints:
    """Samplers by step.

    Args:
        config: the run. Prompts are made as in training; a request may bring its own, with its own options.
        paths: where its weights are.
    """

    def __init__(self, config: RunConfig, paths: RunPaths) -> None:
        self._config = config
        self.paths = paths
        self._sampler: Sampler | None = None
        self._step = -1

    def sampler(self, step: int) -> Sampler:
        """The sampler with the weights of ``step``; valid until the next call.

        Raises:
            InputError: the checkpoint is missing, damaged, or of another architecture than the one before.
        """
        from knapsack_rl.models import load_model

        folder = self.paths.weights(step)
        if self._sampler is None:
            self._sampler = self._start(step)
        elif step != self._step:
            self._sampler.load(load_model(folder).state_dict())
        self._step = step
        return self._sampler

    def benchmark_prompts(self, step: int) -> BenchmarkPrompts:
        """How benchmark problems become prompts of the model of ``step``."""
        return benchmark_prompts(self.paths.weights(step), prompt=self._config.model.prompt.on_benchmarks())

    def _start(self, step: int) -> Sampler:
        evaluation = self._config.evaluation
        return build_sampler(
            self.paths.weights(step),
            config=self._config.sampler,
            prompt=self._config.model.prompt,
            options=SamplingOptions(
                temperature=evaluation.temperature, max_response_tokens=evaluation.max_response_tokens
            ),
            dtype=self._config.learner.dtype,
        )
