"""A study's launch is read and checked by verl's own loader."""

from pathlib import Path

import pytest

from knapsack_rl.config import load_study
from knapsack_rl.integrations.verl.checks import check_run
from knapsack_rl.integrations.verl.launch import plan_launch
from knapsack_rl.integrations.verl.settings import read_settings
from knapsack_rl.study import expand

from .runs import small_run

pytestmark = pytest.mark.verl

PAPER = Path(__file__).parents[3] / "config" / "paper.yaml"
BATCHES = "dpsk_r1_distill_15b-knapsack-n8-s0", "qwen25_math_7b-uniform-n16-s2"


def arguments(run):
    return list(plan_launch(run).command[3:])


def checked(config):
    from omegaconf import OmegaConf
    from verl.trainer.ppo.utils import need_critic, need_reference_policy
    from verl.utils.config import validate_config

    validate_config(config=config, use_reference_policy=need_reference_policy(config), use_critic=need_critic(config))
    plain = OmegaConf.to_container(config, resolve=True)
    settings = read_settings(plain["trainer"]["v1"]["knapsack"])
    check_run(plain, settings)
    return settings


@pytest.mark.parametrize("run_id", BATCHES)
def test_a_run_of_the_paper_passes_verls_checks(tmp_path, compose, model_folder, run_id):
    config = expand(load_study(PAPER))[run_id]
    run = small_run(tmp_path, tmp_path / "model")
    run = type(run)(config=config, paths=run.paths, problems=run.problems, model_folder=model_folder)
    settings = checked(compose(*arguments(run)))
    assert (settings.strategy, settings.seed) == (config.arm.strategy, config.seed)
    assert settings.weights_at == config.kept_weights[1:]


@pytest.mark.parametrize(
    "train",
    [
        {"loss": {"kl_coef": 0.01, "entropy_coef": 0.001}},
        {"loss": {"tis": False}},
        {"loss": {"aggregation": "sequence"}},
    ],
    ids=["penalties", "no correction", "sequence mean"],
)
def test_variants_pass_verls_checks(tmp_path, compose, model_folder, train):
    checked(compose(*arguments(small_run(tmp_path, model_folder, train=train))))


def test_text_survives_hydras_parser(tmp_path, compose, model_folder):
    run = small_run(tmp_path / "it's a folder, {really}", model_folder)
    config = compose(*arguments(run))
    assert config.trainer.default_local_dir == str(run.checkpoints)
    assert config.actor_rollout_ref.model.custom_chat_template.startswith("{% for message")
