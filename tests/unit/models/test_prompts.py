"""From a problem to token ids, by chat template or raw, and the tokens that end a response."""

import copy
import json

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import PromptConfig

pytestmark = pytest.mark.torch

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% if enable_thinking is defined and not enable_thinking %}"
    "<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


@pytest.fixture(scope="module")
def tokenizer():
    """Byte-level, with the special tokens of Qwen and a ChatML template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={character: index for index, character in enumerate(alphabet)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    made = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<|endoftext|>", pad_token="<|endoftext|>")  # noqa: S106
    made.chat_template = CHATML
    return made


def _text(tokenizer, **options):
    from knapsack_rl.models import prompt_encoder

    return tokenizer.decode(prompt_encoder(tokenizer, PromptConfig(**options))("What is 1+1?"))


def test_default_is_the_bare_tokenizer(tokenizer, tiny_model_folder):
    """Plain and raw: exactly what the tokenizer makes of the text."""
    from knapsack_rl.models import load_tokenizer, prompt_encoder

    for each, text in ((tokenizer, "1+1"), (load_tokenizer(tiny_model_folder), "3+4=")):
        assert each(text)["input_ids"] == prompt_encoder(each, PromptConfig())(text)


def test_response_is_begun_with_the_problem(tokenizer):
    """What the model writes is the number alone; the chat template ends before it."""
    expected = (
        "<|im_start|>user\nWhat is What is 1+1?? Reply with the number only.<|im_end|>\n"
        "<|im_start|>assistant\nWhat is 1+1? = "
    )
    assert expected == _text(tokenizer, template="equation", chat=True)


def test_chat_template_holds_the_messages(tokenizer):
    """System and user messages, then the opening of the answer; special tokens are single tokens."""
    text = _text(tokenizer, template="qwen_math", chat=True)
    assert text.startswith("<|im_start|>system\nPlease reason step by step")
    assert text.endswith("<|im_start|>user\nWhat is 1+1?<|im_end|>\n<|im_start|>assistant\n")


def test_raw_chatml_equals_the_chat_template(tokenizer):
    """Base models of Qwen2.5-Math are asked in ChatML without a template of their own."""
    assert _text(tokenizer, template="qwen_math") == _text(tokenizer, template="qwen_math", chat=True)


def test_thoughts_are_opened_once(tokenizer):
    """Newer chat templates open the thoughts themselves."""
    assert _text(tokenizer, template="r1_distill", chat=True).endswith("assistant\n<think>\n")
    tokenizer = another(tokenizer)
    tokenizer.chat_template = CHATML.replace("<|im_start|>assistant\n", "<|im_start|>assistant\n<think>\n")
    assert _text(tokenizer, template="r1_distill", chat=True).endswith("assistant\n<think>\n")


def test_thinking_is_handed_to_the_template(tokenizer):
    """Qwen3's switch."""
    assert _text(tokenizer, template="dapo", chat=True, thinking=False).endswith("<think>\n\n</think>\n\n")
    assert "<think>" not in _text(tokenizer, template="dapo", chat=True)


def test_chat_without_a_template_is_one_line(tiny_model_folder):
    """Base models of other families ship none."""
    from knapsack_rl.models import load_tokenizer, prompt_encoder

    with pytest.raises(ConfigError, match=r"no chat template; set prompt\.chat: false"):
        prompt_encoder(load_tokenizer(tiny_model_folder), PromptConfig(chat=True))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["<|endoftext|>"]),
        ({"template": "qwen_math"}, ["<|endoftext|>", "<|im_end|>"]),
        ({"template": "dapo", "chat": True}, ["<|endoftext|>", "<|im_end|>"]),
    ],
)
def test_stop_tokens(tokenizer, tmp_path, options, expected):
    """The end of sequence always, the end of a turn where turns are written."""
    from knapsack_rl.models import stop_tokens

    found = stop_tokens(tokenizer, tmp_path, prompt=PromptConfig(**options))
    assert expected == tokenizer.convert_ids_to_tokens(list(found))


@pytest.mark.parametrize("listed", [7, [7, 9]])
def test_stop_tokens_of_the_generation_config(tokenizer, tmp_path, listed):
    """One id or a list."""
    from knapsack_rl.models import stop_tokens

    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": listed}))
    found = stop_tokens(tokenizer, tmp_path, prompt=PromptConfig())
    assert {7, tokenizer.eos_token_id} <= set(found)


