"""Configuration errors are one line that names file, key, value and remedy."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from knapsack_rl.base.errors import ConfigError, InputError
from knapsack_rl.config import compact_json, load_study, parse_run, parse_study, resume_hash, run_hash
from knapsack_rl.study import expand, expand_one

STUDY = yaml.safe_load(Path(__file__).parents[3].joinpath(".test/config/config.yaml").read_text())


def _changed(path: str, value):
    data = deepcopy(STUDY)
    *parents, last = path.split(".")
    node = data
    for key in parents:
        node = node.setdefault(key, {})
    node[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("train.learning_rate", 0.1, ["train: learning_rate", "0.1", "is now train.optimizer.learning_rate"]),
        ("train.normalize_advantages", False, ["train: normalize_advantages", "is now train.loss.advantage", "`none`"]),
        ("models.nano.train", {"kl_coef": 0.1}, ["train: kl_coef", "is now train.loss.kl_coef"]),
        ("arms.knapsack.advantage", "none", ["arms.knapsack: advantage", "is now train.loss.advantage"]),
        ("train.stepz", 3, ["train.stepz", "unknown key", "'steps'"]),
        ("train.seeds", 3, ["train.seeds", "unknown key", "belongs under grid"]),
        ("arms.knapsack.steps", 3, ["arms.knapsack.steps", "belongs under models.<name>.build.pretrain or train"]),
        ("train.name", "x", ["train.name", "belongs under the top of the file or task"]),
        ("train.build", {}, ["train.build", "belongs under models.<name>"]),
        ("train.steps", -3, ["train.steps", "greater than or equal to 1", "-3"]),
        ("train.low", 99, ["low (99)", "high (16)"]),
        ("train.prompts_per_step", 9, ["prompts_per_step", "9", "8 training problems"]),
        ("task.options", {"num_train": 4000}, ["num_train", "4000", "most is"]),
        ("models.nano.build.hidden_size", 34, ["hidden_size (34)", "num_heads (2)"]),
        ("overrides", {"nano-knapsack-n4-s0": {"model": {}}}, ["model", "cannot be overridden"]),
        ("arms.knapsack.strategy", "knapsak", ["arms.knapsack", "knapsak", "knapsack"]),
        ("arms.knapsack.belief", "newest61", ["arms.knapsack", "newest61", "newest16"]),
        ("arms.knapsack.options", {"fallbck": True}, ["arms.knapsack", "fallbck", "fallback"]),
        ("grid.budgets", [1], ["budget 1", "low=2", "grid.budgets"]),
        ("grid.models", ["huge"], ["grid.models", "huge", "nano"]),
        ("grid.seeds", [0, 0], ["grid.seeds", "twice"]),
        ("models.nano", {"path": "no/such/model"}, ["models.nano.path", "no/such/model", "build"]),
        ("models.nano", {}, ["models.nano", "build", "path"]),
        ("overrides", {"nano-knapsck-n4-s0": {}}, ["nano-knapsck-n4-s0", "did you mean"]),
        ("overrides", {"nano-knapsack-n4-s0": {"task": {}}}, ["task", "cannot be overridden"]),
        ("overrides", {"nano-knapsack-n4-s0": {"train": {"steps": 0}}}, ["nano-knapsack-n4-s0", "train.steps"]),
        ("task.name", "maths", ["unknown task", "maths"]),
    ],
)
def test_mistakes_are_one_line_that_names_them(path, value, words):
    """Every mistake names the file, the key, the value or the remedy, in a single line."""
    with pytest.raises(ConfigError) as caught:
        expand(parse_study(_changed(path, value), source="study.yaml"), source="study.yaml")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("study.yaml: ")
    for word in words:
        assert word in message


def test_grid_expands_to_readable_ids():
    """Every combination is a run whose id says what it is."""
    study = parse_study(_changed("grid.seeds", [0, 7]), source="s")
    assert list(expand(study)) == [f"nano-{arm}-n4-s{seed}" for arm in ("uniform", "knapsack") for seed in (0, 7)]


def test_override_changes_one_run_alone():
    """Steps and seed of one run change; every other run keeps its hash."""
    before = expand(parse_study(STUDY, source="s"))
    overridden = _changed("overrides", {"nano-knapsack-n4-s0": {"seed": 5, "train": {"steps": 9}}})
    after = expand(parse_study(overridden, source="s"))
    changed = [run for run in before if run_hash(before[run]) != run_hash(after[run])]
    assert changed == ["nano-knapsack-n4-s0"]
    assert (after[changed[0]].seed, after[changed[0]].train.steps) == (5, 9)


def test_one_run_alone_is_what_it_is_among_all():
    """A job resolves its own run only, to the same configuration; JSON of the study says the same as the study."""
    data = _changed("overrides", {"nano-knapsack-n4-s0": {"seed": 5, "arm": {"strategy": "knapsack_posterior"}}})
    study = parse_study(data, source="s")
    again = parse_study(json.loads(compact_json(study)), source="s")
    assert {run_id: expand_one(again, run_id) for run_id in expand(study)} == expand(study)
    with pytest.raises(InputError, match=r"nano-knapsack-n4-s1: no such run .* 'nano-knapsack-n4-s0'"):
        expand_one(study, "nano-knapsack-n4-s1")


def test_model_may_set_its_own_learning_rate():
    """Keys of a model's `train` replace the study's defaults for its runs."""
    runs = expand(parse_study(_changed("models.nano.train", {"optimizer": {"learning_rate": 0.5}}), source="s"))
    assert {run.train.optimizer.learning_rate for run in runs.values()} == {0.5}


def test_strategy_brings_its_default_belief():
    """An arm without a belief gets the one its strategy names."""
    data = _changed("arms.knapsack", {"strategy": "knapsack"})
    assert expand(parse_study(data, source="s"))["nano-knapsack-n4-s0"].arm.belief == "newest16"


def test_override_of_the_strategy_brings_its_own_belief():
    """The belief is filled in after overrides are laid over the arm."""
    data = _changed("overrides", {"nano-uniform-n4-s0": {"arm": {"strategy": "knapsack_posterior"}}})
    assert expand(parse_study(data, source="s"))["nano-uniform-n4-s0"].arm.belief == "beta"


def test_hash_is_that_of_what_differs_from_the_defaults():
    """A key with a default that is spelt out changes no hash, so adding a key to the code retrains nothing."""
    base = expand(parse_study(STUDY, source="s"))["nano-knapsack-n4-s0"]
    spelt = expand(parse_study(_changed("train.loss", {"clip_low": 0.2}), source="s"))["nano-knapsack-n4-s0"]
    assert run_hash(base) == run_hash(spelt)


def test_resume_hash_ignores_the_number_of_steps_only():
    """Raising the steps or evaluating otherwise continues a run; any other change does not."""
    base = expand(parse_study(STUDY, source="s"))["nano-knapsack-n4-s0"]
    longer = expand(parse_study(_changed("train.steps", 19), source="s"))["nano-knapsack-n4-s0"]
    other = expand(parse_study(_changed("train.optimizer", {"learning_rate": 0.1}), source="s"))["nano-knapsack-n4-s0"]
    assert resume_hash(base) == resume_hash(longer)
    evaluated = expand(parse_study(_changed("evaluation.samples", 3), source="s"))["nano-knapsack-n4-s0"]
    per_model = expand(parse_study(_changed("models.nano.train", {"steps": 19}), source="s"))["nano-knapsack-n4-s0"]
    assert resume_hash(base) == resume_hash(evaluated) == resume_hash(per_model)
    assert resume_hash(base) != resume_hash(other)


def test_checkpoints_include_first_and_last():
    """Evaluated steps are 0, every second and the last."""
    assert expand(parse_study(STUDY, source="s"))["nano-uniform-n4-s0"].checkpoints == (0, 6, 12)


@pytest.mark.parametrize("text", ["a: [", "- 1", ""])
def test_unreadable_files_are_one_line(tmp_path, text):
    """Broken YAML and a file that is no mapping name the file."""
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"bad\.yaml"):
        load_study(path)


def test_missing_file_is_named(tmp_path):
    """A study file that is not there."""
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read"):
        load_study(tmp_path / "none.yaml")


@pytest.mark.parametrize("value", ["x" * 100_000, ["x"] * 100_000, -(10**4000)], ids=["text", "list", "number"])
def test_a_long_value_is_shown_by_its_beginning(value):
    """A message is a line that a terminal can hold."""
    for study in (STUDY | {"code_version": value}, STUDY | {"unknown": value}):
        with pytest.raises(ConfigError) as raised:
            parse_study(study, source="s.yaml")
        assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"seed": 1, "seed": 2}', "key 'seed' stands twice"),
        ('{"seed": ' + "9" * 5000 + "}", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ('{"seed": ', "is not valid JSON"),
    ],
    ids=["twice", "long", "deep", "cut"],
)
def test_a_run_in_odd_json_is_one_line(text, words):
    """Whatever the reader raises."""
    with pytest.raises(ConfigError, match=words):
        parse_run(text, source="--config")


@pytest.mark.parametrize("name", ["mlflow", "reference"])
def test_names_of_folders_of_their_own_are_refused(name):
    """A study of that name would write among the runs of MLflow, or over the outputs kept for comparison."""
    study = STUDY | {"name": name}
    with pytest.raises(ConfigError, match=f"name: '{name}' is the name of a folder of its own"):
        parse_study(study, source="s.yaml")
