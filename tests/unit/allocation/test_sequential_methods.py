"""Every sequential method: expected draws against simulation, what it trains on, what it remembers."""

import numpy as np
import pytest

from knapsack_rl.allocation import (
    AllocationRequest,
    Drawn,
    Ledger,
    Session,
    Spent,
    StepContext,
    build_method,
    method_names,
    strategy_names,
)
from knapsack_rl.allocation.sequential.c_grpo import conformal_threshold
from knapsack_rl.allocation.sequential.cero import reward_spread, wanted_units
from knapsack_rl.allocation.sequential.duet import sizes_for_tokens
from knapsack_rl.allocation.sequential.greso import _Memory
from knapsack_rl.allocation.sequential.pods import most_varied
from knapsack_rl.allocation.sequential.reinforce_ada import balanced
from knapsack_rl.base.errors import ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays

SEQUENTIAL = sorted({*method_names()} - {*strategy_names()})


class _Step:
    """Drives methods on prompts of known rates; ids are ``<number>:<rate>``."""

    def __init__(self, seed=0):
        self.rng, self.number = np.random.default_rng(seed), 0

    def ids(self, rates):
        self.number += len(rates)
        return tuple(f"{self.number - len(rates) + i}:{rate}" for i, rate in enumerate(rates))

    def run(self, method, rates, *, per_prompt=8, state=None, fresh=(0.5,)):
        prompt_ids = self.ids(rates)
        drawn_by, ledger = {}, Ledger()

        def new_prompts(count):
            more = self.ids([fresh[i % len(fresh)] for i in range(count)])
            return more, BeliefArrays.from_rates([np.nan] * count)

        context = StepContext(
            request=AllocationRequest(
                total=per_prompt * len(rates), low=2, high=128, prompt_ids=prompt_ids, step=1, epoch=1
            ),
            beliefs=BeliefArrays.from_counts([r * 16 for r in rates], [16] * len(rates)),
            state=state or {},
            rng=np.random.default_rng(self.rng.integers(2**32)),
            new_prompts=new_prompts,
            revisit=lambda ids: BeliefArrays.from_rates([np.nan] * len(ids)),
        )
        session = Session(
            build_method(*method) if isinstance(method, tuple) else build_method(method), context, ledger=ledger
        )
        while (draw := session.pending) is not None:
            rewards = {
                key: (self.rng.random(count) < float(key.split(":")[1])).astype(float).tolist()
                for key, count in draw.counts.items()
            }
            for key, mine in rewards.items():
                drawn_by.setdefault(key, []).extend(mine)
            drawn = Drawn(
                rewards=rewards,
                successes={key: int(sum(mine)) for key, mine in rewards.items()},
                num_tokens={key: [1] * len(mine) for key, mine in rewards.items()},
            )
            session.answer(drawn, spent=Spent(num_rollouts=sum(draw.counts.values())))
        return drawn_by, session.update, ledger


@pytest.mark.parametrize(
    ("method", "draws"),
    [
        (("reinforce_ada", {"exit": "balance"}), {0.02: 30.94, 0.1: 20.96, 0.5: 8.57, 0.9: 20.96}),
        (("reinforce_ada", {"exit": "positive"}), {0.02: 25.52, 0.1: 13.56, 0.5: 8.03, 0.9: 8.00}),
        (("ar3po", {}), {0.02: 7.69, 0.1: 6.62, 0.5: 4.25, 0.9: 4.00}),
    ],
)
def test_expected_draws_of_staged_methods(method, draws):
    """By the closed forms; 4,000 prompts of each rate, within four standard errors."""
    for rate, wanted in draws.items():
        drawn, _, _ = _Step().run(method, [rate] * 4000)
        sizes = np.array([len(rewards) for rewards in drawn.values()])
        assert abs(sizes.mean() - wanted) < 4 * max(sizes.std(), 0.1) / np.sqrt(4000) + 0.005


def test_dapo_draws_as_many_as_its_share_of_mixed_groups_says():
    """Mean of 1 - p^8 - q^8 over the survey's rates is .58974: 13.565 rollouts per slot of 8."""
    rates = [0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97]
    _, update, ledger = _Step().run(("dapo", {"max_rounds": 50}), rates * 250, fresh=rates)
    assert len(update.kept) == 2000
    assert ledger.total.num_rollouts / 2000 == pytest.approx(13.565, rel=0.03)


