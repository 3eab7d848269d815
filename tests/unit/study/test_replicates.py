"""Seeds that are replicates: own base models, own problems, own noise of evaluations; blocks of a grid."""

import copy

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config import parse_study, resume_hash, run_hash
from knapsack_rl.study import expand
from knapsack_rl.study.replicates import base_models, problem_sets
from knapsack_rl.tasks import build_task

STUDY = {
    "name": "own",
    "task": {"name": "arithmetic", "options": {"num_train": 64, "num_per_benchmark": 2}},
    "models": {
        "tiny": {"build": {"hidden_size": 16, "num_layers": 1}},
        "slow": {"build": {"hidden_size": 16, "num_layers": 1}, "train": {"optimizer": {"learning_rate": 1e-5}}},
    },
    "arms": {"uniform": {"strategy": "uniform"}, "knapsack": {"strategy": "knapsack"}},
    "grid": {"models": ["tiny", "slow"], "arms": ["uniform", "knapsack"], "budgets": [8], "seeds": [0, 1]},
    "train": {"steps": 2, "prompts_per_step": 8},
}


def _study(*, per_seed: bool, **changes):
    data = copy.deepcopy(STUDY) | changes
    data["task"]["per_seed"] = per_seed
    for model in data["models"].values():
        model["build"]["per_seed"] = per_seed
    return data


def _expand(data):
    return expand(parse_study(data, source="study.yaml"))


def test_a_seed_has_its_own_model_problems_and_noise():
    """Arms of one seed share all three; seeds share none."""
    runs = _expand(_study(per_seed=True))
    uniform, knapsack, other = (
        runs[name] for name in ("tiny-uniform-n8-s0", "tiny-knapsack-n8-s0", "tiny-uniform-n8-s1")
    )
    for of in (
        lambda run: run.model.build.seed,
        lambda run: run.task.seed,
        lambda run: run.evaluation.seed,
        lambda run: run.base_folder,
        lambda run: run.problem_set,
    ):
        assert of(uniform) == of(knapsack) != of(other)
    first, second = (
        {prompt.text for prompt in build_task(run.task.name, run.task.options, seed=run.task.seed).train_prompts()}
        for run in (uniform, other)
    )
    assert first != second


def test_models_that_are_built_alike_share_their_base_models():
    """The two models differ in the learning rate alone."""
    runs = _expand(_study(per_seed=True))
    assert list(base_models(runs)) == ["tiny-s0", "tiny-s1"]
    assert runs["slow-uniform-n8-s1"].base_folder == "tiny-s1"
    assert list(problem_sets(runs)) == ["s0", "s1"]


def test_a_model_built_alike_and_named_first_retrains_nothing():
    """It gives its name to the folder of the base models; what a run computes is the same."""
    first, second = (
        _expand(_study(per_seed=True, grid=STUDY["grid"] | {"models": models}))["slow-uniform-n8-s1"]
        for models in (["tiny", "slow"], ["slow", "tiny"])
    )
    assert (first.base_folder, second.base_folder) == ("tiny-s1", "slow-s1")
    assert resume_hash(first) == resume_hash(second)


def test_without_it_nothing_changes():
    """One base model and one set of problems, and the configuration's hash of before there was the switch."""
    runs = _expand({**STUDY, "models": {"tiny": STUDY["models"]["tiny"]}, "grid": STUDY["grid"] | {"models": ["tiny"]}})
    assert list(base_models(runs)) == ["tiny"]
    assert list(problem_sets(runs)) == [None]
    assert runs["tiny-uniform-n8-s0"].task.seed == 0
    assert run_hash(runs["tiny-uniform-n8-s0"]) == run_hash(
        runs["tiny-uniform-n8-s0"].model_copy(update={"base_model": None})
    )


def test_held_out_problems_stay_held_out():
    """A base model shared by seeds with problems of their own would have seen the benchmarks of some."""
    data = _study(per_seed=True)
    data["models"]["tiny"]["build"]["per_seed"] = False
    with pytest.raises(ConfigError, match=r"models\.tiny\.build\.per_seed"):
        _expand(data)


def test_blocks_give_cells_unequal_seeds():
    """A run that two blocks name is one run; a wrong name says in which block it stands."""
    block = STUDY["grid"] | {"models": ["tiny"]}
    data = _study(per_seed=False, grid=[block | {"seeds": [0, 1, 2]}, block | {"budgets": [4, 8]}])
    runs = _expand(data)
    assert sorted((run.budget, run.seed) for run in runs.values() if run.arm_name == "uniform") == [
        (4, 0),
        (4, 1),
        (8, 0),
        (8, 1),
        (8, 2),
    ]
    data["grid"][1]["arms"] = ["nobody"]
    with pytest.raises(ConfigError, match=r"grid\.1\.arms: 'nobody'"):
        _expand(data)


@pytest.mark.parametrize(
    ("grid", "words"), [([], "grid"), ({"models": []}, r"grid\.models"), ([{"models": []}], r"grid\.0\.models")]
)
def test_a_wrong_grid_is_named_as_it_was_written(grid, words):
    """One block is not numbered."""
    with pytest.raises(ConfigError, match=words):
        _expand({**STUDY, "grid": grid})
