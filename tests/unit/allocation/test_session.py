"""Methods that draw in rounds: what they may ask for, what it costs, and what they may train on."""

from dataclasses import FrozenInstanceError, dataclass
from typing import ClassVar

import numpy as np
import pytest

from knapsack_rl.allocation import (
    AllocationRequest,
    Draw,
    Drawn,
    Kept,
    Ledger,
    SequentialMethod,
    Session,
    Spent,
    StepContext,
    Update,
    build_method,
    build_strategy,
)
from knapsack_rl.base.errors import AllocationError, ConfigError
from knapsack_rl.beliefs.arrays import BeliefArrays

IDS = ("a", "b", "c", "d")


def _no_more(count):
    raise AssertionError(f"{count} new prompts were asked for")


def _context(*, new_prompts=_no_more, total=32):
    return StepContext(
        request=AllocationRequest(total=total, low=2, high=128, prompt_ids=IDS),
        beliefs=BeliefArrays.from_rates([0.1, 0.3, 0.6, 0.9]),
        state={},
        rng=np.random.default_rng(0),
        new_prompts=new_prompts,
        revisit=lambda prompt_ids: BeliefArrays.from_rates([np.nan] * len(prompt_ids)),
    )


def _drive(method, outcome, *, context=None):
    """Run a method to its end, ``outcome(prompt id, index)`` being a rollout's reward: requests, session, ledger."""
    ledger, asked = Ledger(), []
    session = Session(method, context or _context(), ledger=ledger)
    while (draw := session.pending) is not None:
        asked.append(dict(draw.counts))
        rewards = {
            key: [outcome(key, session.first_index(key) + number) for number in range(count)]
            for key, count in draw.counts.items()
        }
        drawn = Drawn(
            rewards=rewards,
            successes={key: sum(mine) for key, mine in rewards.items()},
            num_tokens={key: [1] * len(mine) for key, mine in rewards.items()},
        )
        session.answer(drawn, spent=Spent(num_rollouts=sum(draw.counts.values())))
    return asked, session, ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted(SequentialMethod):
    """Asks for what it was told to, and ends with what it was told to."""

    name: ClassVar[str] = "scripted"
    source: ClassVar[str] = "this test"
    draws: tuple
    update: object

    def rounds(self, context):
        del context
        for draw in self.draws:
            yield Draw(counts=draw)
        return self.update


def test_a_one_shot_strategy_is_one_round_of_its_counts():
    asked, session, ledger = _drive(build_strategy("uniform"), lambda *_: 1)
    assert asked == [dict.fromkeys(IDS, 8)]
    assert session.update == Update(state={})
    assert ledger.total == Spent(num_rollouts=32)


def test_rollout_indices_go_on_over_rounds():
    """No later round may repeat the noise of one before it."""
    seen = []
    draws = ({"a": 2}, {"a": 3, "b": 1}, {"a": 1, "b": 2})
    _drive(Scripted(draws=draws, update=Update()), lambda key, index: seen.append((key, index)) or 0)
    assert seen == [*(("a", number) for number in range(5)), ("b", 0), ("a", 5), ("b", 1), ("b", 2)]


@pytest.mark.parametrize(
    ("draws", "update", "words"),
    [
        (({"z": 1},), Update(), "prompt 'z' is not one of this step"),
        (({},), Update(), "a round without rollouts"),
        (({"a": 0},), Update(), "a round without rollouts"),
        (({"a": -1, "b": 2},), Update(), "-1 rollouts of prompt 'a'"),
        (({"a": 2},), None, "must end with an Update, not with None"),
        (({"a": 2},), Update(kept={"b": Kept()}), r"trains on rollouts \(\) of prompt 'b'; 0 were drawn"),
        (({"a": 2},), Update(kept={"a": Kept(rollouts=(2,))}), "trains on rollouts"),
        (({"a": 2},), Update(kept={"a": Kept(rollouts=(1, 1))}), "trains on rollouts"),
        (({"a": 2},), Update(kept={"a": Kept(advantages_G=np.ones(3))}), "3 advantages for 2 rollouts"),
        (({"a": 1},) * 1001, Update(), "more than 1000 rounds"),
    ],
)
def test_what_cannot_be_is_refused_with_the_name_of_the_method(draws, update, words):
    with pytest.raises(AllocationError, match=f"scripted: .*{words}"):
        _drive(Scripted(draws=draws, update=update), lambda *_: 0)


def test_a_method_cannot_avoid_being_charged():
    """It trains on nothing, tries to change what it has spent, and throws errors away: the ledger has it all."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Cheat(SequentialMethod):
        name: ClassVar[str] = "cheat"
        source: ClassVar[str] = "this test"

        def rounds(self, context):
            yield Draw(counts={"a": 5})
            spent = context.spent()
            with pytest.raises(FrozenInstanceError):
                spent.num_rollouts = 0
            object.__setattr__(spent, "num_rollouts", 0)
            with pytest.raises(ValueError, match="nothing is given back"):
                Spent(num_rollouts=-5)
            counts = {"b": 3}
            yield Draw(counts=counts)
            counts.clear()
            assert context.spent().num_rollouts == 8
            return Update(kept={})

    _, _, ledger = _drive(Cheat(), lambda *_: 0)
    assert [spent.num_rollouts for spent in ledger.rounds] == [5, 3]


def _refilling(asked):
    def new_prompts(count):
        first = len(asked)
        asked.extend(range(count))
        return tuple(f"new{first + number}" for number in range(count)), BeliefArrays.from_rates([np.nan] * count)

    return new_prompts


def test_dapo_refills_until_every_group_is_mixed():
    """``a`` and ``b`` never have a gradient; two new prompts take their places, and all is charged."""
    context = _context(new_prompts=_refilling([]))
    asked, session, ledger = _drive(
        build_method("dapo"), lambda key, index: int(key not in ("a", "b") and index % 2), context=context
    )
    assert asked == [dict.fromkeys(IDS, 8), {"new0": 8, "new1": 8}]
    assert list(session.update.kept) == ["c", "d", "new0", "new1"]
    assert ledger.total.num_rollouts == 48


def test_dapo_trains_on_no_more_groups_than_the_step_has_prompts():
    context = _context(new_prompts=_refilling([]))
    method = build_method("dapo", {"refill": 3.0})
    asked, session, _ = _drive(method, lambda key, index: int(key != "a" and index % 2), context=context)
    assert len(asked[1]) == 3
    assert list(session.update.kept) == ["b", "c", "d", "new0"]


def test_dapo_without_rounds_drops_and_does_not_refill():
    asked, session, _ = _drive(
        build_method("dapo", {"max_rounds": 1}), lambda key, index: int(key == "c" and index % 2)
    )
    assert len(asked) == 1
    assert list(session.update.kept) == ["c"]


def test_a_method_of_rounds_has_no_counts_to_give():
    with pytest.raises(ConfigError, match="'dapo' draws in rounds and has no counts before outcomes"):
        build_strategy("dapo")
