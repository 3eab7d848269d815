"""A resolved run as verl's configuration: what differs from verl's defaults, by dotted key.

Keys are those of ``verl/trainer/config/ppo_trainer.yaml`` in verl 0.9.1. What our trainer does and verl does not is
listed in docs/verl.md.
"""

from typing import Any

from knapsack_rl.config import RunConfig
from knapsack_rl.integrations.verl.checks import TRAINER
from knapsack_rl.integrations.verl.messages import RAW_TEMPLATE
from knapsack_rl.integrations.verl.settings import SECTION
from knapsack_rl.integrations.verl.study_run import VerlRun
from knapsack_rl.integrations.verl.unsupported import check_supported

PACKAGE = "pkg://knapsack_rl.integrations.verl"
AGGREGATIONS = {"token": "token-mean", "sequence": "seq-mean-token-mean"}
DTYPES = {"float32": "fp32", "bfloat16": "bf16"}


def overrides(run: VerlRun, *, nodes: int = 1) -> dict[str, Any]:
    """Values by dotted key; a key that verl's own configuration lacks begins with ``+``.

    Raises:
        ConfigError: verl has no counterpart of something in the run.
    """
    check_supported(run.config)
    return {
        **_data(run),
        **_model(run),
        **_actor(run.config),
        **_rollout(run.config),
        **_algorithm(run.config),
        **_trainer(run, nodes=nodes),
        **_allocation(run),
    }


def _data(run: VerlRun) -> dict[str, Any]:
    train, sampler = run.config.train, run.config.sampler
    thinking = run.config.model.prompt.thinking
    chat = {} if thinking is None else {"+data.apply_chat_template_kwargs.enable_thinking": thinking}
    return {
        "data.custom_cls.path": f"{PACKAGE}.dataset",
        "data.custom_cls.name": "StudyDataset",
        "+data.knapsack_run": str(run.run_file.absolute()),
        "data.train_files": str(run.problems.train.absolute()),
        "data.val_files": str(run.problems.benchmarks.absolute()),
        "data.train_batch_size": train.prompts_per_step,
        "data.max_prompt_length": (sampler.max_model_len or 0) - train.max_response_tokens,
        "data.max_response_length": train.max_response_tokens,
        "data.filter_overlong_prompts": True,
        "data.shuffle": True,
        "data.seed": run.config.seed,
        **chat,
    }


def _model(run: VerlRun) -> dict[str, Any]:
    raw = {} if run.config.model.prompt.chat else {"actor_rollout_ref.model.custom_chat_template": RAW_TEMPLATE}
    return {
        "actor_rollout_ref.model.path": str(run.model_folder.absolute()),
        "actor_rollout_ref.model.enable_gradient_checkpointing": run.config.learner.gradient_checkpointing,
        **raw,
    }


def _actor(config: RunConfig) -> dict[str, Any]:
    train, actor = config.train, "actor_rollout_ref.actor"
    loss, optimizer = train.loss, train.optimizer
    return {
        f"{actor}.ppo_mini_batch_size": train.prompts_per_step // train.mini_batches,
        f"{actor}.use_dynamic_bsz": True,
        f"{actor}.ppo_max_token_len_per_gpu": train.micro_batch_tokens,
        f"{actor}.shuffle": True,  # else the rollouts of a prompt stay in one mini-batch
        f"{actor}.data_loader_seed": config.seed,
        f"{actor}.loss_agg_mode": AGGREGATIONS[loss.aggregation],
        f"{actor}.clip_ratio_low": loss.clip_low,
        f"{actor}.clip_ratio_high": loss.clip_high,
        f"{actor}.clip_ratio_c": loss.dual_clip,
        f"{actor}.entropy_coeff": loss.entropy_coef,
        f"{actor}.use_kl_loss": loss.kl_coef > 0,
        f"{actor}.kl_loss_coef": loss.kl_coef,
        f"{actor}.kl_loss_type": "low_var_kl",
        f"{actor}.grad_clip": optimizer.max_grad_norm,
        f"{actor}.optim.lr": optimizer.learning_rate,
        f"{actor}.optim.weight_decay": optimizer.weight_decay,
        f"{actor}.optim.clip_grad": optimizer.max_grad_norm,
        f"{actor}.fsdp_config.model_dtype": DTYPES[config.learner.weights_dtype],
        f"{actor}.checkpoint.save_contents": ["model", "optimizer", "extra", "hf_model"],
        f"{actor}.checkpoint.load_contents": ["model", "optimizer", "extra"],
    }


