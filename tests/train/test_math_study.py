"""Real mathematics through the very same path: tiny random Qwen2 and Qwen3, chat template, DAPO's grader.

The commands of a study's jobs are called in order; only the models are small. Skipped where the sets are not at hand.
"""

import json

import pytest
import yaml

from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.config import load_study
from knapsack_rl.records import EVALS, GROUPS, PREPARATION, STEPS, read_table
from knapsack_rl.records.prompts import read_benchmarks, read_overlaps, read_train_prompts

pytestmark = pytest.mark.torch

RUNS = ("qwen2-uniform-n4-s0", "qwen3-knapsack-n4-s0")


def _study(math_data):
    return {
        "name": "math",
        "task": {
            "name": "math",
            "options": {
                "train": {"source": "dapo_math_17k", "file": str(math_data / "train" / "dapo_math_17k.jsonl")},
                "benchmarks": {"aime24": {"file": str(math_data / "bench" / "aime24.jsonl")}},
                "language": "en",
                "max_prompt_tokens": 120,
                "tokenizer": {"path": "models/qwen2"},
                "remove_overlap": "words",
                "subset": 24,
            },
        },
        "models": {
            kind: {"path": f"models/{kind}", "prompt": {"template": "dapo", "chat": True}}
            for kind in ("qwen2", "qwen3")
        },
        "arms": {"uniform": {"strategy": "uniform"}, "knapsack": {"strategy": "knapsack"}},
        "grid": {"models": ["qwen2", "qwen3"], "arms": ["uniform", "knapsack"], "budgets": [4], "seeds": [0]},
        "train": {
            "steps": 3,
            "prompts_per_step": 4,
            "high": 16,
            "max_response_tokens": 12,
            "optimizer": {"learning_rate": 1e-3},
        },
        "evaluation": {"every": 3, "samples": 2, "temperature": 0.6, "max_response_tokens": 12},
        "tracking": {"live": False},
    }


@pytest.fixture(scope="module")
def finished(math_data, tmp_path_factory, make_chat_model):
    """Paths of the study after prepare, train and evaluate of one run per model; the working folder is changed."""
    from knapsack_rl.cli import jobs

    folder = tmp_path_factory.mktemp("math")
    with (math_data / "train" / "dapo_math_17k.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(next(lines))["problem"] for _ in range(500)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for kind in ("qwen2", "qwen3"):
            make_chat_model(folder / "models" / kind, kind, texts)
        (folder / "study.yaml").write_text(yaml.safe_dump(_study(math_data)))
        task, paths = load_study(folder / "study.yaml").task, StudyPaths.of("math", folder)
        jobs.prepare(task=task.model_dump_json(), output=paths.problems(None).folder)
        for run in RUNS:
            jobs.train(study="study.yaml", run=run)
            jobs.evaluate(study="study.yaml", run=run)
    return paths


def test_problems_are_prepared(finished):
    """24 short English problems that are in no benchmark; every filter is counted."""
    problems = finished.problems(None)
    prompts = read_train_prompts(problems.train)
    counts = {row["step"]: row["num_after"] for row in read_table(problems.preparation, PREPARATION).to_pylist()}
    assert 24 == len(prompts) == counts["subset"]
    assert (17_188, 17_176, 13_976) == tuple(
        counts[step] for step in ("duplicates", "conflicting labels", "language en")
    )
    assert 24 < counts["at most 120 tokens"] < 13_976
    overlaps = read_overlaps(problems.benchmarks)
    assert {"none"} == set(overlaps.values())
    assert {("aime24", each.id) for each in read_benchmarks(problems.benchmarks)["aime24"]} == set(overlaps)


@pytest.mark.parametrize("run", RUNS)
def test_models_train_on_problems_in_their_chat_template(finished, run):
    """Three steps; the prompt tokens are those of DAPO's wording in ChatML, rollout by rollout."""
    from knapsack_rl.config import PromptConfig
    from knapsack_rl.models import load_tokenizer, prompt_encoder

    paths = finished.run(run)
    texts = {prompt.id: prompt.text for prompt in read_train_prompts(finished.problems(None).train)}
    tokenizer = load_tokenizer(paths.weights(3))
    encode = prompt_encoder(tokenizer, PromptConfig(template="dapo", chat=True))
    shown = tokenizer.decode(encode(next(iter(texts.values()))))
    assert shown.startswith("<|im_start|>user\nSolve the following math problem step by step.")
    assert shown.endswith('on its own line after "Answer:".<|im_end|>\n<|im_start|>assistant\n')

    steps = read_table(paths.folder / "steps.parquet", STEPS).to_pylist()
    groups = read_table(paths.folder / "groups.parquet", GROUPS).to_pylist()
    assert [16, 16, 16] == [step["num_rollouts"] for step in steps]
    for step in steps:
        mine = [group for group in groups if group["step"] == step["step"]]
        expected = sum(group["num_rollouts"] * len(encode(texts[group["prompt_id"]])) for group in mine)
        assert expected == step["num_prompt_tokens"]


@pytest.mark.parametrize("run", RUNS)
def test_models_are_evaluated_on_aime24(finished, run):
    """Both checkpoints, 30 problems, two samples each, judged by the grader."""
    rows = read_table(finished.run(run).evals, EVALS).to_pylist()
    assert 2 * 30 * 2 == len(rows)
    assert {"truncated", "no_answer"} >= {row["reason"] for row in rows}
    assert {("aime24", 0), ("aime24", 3)} == {(row["benchmark"], row["step"]) for row in rows}
