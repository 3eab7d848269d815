"""A chat model in the engine: its template, both of its end tokens, and more positions than its config declares."""

import pytest

from knapsack_rl.base.types import GenerationRequest, Prompt, SamplingOptions, StopReason
from knapsack_rl.config import PromptConfig, SamplerConfig

DECLARED, WANTED = 64, 160
TEXTS = ("What is 3 plus 4?", "What is 12 times 12? Let us think about it for a while.")


@pytest.fixture(scope="module")
def chat_folder(make_chat_model, tmp_path_factory):
    """A Qwen2 of heads of size 32 that declares 64 positions, as Qwen2.5-Math declares fewer than it is used with."""
    path = tmp_path_factory.mktemp("chat") / "model"
    make_chat_model(path, "qwen2", TEXTS, head_dim=32, max_position_embeddings=DECLARED)
    return path


@pytest.fixture(scope="module")
def groups(chat_folder):
    """Sixty rollouts of each problem, up to 90 tokens."""
    from knapsack_rl.sampler import build_sampler

    sampler = build_sampler(
        chat_folder,
        config=SamplerConfig(kind="vllm", cpu_cache_gib=0.1, max_model_len=WANTED),
        prompt=PromptConfig(chat=True),
        options=SamplingOptions(temperature=1.0, max_response_tokens=90),
    )
    prompts = tuple(Prompt(id=text, text=text, answer="", kind="") for text in TEXTS)
    seeds = tuple(tuple(range(100 * i, 100 * i + 60)) for i in range(len(prompts)))
    found = sampler.generate(GenerationRequest(prompts=prompts, counts=(60, 60), seeds=seeds))
    sampler.close()
    return found


def test_prompt_is_that_of_the_chat_template(groups, chat_folder):
    """Token for token what transformers makes of the messages."""
    from knapsack_rl.models import load_tokenizer

    tokenizer = load_tokenizer(chat_folder)
    text = tokenizer.decode(groups[0].prompt_tokens)
    assert text.startswith("<|im_start|>user\n")
    assert text.endswith("<|im_end|>\n<|im_start|>assistant\n")
    assert TEXTS[0] in text


def test_a_response_ends_at_either_end_token(groups, chat_folder):
    """The end of the text, which the config names, and the end of a turn, which only the chat template knows."""
    from knapsack_rl.models import load_tokenizer

    tokenizer = load_tokenizer(chat_folder)
    ends = {tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<|im_end|>")}
    rollouts = [rollout for group in groups for rollout in group.rollouts]
    assert ends == {rollout.tokens[-1] for rollout in rollouts if rollout.stop is StopReason.EOS}
    for rollout in rollouts:
        assert not ends & set(rollout.tokens[:-1])
        assert (rollout.stop is StopReason.LENGTH) == (rollout.tokens[-1] not in ends)


def test_positions_beyond_the_declared_ones(groups, chat_folder):
    """``max_model_len`` overrides the config; log-probabilities are right past its limit."""
    import torch

    from knapsack_rl.models import load_model

    model = load_model(chat_folder)
    group = groups[1]
    longest = max(group.rollouts, key=lambda rollout: len(rollout.tokens))
    ids = torch.tensor([[*group.prompt_tokens, *longest.tokens]])
    assert DECLARED + 30 < ids.shape[1] <= WANTED
    with torch.no_grad():
        logprobs = model(ids).logits[0].log_softmax(-1)[len(group.prompt_tokens) - 1 : -1]
    expected = logprobs.gather(-1, torch.tensor(longest.tokens).unsqueeze(-1)).squeeze(-1)
    assert (expected - torch.tensor(longest.logprobs)).abs().max() < 1e-4
