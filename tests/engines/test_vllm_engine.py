"""The vLLM engine against transformers, in float32: tokens, log-probabilities, seeds, and weights that follow."""

import pytest

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.ranks import ONE_RANK
from knapsack_rl.base.types import GenerationRequest, Prompt, SamplingOptions, StopReason
from knapsack_rl.config import PromptConfig, SamplerConfig

TEXTS = ("3+4=", "3+4*5m2=", "1-1d2=", "9n9=", "0+0+0+0+0=", "7*8=", "2+", "5d5=", "1+2+3=", "8m3=", "1+" * 70 + "1=")
"""The last one fills a block of the key-value cache (128 tokens), so that prefix caching takes part."""
PROMPTS = tuple(Prompt(id=str(number), text=text, answer="0", kind="x") for number, text in enumerate(TEXTS))
NUM_TOKENS = 12


@pytest.fixture(scope="module")
def engine(folder):
    from knapsack_rl.sampler import build_sampler

    return build_sampler(
        folder,
        config=SamplerConfig(kind="vllm", cpu_cache_gib=0.25),
        prompt=PromptConfig(),
        options=SamplingOptions(temperature=0.8, max_response_tokens=NUM_TOKENS),
        learner_ranks=ONE_RANK,
    )


@pytest.fixture
def sampler(engine, folder):
    """The engine with the weights of ``folder``, whatever the test before has loaded."""
    from knapsack_rl.models import load_model

    engine.load(load_model(folder).state_dict())
    return engine


def _request(count, *, prompts=PROMPTS, options=None):
    return GenerationRequest(
        prompts=tuple(prompts),
        counts=(count,) * len(prompts),
        seeds=tuple(tuple(2**63 + 100 * int(prompt.id) + index for index in range(count)) for prompt in prompts),
        options=options,
    )


def _logits(model, prompt_tokens, tokens, *, temperature=0.8):
    """The log-distribution each response token was drawn from, by one plain forward pass."""
    import torch

    with torch.no_grad():
        logits = model(torch.tensor([[*prompt_tokens, *tokens]])).logits[0] / temperature
    return logits.log_softmax(-1)[len(prompt_tokens) - 1 : -1]


def _largest_error(model, groups):
    errors = []
    for group in groups:
        for rollout in group.rollouts:
            rows = _logits(model, group.prompt_tokens, rollout.tokens)
            expected = rows.gather(-1, rows.new_tensor(rollout.tokens).long().unsqueeze(-1)).squeeze(-1)
            errors.append((expected - rows.new_tensor(rollout.logprobs)).abs().max().item())
    return max(errors)


def test_greedy_tokens_are_those_of_transformers(sampler, folder):
    """On every prompt whose two likeliest tokens differ by more than 1e-3 (log-probability) at every step."""
    import torch

    from knapsack_rl.models import load_model

    model = load_model(folder)
    groups = sampler.generate(
        _request(1, options=SamplingOptions(temperature=0.0, max_response_tokens=NUM_TOKENS, stop_tokens=(19,)))
    )
    compared = 0
    for group in groups:
        tokens, clear = [], True
        while len(tokens) < NUM_TOKENS and 19 not in tokens:
            with torch.no_grad():
                best = model(torch.tensor([[*group.prompt_tokens, *tokens]])).logits[0, -1].log_softmax(-1).topk(2)
            clear = clear and (best.values[0] - best.values[1]).item() > 1e-3
            tokens.append(best.indices[0].item())
        if clear:
            compared += 1
            assert group.rollouts[0].tokens == tuple(tokens), group.prompt.text
    assert compared >= 6


def test_logprobs_are_those_of_the_sampling_distribution(sampler, folder):
    """Tempered, for sampled tokens, within 1e-4 of a plain forward pass."""
    from knapsack_rl.models import load_model

    groups = sampler.generate(_request(3))
    assert [3] * len(PROMPTS) == [len(group.rollouts) for group in groups]
    assert _largest_error(load_model(folder), groups) < 1e-4