def test_ngu_visits_until_success_or_luck():
    """K = 16, again .9: 45.9 rollouts of a prompt at .02 before it leaves."""
    step, state, total, first = _Step(), {}, 0, None
    for number in range(60):
        # only the first step brings prompts of the rate in question; later batches are always right
        drawn, update, _ = step.run(
            ("ngu", {"again": 0.9}), [0.02 if number == 0 else 1.0] * 2000, per_prompt=16, state=state
        )
        first = first or set(drawn)
        total += sum(len(rewards) for key, rewards in drawn.items() if key in first)
        state = update.state
        if not set(state["waiting"]):
            break
    assert total / 2000 == pytest.approx(45.9, rel=0.05)


def test_vigor_spends_eight_on_average_and_thirty_on_survivors():
    drawn, _, ledger = _Step().run("vigor", [0.5] * 64)
    sizes = [len(rewards) for rewards in drawn.values()]
    assert sorted(set(sizes)) == [2, 6, 14, 30]
    assert np.mean(sizes) == 8
    assert [spent.num_rollouts for spent in ledger.rounds] == [128, 128, 128, 128]


@pytest.mark.parametrize(
    ("base", "skipped"),
    [(0.5, [0.5, 0.75, 0.875, 0.9375]), (0.2, [0.8, 0.96, 0.99, 0.99]), (0.9, [0.1, 0.19, 0.271, 0.3439])],
)
def test_greso_skips_by_streak(base, skipped):
    memory = [_Memory(base={"easy": 0.5, "hard": base}, streaks={"a": ["hard", z]}) for z in (1, 2, 3, 4)]
    assert [1 - m.chance("a", least=0.01) for m in memory] == pytest.approx(skipped)


def test_greso_remembers_streaks_and_moves_its_chances():
    step = _Step()
    _, update, _ = step.run(("greso", {"max_rounds": 1}), [0.0] * 8 + [1.0] * 8 + [0.5] * 8)
    kinds = {key: kind for key, (kind, _) in update.state["streaks"].items() if not key.endswith(":0.5")}
    assert {key.split(":")[1]: kind for key, kind in kinds.items()} == {"0.0": "hard", "1.0": "easy"}
    assert len(kinds) == 16
    assert update.state["base"] == {"easy": 0.49, "hard": 0.49}


@pytest.mark.parametrize(
    ("rewards", "kept"),
    [
        ([1, 0, 1, 0, 1, 0, 1, 0], (0, 1, 2, 3)),
        ([0, 0, 0, 0, 0, 0, 0, 1], (0, 1, 2, 7)),
        ([1, 1, 1, 1, 1, 1, 0, 1], (0, 1, 2, 6)),
        ([0] * 8, (0, 1, 2, 3)),
    ],
)
def test_balanced_rollouts_are_the_earliest(rewards, kept):
    """With advantages over the mean of all eight."""
    found = balanced([float(r) for r in rewards], 4)
    assert found.rollouts == kept
    np.testing.assert_allclose(found.advantages_G, [rewards[i] - np.mean(rewards) for i in kept])


@pytest.mark.parametrize(
    ("rewards", "keep", "num_right"),
    [([1, 1, 1, 1, 0, 0, 0, 0], 4, 2), ([1, 0, 0, 0, 0, 0, 0, 0], 4, 1), ([1] * 7 + [0], 4, 3)],
)
def test_pods_keeps_the_subset_of_largest_variance(rewards, keep, num_right):
    chosen = most_varied(rewards, keep)
    assert (len(chosen), sum(rewards[i] for i in chosen)) == (keep, num_right)


def test_selection_trains_on_prompts_near_the_aim():
    """Of known candidates the one at one half; unseen ones are anything for Thompson sampling, one half for PCL."""
    drawn, _, ledger = _Step().run(("pcl", {"pool": 1.0}), [0.1, 0.5, 0.9, 0.45])
    assert len(drawn) == 4
    drawn, _, ledger = _Step().run("pcl", [0.1, 0.5, 0.9, 0.45])
    assert {key.split(":")[1] for key in drawn} == {"0.5"}
    assert ledger.total.num_rollouts == 32


