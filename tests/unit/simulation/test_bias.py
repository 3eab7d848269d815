"""The expected gradient of methods whose bias is known by a formula: none, a stopped group, a filter that cancels."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from knapsack_rl.allocation import Draw, Rounds, SequentialMethod, StepContext, Update, build_method
from knapsack_rl.base.errors import InputError
from knapsack_rl.simulation.bias import BiasSpec, audit_bias
from knapsack_rl.simulation.exact_gradients import advantage_factor

RATES = (0.1, 0.5, 0.9)
MOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAtSuccess(SequentialMethod):
    """One rollout at a time until the first success, at most six."""

    name: ClassVar[str] = "stop_at_success"
    source: ClassVar[str] = "a case of known bias"

    def rounds(self, context: StepContext) -> Rounds:
        """One step."""
        active = list(context.request.prompt_ids)
        for _ in range(MOST):
            drawn = yield Draw(counts=dict.fromkeys(active, 1))
            active = [key for key in active if not drawn.successes[key]]
            if not active:
                break
        return Update(state=context.state)


def audit(method, *, advantage, aggregation, steps=200):
    """Every step holds every prompt, so that classes weigh the same in every step."""
    spec = BiasSpec(method=method, rates=RATES, copies=4, batch=12, steps=steps, blocks=20)
    (bias,) = audit_bias(spec, advantages=(advantage,), aggregations=(aggregation,))
    return bias


def stopped_gradient(rate):
    """Mean over k rollouts of (r - mean) (r - p), the k-th the first success: ``(1 - 1/k) / k``; 0 without one."""
    k = np.arange(2, MOST + 1)
    return float(((1 - rate) ** (k - 1) * rate * (1 - 1 / k) / k).sum())


def stopped_size(rate):
    """Chance of k rollouts, k = 1 .. 6: ``p q^(k-1)``, and the last also without a success."""
    chance_K = rate * (1 - rate) ** np.arange(MOST)
    chance_K[-1] += (1 - rate) ** MOST
    return chance_K


def test_uniform_with_leave_one_out_has_no_bias():
    """Budget and baseline are zero exactly; fusion is, within its error."""
    bias = audit(build_method("uniform"), advantage="rloo", aggregation="token")
    terms = bias.terms()
    assert terms["budget"][0] == pytest.approx(0.0, abs=1e-12)
    assert terms["baseline"][0] == pytest.approx(0.0, abs=1e-12)
    mean_C, error_C = terms["fusion"]
    assert (np.abs(mean_C) < 4 * error_C).all()
    assert bias.fusion_p_value() > 0.001
    assert bias.cosine() > 0.999


def test_factors_of_advantages():
    """By hand: leave-one-out has none, the group's own mean ``(N - 1) / N``, one rollout no gradient at all."""
    assert [advantage_factor(size, 0.3, advantage="rloo") for size in (1, 2, 9)] == pytest.approx([0.0, 1.0, 1.0])
    assert [advantage_factor(size, 0.3, advantage="none") for size in (1, 2, 8)] == pytest.approx([0.0, 0.5, 7 / 8])
    two = 2 * 0.3 * 0.7 * (np.sqrt(2) / 4) * 2 / 2  # one right and one wrong, standardised: +-1 / sqrt(2)
    assert advantage_factor(2, 0.3, advantage="std") == pytest.approx(two / (0.3 * 0.7), rel=1e-5)


def test_stopping_at_the_first_success_has_the_bias_of_its_formula():
    """Weights are equal under `prompt`, so that what is left beside the baseline is the stopping rule's."""
    bias = audit(StopAtSuccess(), advantage="none", aggregation="prompt", steps=400)
    terms = bias.terms()
    assert terms["budget"][0] == pytest.approx(0.0, abs=1e-12)
    expected_C = np.array([stopped_gradient(rate) for rate in RATES]) / len(RATES)
    sizes = range(1, MOST + 1)
    factor_C = [
        stopped_size(rate) @ [advantage_factor(size, rate, advantage="none") for size in sizes] for rate in RATES
    ]
    decoupled_C = np.array(factor_C) * bias.true_C
    mean_C, error_C = terms["fusion"]
    assert (np.abs(mean_C - (expected_C - decoupled_C)) < 4 * error_C + 1e-9).all()
    assert (np.abs(expected_C - decoupled_C) > 8 * error_C).any()
    assert bias.fusion_p_value() < 1e-6


def test_counts_from_the_past_have_a_budget_term_and_no_fusion():
    """Knapsack allocation moves weight to hard prompts; its counts know nothing of the step's outcomes."""
    bias = audit(build_method("knapsack"), advantage="rloo", aggregation="token")
    mean_C, error_C = bias.terms()["budget"]
    assert mean_C[0] > 6 * error_C[0] > 0
    assert bias.fusion_p_value() > 0.001
    assert bias.strength()[0] > 1.2


def test_the_terms_of_a_filter_cancel():
    """Groups of equal rewards have no gradient under leave-one-out: to drop them changes the size of the step alone."""
    bias = audit(build_method("dapo", {"max_rounds": 1}), advantage="rloo", aggregation="token")
    assert bias.fusion_p_value() < 1e-6
    mean_C, error_C = bias.terms()["budget"]
    assert (np.abs(mean_C) > 6 * error_C).any()
    assert bias.cosine() > 0.998
    assert bias.strength() == pytest.approx(1.0, abs=0.15)


def test_bad_sizes_are_one_line():
    """A prompt without a gradient, and too few blocks for the test."""
    with pytest.raises(InputError, match=r"rates = \(0\.0, 0\.5\)"):
        BiasSpec(method=build_method("uniform"), rates=(0.0, 0.5))
    with pytest.raises(InputError, match="blocks = 3"):
        BiasSpec(method=build_method("uniform"), blocks=3)
