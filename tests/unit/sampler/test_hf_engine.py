"""The transformers sampler: what it writes, its log-probabilities, and its seeds."""

from dataclasses import replace

import numpy as np
import pytest

from knapsack_rl.base.types import GenerationRequest, Prompt, SamplingOptions, StopReason

pytestmark = pytest.mark.torch

PROMPTS = tuple(
    Prompt(id=text, text=text, answer="0", kind="x") for text in ("3+4=", "3+4*5m2=", "1-1d2=", "9n9=", "0+0+0+0+0=")
)


def _sampler(folder, *, temperature=1.0, length=20, **more):
    from knapsack_rl.models import load_model, load_tokenizer
    from knapsack_rl.sampler.hf_engine import HFSampler

    return HFSampler(
        load_model(folder),
        load_tokenizer(folder),
        options=SamplingOptions(temperature=temperature, max_response_tokens=length),
        **more,
    )


def _request(counts, prompts=PROMPTS, salt=0):
    seeds = tuple(
        tuple(hash((salt, p.id.count("+"), len(p.id), i)) % 2**32 for i in range(c))
        for p, c in zip(prompts, counts, strict=True)
    )
    return GenerationRequest(prompts=tuple(prompts), counts=tuple(counts), seeds=seeds)


def test_counts_are_met_per_prompt(tiny_model_folder):
    """Ragged groups come back in prompt order, a count of 0 included."""
    groups = _sampler(tiny_model_folder).generate(_request((2, 0, 7, 1, 3)))
    assert [len(group.rollouts) for group in groups] == [2, 0, 7, 1, 3]
    assert [group.prompt.id for group in groups] == [prompt.id for prompt in PROMPTS]


def test_a_request_may_bring_its_own_options(tiny_model_folder):
    """Temperature and length of the request win over the sampler's, for that request alone."""
    sampler = _sampler(tiny_model_folder, length=12)
    plain, counts = sampler.generate(_request((2, 2, 2, 2, 2))), (2, 2, 2, 2, 2)
    asked = replace(_request(counts), options=SamplingOptions(temperature=0.3, max_response_tokens=5))
    other = _sampler(tiny_model_folder, temperature=0.3, length=5).generate(_request(counts))
    assert sampler.generate(asked) == other != plain
    assert sampler.generate(_request(counts)) == plain


def test_a_request_may_bring_its_prompts_and_stop_tokens(tiny_model_folder):
    """Prompt ids of the request are used as they are, and its stop tokens end the rollouts."""
    sampler = _sampler(tiny_model_folder, length=12)
    comma = 18
    options = SamplingOptions(temperature=1.0, max_response_tokens=12, stop_tokens=(comma,))
    asked = replace(_request((6,), PROMPTS[1:2]), prompt_tokens=((4, 11, 5, 17),), options=options)
    (group,) = sampler.generate(asked)
    assert group.prompt_tokens == (4, 11, 5, 17)
    for rollout in group.rollouts:
        assert (rollout.tokens[-1] == comma) == (rollout.stop is StopReason.EOS)
        assert comma not in rollout.tokens[:-1]


