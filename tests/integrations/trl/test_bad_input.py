"""What cannot be trained is refused in one line that says what to change."""

import pytest
from datasets import Dataset

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.integrations.settings import AllocationSettings

from .small import graded, rows


def refused(error, words, make):
    """One line with the words."""
    with pytest.raises(error, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_no_identity_column(small):
    """Beliefs are keyed on it."""
    bare = rows().remove_columns("id")
    refused(
        ConfigError,
        r"train_dataset has no column 'id' .*columns: prompt.*dataset.map",
        lambda: small.make(dataset=bare),
    )
    stream = bare.to_iterable_dataset()
    refused(ConfigError, r"no column 'id'", lambda: small.make(dataset=stream))


def test_two_rows_of_one_identity(small):
    """They would share an estimate."""
    twice = Dataset.from_dict({"prompt": ["1=", "2=", "3="], "id": [5, 6, 5]})
    refused(InputError, r"rows 0 and 2 both have id = 5", lambda: small.make(dataset=twice))


@pytest.mark.parametrize("given", [None, 1.5, True])
def test_an_identity_that_is_none(small, given):
    """A missing value, a measurement, a yes."""
    odd = Dataset.from_dict({"prompt": ["1=", "2="], "id": [given, given]})
    refused(
        InputError,
        r"row 0: id = .* identifies no prompt; use a text or a whole number",
        lambda: small.make(dataset=odd),
    )


def test_columns_that_are_dropped(small):
    """TRL would take the identity away."""
    refused(ConfigError, r"remove_unused_columns = True drops", lambda: small.make(remove_unused_columns=True))


def test_mean_outside_the_bounds(small):
    """No counts would have this mean."""
    high = {"allocation": AllocationSettings(high=3)}
    refused(ConfigError, r"num_generations = 4.*low = 2 and high = 3", lambda: small.make(given=high))


def test_groups_of_one_and_totals_that_are_no_multiple(small):
    """TRL refuses them itself."""
    refused(ValueError, r"at least 2 generations", lambda: small.make(num_generations=1))
    refused(
        ValueError,
        r"generation_batch_size \(16\) must be divisible by num_generations \(3\)",
        lambda: small.make(num_generations=3),
    )


def test_rewards_of_any_kind_without_a_threshold(small):
    """Refused at the first step, before an update."""
    trainer = small.make(rewards=graded)
    refused(InputError, r"reward 0\.\d+ of prompt '\d+' is neither 0 nor 1; .*success_threshold", trainer.train)
    assert trainer.state.global_step == 0


def test_streams_that_would_be_read_beforehand(small):
    """A belief that reads all prompts needs them all."""
    given = {"allocation": AllocationSettings(strategy="knapsack_posterior", belief="kernel_beta")}
    stream = rows().to_iterable_dataset()
    refused(ConfigError, r"is a stream, and belief 'kernel_beta'", lambda: small.make(dataset=stream, given=given))