def test_lilo_generates_four_times_and_trains_on_a_quarter():
    _, update, ledger = _Step().run("lilo", [0.0, 0.0, 0.5, 0.5])
    assert ledger.total.num_rollouts == 128
    assert len(update.kept) == 4


def test_speed_drops_what_screening_shows_to_be_settled():
    drawn, update, ledger = _Step().run("speed_rl", [0.0] * 4 + [1.0] * 4 + [0.5] * 8)
    assert all(key.endswith(":0.5") for key in update.kept)
    assert ledger.total.num_rollouts == 128
    assert {len(rewards) for key, rewards in drawn.items() if key not in update.kept} == {4}


def test_ragen_keeps_the_fewest_groups_that_hold_the_variance():
    drawn, update, _ = _Step().run("ragen_top_p", [0.0] * 4 + [0.5] * 8 + [0.05] * 8)
    variance = {key: np.var(rewards) for key, rewards in drawn.items()}
    kept = sum(variance[key] for key in update.kept)
    assert kept >= 0.9 * sum(variance.values()) - 1e-9
    assert kept - min(variance[key] for key in update.kept) < 0.9 * sum(variance.values())


def test_pilots_of_gvm_are_charged_and_not_trained_on():
    _, update, ledger = _Step().run("gvm_pilot", [0.5] * 8)
    assert ledger.total.num_rollouts == 64
    assert all(0 not in kept.rollouts and 1 not in kept.rollouts for kept in update.kept.values())


def test_pilot_commit_trains_on_pilot_and_commitment_and_queues_the_rest():
    drawn, update, ledger = _Step().run(("pilot_commit", {"pilot": 2}), [0.5] * 8, fresh=(0.5,))
    assert len(drawn) == 24
    assert {len(drawn[key]) for key in update.kept} == {8}
    assert ledger.total.num_rollouts == 24 * 2 + 6 * len(update.kept)
    assert set(update.state["waiting"].values()) <= {5}


def test_xrpo_gives_more_to_prompts_that_vary():
    drawn, _, ledger = _Step().run("xrpo", [0.0] * 8 + [0.5] * 8)
    assert ledger.total.num_rollouts == 128
    by_rate = {rate: np.mean([len(r) for key, r in drawn.items() if key.endswith(rate)]) for rate in (":0.0", ":0.5")}
    assert by_rate[":0.5"] > by_rate[":0.0"]


def test_dars_gives_more_to_hard_prompts():
    drawn, _, _ = _Step().run("dars", [0.01] * 50 + [0.99] * 50)
    assert {len(r) for key, r in drawn.items() if key.endswith("0.99")} == {4}
    assert np.mean([len(r) for key, r in drawn.items() if key.endswith("0.01")]) > 25


def test_recycled_prompts_take_a_share_of_the_places():
    step = _Step()
    _, update, _ = step.run("query_recycling", [0.0] * 16)
    drawn, again, _ = step.run("query_recycling", [0.5] * 16, state=update.state)
    assert sum(key.endswith(":0.0") for key in drawn) == 4
    assert len(again.state["pool"]) >= 16


@pytest.mark.parametrize(
    ("price", "units"), [(0.6, 0.0), (0.3, 1.02165), (0.1, 3.21888), (0.001, 10.0), (0.0, 10.0), (0.5, 0.0)]
)
def test_units_that_a_price_is_worth(price, units):
    """A first unit is worth .5, ten are the most."""
    found = wanted_units(np.array([price]), slope_P=np.array([0.5]), most=10.0)
    assert found[0] == pytest.approx(units, abs=1e-5)


def test_cero_starts_at_four_times_the_expected_variance():
    """4 ab / ((a + b)(a + b + 1)): 2/3 for a flat prior, and for what was never seen."""
    beliefs = BeliefArrays.joined([BeliefArrays.from_counts([0, 3], [0, 4]), BeliefArrays.from_rates([np.nan])])
    assert reward_spread(beliefs).tolist() == pytest.approx([2 / 3, 4 * 4 * 2 / (6 * 7), 2 / 3])


