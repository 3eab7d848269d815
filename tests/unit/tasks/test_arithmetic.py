"""Chain arithmetic: grammar, sets and scorer."""

import numpy as np
import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.types import Prompt, StopReason
from knapsack_rl.tasks import build_task, check_task
from knapsack_rl.tasks.chain import Chain, apply, final_result

TASK = build_task("arithmetic", {}, seed=0)
PROMPT = Prompt(id="p", text="3+4*5m2=", answer="5", kind="ops3")


def test_chain_is_worked_from_left_to_right():
    """(3+4)*5 = 5 modulo 10, and the larger of 5 and 2 is 5."""
    chain = Chain(3, (("+", 4), ("*", 5), ("m", 2)))
    assert (chain.prompt, chain.answer) == ("3+4*5m2=", "5")


@pytest.mark.parametrize(("operator", "expected"), [("+", 1), ("-", 5), ("*", 4), ("d", 5), ("m", 8), ("n", 3)])
def test_operators(operator, expected):
    """Each operator on (8, 3) or, for the sum, modulo 10."""
    assert apply(operator, 8, right=3) == expected


@pytest.mark.parametrize(
    ("text", "stop", "reward", "reason"),
    [
        ("3+4=7,7*5=5,5m2=5#", StopReason.EOS, 1, "right"),
        ("3+4=7,7*5=5,5m2=5", StopReason.EOS, 1, "right"),
        ("3+4=1,1*5=6,6m2=5", StopReason.EOS, 1, "right"),
        ("3+4=7,7*5=5,5m2=2", StopReason.EOS, 0, "wrong"),
        ("3+4=7,7*5=5,5m2=5", StopReason.LENGTH, 0, "truncated"),
        ("3+4=5,7*5", StopReason.EOS, 0, "no_answer"),
        ("5", StopReason.EOS, 0, "no_answer"),
        ("", StopReason.EOS, 0, "no_answer"),
        ("=55", StopReason.EOS, 0, "no_answer"),
    ],
)
def test_scorer(text, stop, reward, reason):
    """Only the last result of a finished response counts."""
    verdict = TASK.score(PROMPT, text, stop=stop)
    assert (verdict.reward, verdict.reason) == (reward, reason)
    assert (verdict.extracted is not None) == (reason in ("right", "wrong"))


def test_cut_off_chains_are_graded_where_the_study_says_so():
    """A chain cut off behind its last result is right then; one cut off within it still has no answer."""
    task = build_task("arithmetic", {"cut_off": "graded"}, seed=0)
    found = [task.score(PROMPT, text, stop=StopReason.LENGTH).reason for text in ("3+4=7,7*5=5,5m2=5", "3+4=7,7*")]
    assert found == ["right", "no_answer"]


def test_sets_are_disjoint_and_as_described():
    """No problem occurs twice, in or across sets; benchmarks hold the lengths and operators they are named for."""
    sets = {"train": TASK.train_prompts(), **TASK.benchmarks()}
    texts = [prompt.text for prompts in sets.values() for prompt in prompts]
    assert len(texts) == len(set(texts)) == 512 + 5 * 100
    assert {prompt.kind for prompt in sets["longer_7_8"]} == {"ops7", "ops8"}
    assert not set("+-*d") & set("".join(prompt.text for prompt in sets["hard_operators"]))


def test_demonstrations_never_show_a_benchmark_problem():
    """Held-out accuracy is not memory of the pre-training set."""
    held_out = {prompt.text for prompts in TASK.benchmarks().values() for prompt in prompts}
    assert not held_out & {demonstration.prompt for demonstration in TASK.demonstrations(20_000)}


def test_demonstrations_have_the_stated_quality():
    """Right steps per operator come out at the stated shares, within sampling error."""
    right = {operator: [] for operator in "+-*dmn"}
    for demonstration in TASK.demonstrations(8000):
        for step in demonstration.response.removesuffix("#").split(","):
            left, result = step.split("=")
            right[left[1]].append(apply(left[1], int(left[0]), right=int(left[2])) == int(result))
    shares = {operator: np.mean(values) for operator, values in right.items()}
    # A wrong step may hit the right digit by chance (random digit, or a rule that agrees), so shares lie above.
    for operator, stated in {"+": 0.92, "-": 0.80, "*": 0.50, "d": 0.30, "m": 0.15, "n": 0.05}.items():
        assert stated - 0.02 < shares[operator] < stated + 0.2


def test_sets_are_a_function_of_the_seed():
    """Same seed, same problems; another seed, others."""
    assert build_task("arithmetic", {}, seed=0).train_prompts() == TASK.train_prompts()
    assert build_task("arithmetic", {}, seed=1).train_prompts() != TASK.train_prompts()


def test_final_result_ignores_digits_elsewhere():
    """A digit that is not the last result never counts."""
    assert final_result("9=3,4") is None


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("aritmetic", {}, "did you mean 'arithmetic'"),
        ("arithmetic", {"num_trian": 3}, "num_trian"),
        ("arithmetic", {"num_train": -3}, "-3"),
    ],
)
def test_bad_names_and_options_are_named(name, options, message):
    """Unknown task, unknown option and bad value each name themselves."""
    with pytest.raises(ConfigError, match=message):
        check_task(name, options)
