"""Continuous batching, which serves GPUs, run here on the CPU: the same code, slowly."""

import pytest

from knapsack_rl.base.types import GenerationRequest, Prompt, SamplingOptions, StopReason

pytestmark = pytest.mark.torch

PROMPTS = tuple(Prompt(id=text, text=text, answer="0", kind="x") for text in ("3+4=", "3+4*5m2=", "1-1d2="))


@pytest.fixture(scope="module")
def sampler(tiny_model_folder):
    from knapsack_rl.models import load_model, load_tokenizer
    from knapsack_rl.sampler.continuous import ContinuousSampler
    from knapsack_rl.sampler.vocabulary import Vocabulary

    tokenizer = load_tokenizer(tiny_model_folder)
    return ContinuousSampler(
        load_model(tiny_model_folder),
        vocabulary=Vocabulary(tokenizer=tokenizer, encode=lambda text: tokenizer(text)["input_ids"], stop_tokens=(19,)),
        options=SamplingOptions(temperature=0.7, max_response_tokens=10),
        batching={"num_blocks": 16, "max_batch_tokens": 256},  # by default it takes what memory is free
    )


def _request(counts, *, salt=0):
    seeds = tuple(tuple(salt + 10 * row + index for index in range(count)) for row, count in enumerate(counts))
    return GenerationRequest(prompts=PROMPTS, counts=counts, seeds=seeds)


def test_rollouts_are_as_many_as_asked_and_logprobs_exact(sampler, tiny_model_folder):
    """Ragged counts in order, stop tokens, and the tempered distribution's log-probabilities."""
    import torch

    from knapsack_rl.models import load_model

    model = load_model(tiny_model_folder)
    groups = sampler.generate(_request((5, 0, 3)))
    assert [5, 0, 3] == [len(group.rollouts) for group in groups]
    for group in groups:
        for rollout in group.rollouts:
            assert (rollout.tokens[-1] == 19) == (rollout.stop is StopReason.EOS)
            with torch.no_grad():
                logits = model(torch.tensor([group.prompt_tokens + rollout.tokens])).logits[0] / 0.7
            rows = logits.log_softmax(-1)[len(group.prompt_tokens) - 1 :]
            expected = [row[token].item() for row, token in zip(rows, rollout.tokens, strict=False)]
            assert rollout.logprobs == pytest.approx(expected, abs=1e-4)


def test_seed_of_the_call_decides(sampler):
    """Asked twice the same comes, with other seeds something else."""
    first = sampler.generate(_request((3, 3, 3)))
    assert first == sampler.generate(_request((3, 3, 3)))
    assert first != sampler.generate(_request((3, 3, 3), salt=1))


def test_loaded_weights_are_used(sampler):
    before = sampler.generate(_request((2, 2, 2)))
    original = {name: value.clone() for name, value in sampler._model.state_dict().items()}
    sampler.load({name: value * 1.5 for name, value in original.items()})
    assert before != sampler.generate(_request((2, 2, 2)))
    sampler.load(original)
