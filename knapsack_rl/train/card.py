"""The model card beside exported weights: what they are, from the run's own facts."""

from importlib.metadata import version

from knapsack_rl.config import RunConfig, compact_json, run_hash


def model_card(config: RunConfig, step: int) -> str:
    """``README.md`` of the weights after ``step`` training steps, in the layout that model hubs read."""
    train = config.train
    base = (
        config.model.path
        or config.model.hub
        or config.model.gguf
        or f"built in the study (`models.{config.model_name}.build`)"
    )
    what = "the base model, before any update" if step == 0 else f"after {step} of {train.steps} steps of GRPO"
    return f"""---
library_name: transformers
pipeline_tag: text-generation
tags: [grpo, knapsack-rl]
---

# {config.run_id}, step {step}

A causal language model, {what}.

| fact | value |
|---|---|
| study | {config.study} |
| base model | {base} |
| task | {config.task.name} |
| arm | {config.arm_name} (strategy {config.arm.strategy}, belief {config.arm.belief or "the strategy's default"}) |
| rollouts per prompt | {config.budget} on average, {train.low} to {train.high} |
| prompts per step | {train.prompts_per_step} |
| sampling temperature | {train.temperature} |
| learning rate | {train.optimizer.learning_rate} |
| loss aggregation | {train.loss.aggregation} |
| seed | {config.seed} |
| configuration hash | {run_hash(config)} |
| made with | knapsack-rl {version("knapsack-rl")}, torch {version("torch")}, transformers {version("transformers")} |

The resolved configuration, as far as it differs from the defaults:

```json
{compact_json(config)}
```

Load it with `transformers.AutoModelForCausalLM.from_pretrained(folder)` or serve it with `vllm serve folder`.
"""
