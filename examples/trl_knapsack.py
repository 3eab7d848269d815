"""Knapsack allocation in TRL's GRPO trainer: about a minute on a laptop, with a tiny model that is made here.

    pip install -c requirements.lock -e '.[train,trl]' && python examples/trl_knapsack.py

A prompt ends in a digit, and the model is to answer with a larger one: easy after 0, impossible after 9.
"""

from datasets import Dataset
from trl import GRPOConfig

from knapsack_rl.config import BuildConfig
from knapsack_rl.integrations.trl import AllocationSettings, KnapsackGRPOTrainer
from knapsack_rl.models import build_model, build_tokenizer


def larger(prompts, completions, **_):
    """1 for an answer that is larger than the prompt's last digit, else 0."""
    pairs = zip(prompts, completions, strict=True)
    return [float(text[:1].isdigit() and text[0] > prompt[1]) for prompt, text in pairs]


options = {"report_to": "none", "use_cpu": True, "bf16": False, "gradient_checkpointing": False, "save_strategy": "no"}
args = GRPOConfig(
    output_dir="trl_knapsack",
    num_generations=8,
    per_device_train_batch_size=400,
    max_completion_length=2,
    learning_rate=3e-3,
    max_steps=12,
    logging_steps=1,
    **options,
)
tokenizer = build_tokenizer([*"0123456789=", "#"])
trainer = KnapsackGRPOTrainer(
    model=build_model(BuildConfig(hidden_size=32, num_layers=2, num_heads=2), tokenizer),
    processing_class=tokenizer,
    reward_funcs=larger,
    train_dataset=Dataset.from_dict({"id": list(range(100)), "prompt": [f"{number:02d}=" for number in range(100)]}),
    args=args,
    allocation=AllocationSettings(strategy="knapsack_posterior", low=2, high=32),
    id_column="id",
)
trainer.train()
for entry in trainer.state.log_history[:-1]:
    names = ("reward", "knapsack/effective_ratio/by_rollouts", "knapsack/effective_ratio/by_prompts")
    print(*(f"{name} {entry[name]:.2f}" for name in names), f"most rollouts {entry['knapsack/counts/max']:.0f}")