def test_prices_of_cero_move_by_a_projected_dual_step():
    """All 128 are candidates, 66 get two units: those become cheaper, and the budget dearer, for C exceeds B."""
    drawn, update, ledger = _Step().run(("cero", {"pool": 2.0, "horizon": 100}), [0.5] * 64)
    assert ledger.total.num_rollouts == 8 * 66
    assert update.state["nu"] == pytest.approx(0.5 + (132 - 128) / 128 / 10)
    thetas = update.state["thetas"]
    assert len(thetas) == 128
    # A price starts at what a first unit is worth, so that nothing is wanted: 9 of 18 for known, 1 of 2 for others.
    for start, keys in ((4 * 81 / (18 * 19), list(thetas)[:64]), (2 / 3, list(thetas)[64:])):
        for key in keys:
            assert thetas[key] == pytest.approx(start - (2 / 2 / 10 if key in drawn else 0.0))
    assert set(list(thetas)[:64]) < set(drawn)


def test_a_price_of_cero_below_the_first_units_worth_rises_for_what_got_nothing():
    """By wanted units per step over the most: ln(c / price) / c of R_bar = 100 units over 100 steps."""
    step = _Step()
    first, update, _ = step.run(("cero", {"pool": 2.0, "horizon": 100}), [0.5] * 64)
    key = next(key for key in update.state["thetas"] if key not in first)
    thetas = dict.fromkeys(update.state["thetas"], 0.9) | {key: 0.4}
    method = ("cero", {"pool": 1.0, "horizon": 100})
    names = (key, *[name for name in thetas if name != key][:63])
    step.ids = lambda rates: names[: len(rates)]
    drawn, after, _ = step.run(method, [0.5] * 64, state={"thetas": thetas, "nu": 0.5})
    assert key not in drawn
    worth, per_run = 4 * 81 / (18 * 19), 128 / 64 * 100
    wanted = np.log(worth / 0.4) / (worth / per_run)
    assert after.state["thetas"][key] == pytest.approx(0.4 + wanted / 100 / 2 / 10)


def test_cero_paces_its_units_over_the_run():
    """Within 5 % of the budget over its horizon though single steps spend from nothing to the capacity of 132 units."""
    step, state, spent = _Step(), {}, []
    for _ in range(100):
        _, update, ledger = step.run(
            ("cero", {"horizon": 100}), [0.1, 0.9] * 32, state=state, fresh=(0.1, 0.5, 1.0, 0.0)
        )
        spent.append(ledger.total.num_rollouts)
        state = {"nu": update.state["nu"], "thetas": {}}
    assert max(spent) == 528
    assert np.mean(spent) == pytest.approx(512, rel=0.05)


def test_duet_spends_its_share_of_tokens_in_proportion_to_spread_over_root_length():
    """Without bounds to meet: within the rounding of one rollout each."""
    spread_P, length_P = np.array([4.0, 2.0, 1.0, 2.0]), np.array([100.0, 100.0, 100.0, 400.0])
    sizes_P = sizes_for_tokens(spread_P, length_P, tokens=700_000.0, bounds=(1, 10_000))
    assert sizes_P @ length_P == pytest.approx(700_000, rel=1e-3)
    np.testing.assert_allclose(sizes_P / sizes_P[3], [4, 2, 1, 1], rtol=1e-2)


def test_duet_gives_half_of_a_full_step_and_the_fewest_to_settled_prompts():
    """First 4 each, half of 8; then what varied takes what was settled leaves."""
    step = _Step()
    first, update, ledger = step.run("duet", [0.0] * 8 + [0.5] * 8)
    assert {len(rewards) for rewards in first.values()} == {4}
    ids = list(first)
    step.ids = lambda rates: tuple(ids[: len(rates)])
    drawn, _, ledger = step.run("duet", [0.0] * 8 + [0.5] * 8, state=update.state)
    assert {len(drawn[key]) for key in ids[:8]} == {2}
    assert min(len(drawn[key]) for key in ids[8:] if len(set(first[key])) > 1) > 4
    assert 60 <= ledger.total.num_rollouts <= 64