def _rollout(config: RunConfig) -> dict[str, Any]:
    sampler, evaluation, rollout = config.sampler, config.evaluation, "actor_rollout_ref.rollout"
    dtype = config.learner.dtype if sampler.dtype == "auto" else sampler.dtype
    return {
        f"{rollout}.name": "vllm",
        f"{rollout}.n": config.budget,
        f"{rollout}.temperature": config.train.temperature,
        f"{rollout}.top_p": 1.0,
        f"{rollout}.top_k": -1,
        f"{rollout}.seed": config.seed,
        f"{rollout}.dtype": dtype,
        f"{rollout}.tensor_model_parallel_size": sampler.tensor_parallel,
        f"{rollout}.gpu_memory_utilization": sampler.memory_fraction,
        f"{rollout}.max_model_len": sampler.max_model_len,
        f"{rollout}.max_num_batched_tokens": max(8192, sampler.max_model_len or 0),
        f"{rollout}.enforce_eager": sampler.enforce_eager,
        f"{rollout}.free_cache_engine": sampler.sleep,
        f"{rollout}.calculate_log_probs": True,
        f"{rollout}.val_kwargs.n": evaluation.samples,
        f"{rollout}.val_kwargs.temperature": evaluation.temperature,
        f"{rollout}.val_kwargs.do_sample": True,
        "reward.reward_manager.source": "importlib",
        "reward.reward_manager.name": "StudyReward",
        "reward.reward_manager.module.path": f"{PACKAGE}.reward",
    }


def _algorithm(config: RunConfig) -> dict[str, Any]:
    loss = config.resolved_train.loss
    correction = {
        "algorithm.rollout_correction.rollout_is": "token",
        "algorithm.rollout_correction.rollout_is_threshold": loss.importance_cap,
    }
    return {
        "algorithm.adv_estimator": "grpo",
        "algorithm.norm_adv_by_std_in_grpo": loss.advantage == "std",
        "algorithm.use_kl_in_reward": False,
        **(correction if loss.importance_cap is not None else {}),
    }


def _trainer(run: VerlRun, *, nodes: int) -> dict[str, Any]:
    config = run.config
    return {
        "trainer.use_v1": True,
        "trainer.v1.trainer_mode": TRAINER,
        "trainer.project_name": config.study,
        "trainer.experiment_name": config.run_id,
        "trainer.logger": ["console", "file"],
        "trainer.nnodes": nodes,
        "trainer.n_gpus_per_node": config.learner.gpus,
        "trainer.total_training_steps": config.train.steps,
        "trainer.total_epochs": config.train.steps,  # the steps end the run, not the epochs
        "trainer.val_before_train": True,
        "trainer.test_freq": config.evaluation.every,
        "trainer.save_freq": config.train.save_every,
        "trainer.max_actor_ckpt_to_keep": 2,
        "trainer.resume_mode": "auto",
        "trainer.default_local_dir": str(run.checkpoints.absolute()),
        "trainer.rollout_data_dir": str(run.rollouts.absolute()),
        "trainer.validation_data_dir": str(run.validation.absolute()),
    }


def _allocation(run: VerlRun) -> dict[str, Any]:
    config = run.config
    values = {
        "strategy": config.arm.strategy,
        "options": config.arm.options,
        "belief": config.arm.belief,
        "belief_options": config.arm.belief_options,
        "low": config.train.low,
        "high": config.train.high,
        "seed": config.seed,
        "success_threshold": run.success_at,
        "advantage_clip": config.train.loss.advantage_clip,
        "step_log": str(run.step_log.absolute()),
        "weights": str(run.weights.absolute()),
        "weights_at": [step for step in config.kept_weights if step],
    }
    return {f"+{SECTION}.{name}": value for name, value in values.items()}
