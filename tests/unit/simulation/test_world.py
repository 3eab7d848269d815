"""Pools and the latent rates of a world."""

import numpy as np
import pytest

from knapsack_rl.base.errors import InputError
from knapsack_rl.simulation import POOLS, Drift, World, draw_rates, find_pool

STILL = Drift(own=0.0, shared=0.0)


@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
def test_pools_are_what_the_docs_say(pool):
    """Exact shares of 0 and 1, the rest strictly between."""
    rate_I = draw_rates(pool, 1000, rng=np.random.default_rng(0))
    assert ((rate_I == 0).sum(), (rate_I == 1).sum()) == (round(1000 * pool.zero_frac), round(1000 * pool.one_frac))
    assert ((rate_I >= 0) & (rate_I <= 1)).all()


@pytest.mark.parametrize(("name", "ratio"), [("hard", 0.396), ("middle", 0.479), ("late", 0.342)])
def test_pools_have_the_stages_effective_ratio(name, ratio):
    """Share of mixed groups at 8 rollouts each: that of the three stages of training, to within 0.01."""
    p = draw_rates(POOLS[name], 200_000, rng=np.random.default_rng(0))
    assert (1 - p**8 - (1 - p) ** 8).mean() == pytest.approx(ratio, abs=0.01)


def test_unknown_pool_names_the_nearest():
    """One line with the remedy."""
    with pytest.raises(InputError, match="unknown pool 'hrad'; did you mean 'hard'"):
        find_pool("hrad")


def test_a_world_at_rest_keeps_its_rates():
    """Exact zeros and ones included."""
    rate_I = np.array([0.0, 0.25, 1.0])
    world = World(rate_I, drift=STILL)
    world.learn(np.arange(3), np.array([8, 8, 8]), successes_P=np.array([0, 2, 8]))
    np.testing.assert_allclose(world.rate(), rate_I)


def test_only_mixed_groups_teach():
    """A group of equal rewards moves nothing; r = 1/4 moves its logit by own * sqrt(3)/4."""
    world = World(np.array([0.5, 0.5, 0.5, 0.5]), drift=Drift(own=1.0, shared=0.0))
    world.learn(np.arange(3), np.array([8, 8, 8]), successes_P=np.array([0, 2, 8]))
    rate_I = world.rate()
    np.testing.assert_allclose(np.log(rate_I / (1 - rate_I)), [0, np.sqrt(3) / 4, 0, 0], atol=1e-12)


def test_shared_learning_reaches_every_prompt():
    """One signal of 1/2 among four prompts moves each by shared / 8, the unvisited and the hopeless too."""
    world = World(np.array([0.5, 0.5, 0.5, 0.0]), drift=Drift(own=0.0, shared=1.0))
    world.learn(np.array([0]), np.array([2]), successes_P=np.array([1]))
    rate_I = world.rate()
    np.testing.assert_allclose(np.log(rate_I / (1 - rate_I)), [0.125, 0.125, 0.125, -7 + 0.125])


def test_per_rollout_weights_groups_by_size():
    """12 of 16 rollouts are three halves of the mean of 8."""
    world = World(np.array([0.5, 0.5]), drift=Drift(own=1.0, shared=0.0, per_rollout=True))
    world.learn(np.arange(2), np.array([12, 4]), successes_P=np.array([6, 2]))
    rate_I = world.rate()
    np.testing.assert_allclose(np.log(rate_I / (1 - rate_I)), [0.75, 0.25])


def test_samples_have_the_worlds_rates():
    """Rewards come one prompt after the other; 40,000 rollouts within four standard errors."""
    world = World(np.array([0.0, 0.3, 1.0]), drift=STILL)
    rewards = world.sample(np.array([2, 1, 0]), np.array([5, 40_000, 5]), rng=np.random.default_rng(0))
    assert rewards[:5].all()
    assert not rewards[-5:].any()
    assert rewards[5:-5].mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / 40_000))


@pytest.mark.parametrize("options", [{"own": -1.0}, {"shared": float("inf")}, {"edge_logit": 0.0}])
def test_impossible_drift_is_refused(options):
    """Rates only rise from training, by a finite amount."""
    with pytest.raises(InputError, match="drift"):
        Drift(**options)