def another(tokenizer):
    """A second tokenizer, so that the shared one keeps its template."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, eos_token=tokenizer.eos_token)


@pytest.mark.parametrize("listed", [7, [7, 9]])
def test_stop_tokens_of_the_configuration(tokenizer, tmp_path, listed):
    """Models without generation_config.json name their end token in config.json."""
    from knapsack_rl.models import stop_tokens

    (tmp_path / "config.json").write_text(json.dumps({"eos_token_id": listed}))
    found = stop_tokens(tokenizer, tmp_path, prompt=PromptConfig())
    assert set(found) == {tokenizer.eos_token_id, *(listed if isinstance(listed, list) else [listed])}


def test_a_model_without_an_end_token_is_refused(tokenizer, tmp_path):
    """Every response would be cut off and earn nothing."""
    from knapsack_rl.models import stop_tokens

    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.eos_token = None
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"names no token that ends a response.*add eos_token_id"):
        stop_tokens(tokenizer, tmp_path, prompt=PromptConfig())
    (tmp_path / "config.json").write_text("[")
    with pytest.raises(ConfigError, match=r"config\.json: is no JSON object"):
        stop_tokens(tokenizer, tmp_path, prompt=PromptConfig())


@pytest.mark.parametrize("refusal", ["{{ raise_exception('no') }}", "{{ message.content[0].text.x }}", "{{ 1 + 'a' }}"])
def test_a_chat_template_for_prompts_alone_will_do(tokenizer, tmp_path, refusal):
    """One that does not expect an assistant's turn: responses end with the end of sequence."""
    from knapsack_rl.models import prompt_encoder, stop_tokens

    tokenizer = copy.deepcopy(tokenizer)
    head = "{% for message in messages %}{% if message.role == 'assistant' %}" + refusal
    tokenizer.chat_template = head + "{% else %}{{ message.content }}{% endif %}{% endfor %}"
    assert stop_tokens(tokenizer, tmp_path, prompt=PromptConfig(chat=True)) == (tokenizer.eos_token_id,)
    assert prompt_encoder(tokenizer, PromptConfig(chat=True))("1+1")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"text_config": {"eos_token_id": 7}}, {7}), ({"eos_token_id": -1}, set()), ({"eos_token_id": []}, set())],
)
def test_end_tokens_in_odd_places(tokenizer, tmp_path, settings, expected):
    """Models that read pictures keep them in a part of their own; -1 and an empty list name none."""
    from knapsack_rl.models import stop_tokens

    (tmp_path / "config.json").write_text(json.dumps(settings))
    found = stop_tokens(tokenizer, tmp_path, prompt=PromptConfig())
    assert set(found) == {tokenizer.eos_token_id, *expected}


@pytest.mark.parametrize("listed", ["2", ["</s>"], True, {"id": 2}, 2.5])
def test_an_end_token_that_is_no_number_is_refused(tokenizer, tmp_path, listed):
    """It would end no response, or break the sampler later."""
    from knapsack_rl.models import stop_tokens

    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": listed}))
    with pytest.raises(ConfigError, match=r"generation_config\.json: eos_token_id is .*give a token's number"):
        stop_tokens(tokenizer, tmp_path, prompt=PromptConfig())


@pytest.mark.parametrize("special", [True, False])
def test_marks_of_thoughts_are_read_whatever_kind_of_token_they_are(tokenizer, special):
    """A box among the thoughts is no answer; without the mark a grader would take it for one."""
    from tokenizers import AddedToken

    from knapsack_rl.models import response_text
    from knapsack_rl.tasks.grading.box import final_box

    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.add_tokens(
        [AddedToken(mark, special=special) for mark in ("<think>", "</think>")], special_tokens=special
    )
    said = r"Is it \boxed{5}? </think>I do not know.<|im_end|>"
    text = response_text(tokenizer, tokenizer(said)["input_ids"])
    assert text == said.removesuffix("<|im_end|>")
    assert final_box(text) == (None, "no_answer")
    assert final_box(response_text(tokenizer, tokenizer(r"<think>\boxed{5}")["input_ids"])) == (None, "truncated")