def test_stop_reason_and_length(tiny_model_folder):
    """A rollout ends with the end mark, or is cut at the limit; nothing follows an end mark."""
    groups = _sampler(tiny_model_folder, length=12).generate(_request((30, 30, 30, 30, 30)))
    rollouts = [rollout for group in groups for rollout in group.rollouts]
    assert {rollout.stop for rollout in rollouts} == set(StopReason)
    end = rollouts[0].tokens[0].__class__(19)
    for rollout in rollouts:
        assert len(rollout.tokens) == len(rollout.logprobs) <= 12
        assert (rollout.tokens[-1] == end) == (rollout.stop is StopReason.EOS)
        assert end not in rollout.tokens[:-1]
        assert "#" not in rollout.text


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_logprobs_equal_a_plain_forward_pass(tiny_model_folder, temperature):
    """Cache, padding and compaction change nothing: log-probabilities agree with one full forward per rollout."""
    import torch

    from knapsack_rl.models import load_model

    model = load_model(tiny_model_folder)
    groups = _sampler(tiny_model_folder, temperature=temperature).generate(_request((4, 4, 4, 4, 4)))
    for group in groups:
        for rollout in group.rollouts:
            ids = torch.tensor([group.prompt_tokens + rollout.tokens])
            with torch.no_grad():
                logprobs = (model(ids).logits[0] / temperature).log_softmax(-1)
            start = len(group.prompt_tokens)
            expected = [logprobs[start + t - 1, token].item() for t, token in enumerate(rollout.tokens)]
            assert rollout.logprobs == pytest.approx(expected, abs=1e-5)


def test_a_rollout_does_not_depend_on_its_batch(tiny_model_folder):
    """Rollout j of a prompt is the same alone and among others: seeds are per rollout."""
    sampler = _sampler(tiny_model_folder)
    together = sampler.generate(_request((6, 6, 6, 6, 6)))[1].rollouts
    alone = sampler.generate(_request((2,), prompts=PROMPTS[1:2]))[0].rollouts
    assert [rollout.tokens for rollout in alone] == [rollout.tokens for rollout in together[:2]]


def test_sampled_frequencies_follow_the_model(tiny_model_folder):
    """First tokens of many rollouts match the model's distribution (chi-square)."""
    import torch
    from scipy.stats import chisquare

    from knapsack_rl.models import load_model

    group = _sampler(tiny_model_folder, length=1).generate(_request((3000,), prompts=PROMPTS[:1]))[0]
    with torch.no_grad():
        expected = load_model(tiny_model_folder)(torch.tensor([group.prompt_tokens])).logits[0, -1].softmax(-1)
    counts = np.bincount([rollout.tokens[0] for rollout in group.rollouts], minlength=len(expected))
    expected = expected.double().numpy()
    assert chisquare(counts, expected / expected.sum() * counts.sum()).pvalue > 1e-3


def test_loaded_weights_are_used(tiny_model_folder):
    """After load, log-probabilities are those of the new weights; a missing name is an error."""
    sampler = _sampler(tiny_model_folder)
    before = sampler.generate(_request((2, 2, 2, 2, 2)))
    weights = {name: value * 1.5 for name, value in sampler._model.state_dict().items()}
    sampler.load(weights)
    assert sampler.generate(_request((2, 2, 2, 2, 2))) != before
    weights.popitem()
    with pytest.raises(RuntimeError, match="missing"):
        sampler.load(weights)


def test_more_rollouts_than_rows(tiny_model_folder):
    """Rollouts beyond one batch's rows are decoded in further batches, with the same result."""
    sampler = _sampler(tiny_model_folder)
    whole = sampler.generate(_request((5, 4, 3, 2, 1)))
    parts = _sampler(tiny_model_folder, max_rows=4).generate(_request((5, 4, 3, 2, 1)))
    assert [[r.tokens for r in g.rollouts] for g in whole] == [[r.tokens for r in g.rollouts] for g in parts]


def test_padding_with_the_end_of_sequence_changes_nothing(tiny_model_folder):
    """Many tokenizers have no token for padding of their own; a mask, not the token, says what is padding."""
    from knapsack_rl.models import load_model, load_tokenizer
    from knapsack_rl.sampler.hf_engine import HFSampler

    found = []
    for pad in (None, "#"):
        tokenizer = load_tokenizer(tiny_model_folder)
        tokenizer.pad_token = pad
        options = SamplingOptions(temperature=1.0, max_response_tokens=12)
        found.append(HFSampler(load_model(tiny_model_folder), tokenizer, options=options).generate(_request((4,) * 5)))
    assert tokenizer.pad_token_id == tokenizer.eos_token_id
    assert found[0] == found[1]