def test_logprobs_follow_an_update_of_the_learner(sampler, folder):
    """After two optimiser steps they are those of the new weights, far from those of the old."""
    from knapsack_rl.config import LearnerConfig, TrainConfig
    from knapsack_rl.learner import TrainingRow
    from knapsack_rl.learner.policy import PolicyLearner
    from knapsack_rl.models import load_model, load_tokenizer

    learner = PolicyLearner(
        load_model(folder),
        load_tokenizer(folder),
        train=TrainConfig(
            steps=1, loss={"tis": True}, optimizer={"learning_rate": 0.02}, micro_batch_tokens=4096, temperature=0.8
        ),
        compute=LearnerConfig(),
    )
    groups = sampler.generate(_request(2))
    rows = [
        TrainingRow(
            prompt_tokens=group.prompt_tokens,
            response_tokens=rollout.tokens,
            old_logprobs=rollout.logprobs,
            advantage=1.0 - 2.0 * index,
            weight=0.01,
        )
        for group in groups
        for index, rollout in enumerate(group.rollouts)
    ]
    stats = learner.update([rows, rows])
    assert stats.mismatch_max < 1e-4
    sampler.load(learner.weights())
    after = sampler.generate(_request(2))
    updated = load_model(folder)
    updated.load_state_dict(dict(learner.weights()))
    assert _largest_error(updated, after) < 1e-4
    assert _largest_error(load_model(folder), after) > 0.1


def test_every_single_weight_reaches_the_engine(sampler, folder):
    """One parameter at a time, tied embeddings included: an engine that packs a copy of one would show the old."""
    from knapsack_rl.models import load_model

    model = load_model(folder)
    original = {name: value.clone() for name, value in model.state_dict().items()}
    few = (PROMPTS[1], PROMPTS[-1])
    for name, parameter in model.named_parameters():
        before = sampler.generate(_request(1, prompts=few))
        parameter.data.mul_(1.5).add_(0.02)
        sampler.load(model.state_dict())
        assert _largest_error(model, sampler.generate(_request(1, prompts=few))) < 1e-4, name
        assert _largest_error(model, before) > 1e-3, name
        model.load_state_dict(original)
        sampler.load(model.state_dict())


def test_weights_that_do_not_fit_are_refused(sampler, folder):
    """A missing name, an unknown one, another shape: one line, nothing silently kept."""
    from knapsack_rl.models import load_model

    weights = dict(load_model(folder).state_dict())
    name, joined = "model.layers.0.mlp.down_proj.weight", "model.layers.0.self_attn.q_proj.weight"
    for wrong, words in (
        ({key: value for key, value in weights.items() if key != name}, "down_proj.weight is missing"),
        ({key: value for key, value in weights.items() if key != joined}, "q_proj.weight is missing"),
        (weights | {"model.layers.7.mlp.down_proj.weight": weights[name]}, "layers.7.*is unknown"),
        (weights | {name: weights[name][:, :-1]}, r"shape \(64, 191\), not \(64, 192\)"),
    ):
        with pytest.raises(InputError, match=f"{words}.*one architecture"):
            sampler.load(wrong)


def test_a_rollout_does_not_depend_on_its_batch(sampler):
    """Alone or among others, and asked again: the same tokens."""
    together = sampler.generate(_request(4))
    assert together == sampler.generate(_request(4))
    alone = sampler.generate(_request(2, prompts=PROMPTS[1:2]))[0]
    assert [r.tokens for r in alone.rollouts] == [r.tokens for r in together[1].rollouts[:2]]
    assert len({r.tokens for group in together for r in group.rollouts}) > 30


def test_more_prompt_tokens_than_one_pass_takes(sampler, folder):
    """240 distinct prompts of 200 tokens: none is prefilled in parts, which a seed on a CPU does not survive."""
    from knapsack_rl.models import load_model

    prompts = tuple(Prompt(id=str(i), text="", answer="0", kind="x") for i in range(240))
    request = GenerationRequest(
        prompts=prompts,
        counts=(1,) * 240,
        seeds=tuple((i,) for i in range(240)),
        options=SamplingOptions(temperature=0.8, max_response_tokens=2),
        prompt_tokens=tuple(tuple((7 * i + 5 * j * (i % 3 + 1)) % 18 + 1 for j in range(200)) for i in range(240)),
    )
    assert _largest_error(load_model(folder), sampler.generate(request)[::40]) < 1e-4


