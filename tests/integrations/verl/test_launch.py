"""A study's run as verl's configuration and launch command, without verl."""

import json
import shlex
from pathlib import Path

import pytest

from knapsack_rl.base.errors import ConfigError, StateError
from knapsack_rl.cli.main import app
from knapsack_rl.config import load_study
from knapsack_rl.integrations.verl.launch import hydra_value, plan_launch, prepare
from knapsack_rl.integrations.verl.overrides import overrides
from knapsack_rl.study import expand

from .runs import small_run

PAPER = Path(__file__).parents[3] / "config" / "paper.yaml"


def test_the_papers_run_becomes_the_scripts_values(tmp_path):
    config = expand(load_study(PAPER))["qwen25_math_7b-knapsack-n8-s0"]
    run = small_run(tmp_path, tmp_path / "model")
    values = overrides(type(run)(config=config, paths=run.paths, problems=run.problems, model_folder=run.model_folder))
    wanted = {
        "data.train_batch_size": 256,
        "data.max_prompt_length": 2048,
        "data.max_response_length": 4096,
        "actor_rollout_ref.rollout.n": 8,
        "actor_rollout_ref.actor.ppo_mini_batch_size": 32,
        "actor_rollout_ref.actor.clip_ratio_high": 0.28,
        "actor_rollout_ref.actor.clip_ratio_c": 10.0,
        "actor_rollout_ref.actor.loss_agg_mode": "token-mean",
        "algorithm.rollout_correction.rollout_is_threshold": 2.0,
        "actor_rollout_ref.rollout.val_kwargs.n": 16,
        "trainer.total_training_steps": 1000,
        "trainer.save_freq": 20,
        "trainer.test_freq": 10,
        "+trainer.v1.knapsack.strategy": "knapsack",
        "+trainer.v1.knapsack.options": {"fallback": True},
        "+trainer.v1.knapsack.advantage_clip": 5.0,
        "+trainer.v1.knapsack.weights_at": [1000],
    }
    assert {key: values[key] for key in wanted} == wanted


def test_every_run_of_the_paper_can_be_launched(tmp_path):
    run = small_run(tmp_path, tmp_path / "model")
    for config in expand(load_study(PAPER)).values():
        overrides(type(run)(config=config, paths=run.paths, problems=run.problems, model_folder=run.model_folder))


def test_a_command_names_the_program_the_plugin_and_a_new_file_of_metrics(tmp_path):
    run = small_run(tmp_path, tmp_path / "model")
    first = plan_launch(run, nodes=2)
    assert first.command[1:3] == ("-m", "verl.trainer.main_ppo")
    assert "trainer.nnodes=2" in first.command
    assert first.environment["VERL_USE_EXTERNAL_MODULES"] == "knapsack_rl.integrations.verl.plugin"
    assert not run.state.exists()
    prepare(run)
    Path(first.environment["VERL_FILE_LOGGER_PATH"]).write_text("")
    assert plan_launch(run).environment["VERL_FILE_LOGGER_PATH"].endswith("metrics/0002.jsonl")
    assert json.loads(run.run_file.read_text())["run_id"] == run.config.run_id
    assert set(first.command) <= set(shlex.split(first.shell()))


def test_a_folder_of_another_run_is_refused_and_more_steps_are_not(tmp_path):
    prepare(small_run(tmp_path, tmp_path / "model"))
    prepare(small_run(tmp_path, tmp_path / "model", train={"steps": 8}))
    with pytest.raises(StateError, match=r"was begun with other settings \(resume_hash\); move it away"):
        prepare(small_run(tmp_path, tmp_path / "model", train={"optimizer": {"learning_rate": 1e-3}}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learner": {"device": "cpu"}}, r"learner\.device, sampler\.device: verl runs on GPUs only"),
        ({"sampler": {"kind": "transformers", "max_model_len": 48}}, r"sampler\.kind: is 'transformers'"),
        ({"sampler": {"kind": "vllm"}}, r"sampler\.max_model_len: verl must be told"),
        ({"sampler": {"kind": "vllm", "max_model_len": 16}}, r"sampler\.max_model_len: 16 leaves no room"),
        ({"learner": {"optimizer": "adamw_8bit", "device": "cuda"}}, r"learner\.optimizer: .* not 'adamw_8bit'"),
        ({"train": {"micro_batch_tokens": 32}}, r"train\.micro_batch_tokens: 32 cannot hold one row"),
        ({"train": {"mini_batches": 3}}, r"train\.mini_batches: 4 prompts per step cannot be cut into 3"),
        ({"train": {"loss": {"aggregation": "prompt"}}}, r"train\.loss\.aggregation: verl has no mean over prompts"),
        ({"train": {"keep_weights_every": 1}}, r"train\.save_every: weights of step 1 .* saves every 2 steps"),
        ({"evaluation": {"max_response_tokens": 8}}, r"evaluation\.max_response_tokens: is 8, .*\(16\)"),
        ({"evaluation": {"probe": {"prompts": 2}}}, r"evaluation\.probe\.prompts: "),
        ({"train": {"loss": {"advantage": "sqrt_mean"}}}, r"train\.loss\.advantage: sqrt_mean is not among verl's"),
    ],
)
def test_what_verl_cannot_do_is_one_line(tmp_path, change, message):
    with pytest.raises(ConfigError, match=f"^m-knapsack-n8-s5: {message}"):
        plan_launch(small_run(tmp_path, tmp_path / "model", **change))


def test_evaluation_after_training_is_refused(tmp_path):
    change = {"train": {"keep_weights_every": None}, "evaluation": {"inside_training": False}}
    with pytest.raises(ConfigError, match=r"evaluation\.inside_training: verl evaluates while it trains"):
        plan_launch(small_run(tmp_path, tmp_path / "model", **change))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        (1e-06, "1e-06"),
        ("a b", "'a b'"),
        ("it's", r"'it\'s'"),
        ({"a": [1, True], "b": None}, "{a:[1,true],b:null}"),
        ([], "[]"),
    ],
)
def test_values_are_written_in_hydras_grammar(value, text):
    assert hydra_value(value) == text


def test_a_dry_run_prints_the_command_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    app(["verl", "--study", str(PAPER), "--run", "qwen3_4b_base-uniform-n4-s1", "--dry-run"], standalone_mode=False)
    printed = shlex.split(capsys.readouterr().out)
    assert "trainer.experiment_name='qwen3_4b_base-uniform-n4-s1'" in printed
    assert list(tmp_path.iterdir()) == []