@pytest.mark.parametrize(
    ("num", "threshold"),
    [(9, 0.9), (19, 18 / 20), (8, 1.0), (99, 90 / 100)],
)
def test_conformal_threshold_is_a_ranked_score(num, threshold):
    """Scores k / (n + 1): the ceil(.9 (n + 1))-th, and 1 where that is more than there are."""
    scores = [k / (num + 1) for k in range(num, 0, -1)]
    assert conformal_threshold(scores, miss=0.1) == pytest.approx(threshold)


def test_c_grpo_draws_two_of_a_prompt_that_agrees_and_all_of_one_that_does_not():
    """With a threshold of 1: 2 with probability p^2 + q^2, else 32; within four standard errors."""
    for rate in (0.02, 0.3, 0.9):
        drawn, update, _ = _Step().run("c_grpo", [rate] * 4000, state={"threshold": 1.0, "calibrated": 1})
        sizes = np.array([len(rewards) for rewards in drawn.values()])
        wanted = 2 * (rate**2 + (1 - rate) ** 2) + 32 * 2 * rate * (1 - rate)
        assert set(sizes) == {2, 32}
        assert abs(sizes.mean() - wanted) < 4 * sizes.std() / np.sqrt(4000)
        assert len(update.kept) == 4000


def test_c_grpo_stops_where_one_outcome_is_left_within_the_threshold():
    """At .3 an outcome counts from a share of .7 on: a prompt at .95 stops early though it was wrong once."""
    drawn, _, _ = _Step().run("c_grpo", [0.95] * 200, state={"threshold": 0.3, "calibrated": 1})
    wrong_once = [len(rewards) for rewards in drawn.values() if 0 < sum(rewards) < len(rewards)]
    assert min(wrong_once) == 4
    assert max(map(len, drawn.values())) < 32


def test_calibration_of_c_grpo_is_charged_and_not_trained_on():
    """16 prompts of 32 rollouts at the first step, then again after 50 steps."""
    drawn, update, ledger = _Step().run("c_grpo", [1.0] * 8, fresh=(0.5,))
    assert ledger.rounds[0].num_rollouts == 16 * 32
    assert ledger.total.num_rollouts == 16 * 32 + 8 * 2
    assert set(update.kept) == {key for key in drawn if key.endswith(":1.0")}
    for last, calibrates in ((1 - 49, False), (1 - 50, True)):
        _, _, again = _Step().run("c_grpo", [1.0] * 8, state={"threshold": 0.5, "calibrated": last})
        assert (again.total.num_rollouts > 16) == calibrates


@pytest.mark.parametrize("method", SEQUENTIAL)
def test_a_step_is_a_function_of_its_generator_and_its_state_survives_json(method):
    import json

    found = [_Step(seed=3).run(method, [0.1, 0.3, 0.5, 0.7, 0.9, 0.0, 1.0, 0.5]) for _ in range(2)]
    assert found[0][0] == found[1][0]
    assert json.loads(json.dumps(dict(found[0][1].state))) == found[0][1].state
    assert build_method(method).source


@pytest.mark.parametrize(
    ("method", "options", "words"),
    [
        ("dapo", {"max_rounds": 0}, "max_rounds = 0 must be above 0"),
        ("greso", {"target": 0.0}, "target = 0 must be above 0"),
        ("ngu", {"again": 1.0}, "again = 1 must be below 1"),
        ("vigor", {"survive": 2.0}, "survive = 2 must be at most 1"),
        ("reinforce_ada", {"exit": "none"}, "exit = 'none' must be one of"),
        ("query_recycling", {"share": 1.5}, "share = 1.5 must be at most 1"),
        ("cero", {"capacity": 1.0}, "capacity = 1 must be above 1"),
        ("duet", {"budget": 0.0}, "budget = 0 must be above 0"),
        ("c_grpo", {"miss": 1.0}, "miss = 1 must be below 1"),
        ("c_grpo", {"most": 2}, "most = 2 must be above 2"),
        ("pilot_commit", {"lowest": 0.8}, "highest = 0.75 must be above 0.8"),
    ],
)
def test_mistakes_in_options_are_one_line(method, options, words):
    with pytest.raises(ConfigError, match=words):
        build_method(method, options)