@pytest.mark.parametrize("seeds", ["rollout", "call"])
def test_rollouts_of_a_prompt_share_its_prefill(sampler, monkeypatch, seeds):
    """All but the first find its whole blocks (one of 128 tokens here) in the cache, however they are asked for."""
    monkeypatch.setattr(sampler, "_config", sampler._config.model_copy(update={"seeds": seeds}))
    generate, outputs = sampler._engine.generate, []
    monkeypatch.setattr(sampler._engine, "generate", lambda *a, **k: outputs.extend(generate(*a, **k)) or outputs)
    (group,) = sampler.generate(_request(8, prompts=PROMPTS[-1:]))
    assert 128 < len(group.prompt_tokens) < 256
    if seeds == "rollout":
        assert [0] + [128] * 7 == [output.num_cached_tokens for output in outputs]
    else:
        assert 8 == len(outputs[0].outputs)
        assert 128 == outputs[0].num_cached_tokens


def test_one_generator_per_call(sampler, monkeypatch):
    """With ``seeds: call`` a request asked twice gives the same rollouts, another seed others; counts are met."""
    monkeypatch.setattr(sampler, "_config", sampler._config.model_copy(update={"seeds": "call"}))
    first = sampler.generate(_request(4))
    assert first == sampler.generate(_request(4))
    assert [4] * len(PROMPTS) == [len(group.rollouts) for group in first]
    assert len({r.tokens for group in first for r in group.rollouts}) > 30
    assert [r.tokens for r in sampler.generate(_request(5))[0].rollouts][:4] != [r.tokens for r in first[0].rollouts]


def test_stop_tokens_of_the_request(sampler):
    """A rollout ends at its first stop token, which is its last token; else at the limit."""
    options = SamplingOptions(temperature=1.0, max_response_tokens=9, stop_tokens=(3, 7))
    rollouts = [r for group in sampler.generate(_request(8, options=options)) for r in group.rollouts]
    assert {r.stop for r in rollouts} == set(StopReason)
    for rollout in rollouts:
        assert (rollout.tokens[-1] in (3, 7)) == (rollout.stop is StopReason.EOS)
        assert not {3, 7} & set(rollout.tokens[:-1])
        assert len(rollout.tokens) == len(rollout.logprobs) <= 9


def test_ragged_counts_and_given_tokens(sampler):
    """A count of 0, and prompts that arrive as tokens."""
    request = GenerationRequest(
        prompts=PROMPTS[:3], counts=(2, 0, 1), seeds=((1, 2), (), (3,)), prompt_tokens=((4, 5), (6,), (7, 8, 9))
    )
    groups = sampler.generate(request)
    assert [2, 0, 1] == [len(group.rollouts) for group in groups]
    assert groups[2].prompt_tokens == (7, 8, 9)


def test_no_room_for_a_response_is_one_line(sampler):
    """The model has 256 positions."""
    options = SamplingOptions(temperature=1.0, max_response_tokens=250)
    with pytest.raises(InputError, match=r"prompt 1: 8 tokens.*sampler\.max_model_len to 258"):
        sampler.generate(_request(1, prompts=PROMPTS[1:2], options=options))


def test_sleeping_between_phases_changes_nothing(sampler, folder, monkeypatch):
    """On a CPU sleep frees nothing, but the calls and their order are those of a GPU."""
    from knapsack_rl.models import load_model

    awake = sampler.generate(_request(2))
    monkeypatch.setattr(sampler, "_sleeps", True)
    assert awake == sampler.generate(_request(2))
    assert sampler._asleep
    assert awake == sampler.generate(_request(2))
    sampler.load(load_model(folder).state_dict())
    assert not sampler._asleep
    assert awake == sampler.generate(_request(2))
    sampler._wake()
