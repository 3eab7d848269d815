"""A study's run, from its configuration to its records, through verl's own loop with fakes for GPUs."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from knapsack_rl.integrations.verl.launch import plan_launch, prepare
from knapsack_rl.integrations.verl.messages import RAW_TEMPLATE, problem_messages
from knapsack_rl.integrations.verl.read_back import publish
from knapsack_rl.records import GROUPS, STEPS, WALL_CLOCK_COLUMNS, read_table
from knapsack_rl.records.prompts import read_benchmarks, read_train_prompts

from .runs import small_run

pytestmark = [pytest.mark.verl, pytest.mark.slow]

SMALL = (
    "trainer.logger=[file]",
    "data.dataloader_num_workers=0",
    "actor_rollout_ref.rollout.agent.num_workers=1",
    "reward.num_workers=1",
    "transfer_queue.backend.SimpleStorage.num_data_storage_units=1",
)


@pytest.fixture(scope="module")
def setting(tmp_path_factory, ray_session, model_folder):
    """The run, and what starts a fake server that knows its problems."""
    from transformers import AutoTokenizer

    from knapsack_rl.integrations.verl.fake import FakeServer

    assert ray_session.is_initialized()
    run = small_run(tmp_path_factory.mktemp("study"), model_folder)
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    tokenizer.chat_template = RAW_TEMPLATE
    benchmarks = read_benchmarks(run.problems.benchmarks).values()
    problems = [*read_train_prompts(run.problems.train), *(problem for of_one in benchmarks for problem in of_one)]
    wording = run.config.model.prompt
    known = [
        (
            tokenizer.apply_chat_template(problem_messages(problem.text, wording), return_dict=False),
            tokenizer(f"={problem.answer}#").input_ids,
            tokenizer("=x#").input_ids,
        )
        for problem in problems
    ]
    rates = [(number % 5) / 4 for number in range(len(known))]
    return run, lambda: FakeServer.remote(known, rates)


def train(run, server, *, compose, metrics_file):
    from knapsack_rl.integrations.verl.fake import fit

    planned = plan_launch(run)
    prepare(run)
    with metrics_file(planned.environment["VERL_FILE_LOGGER_PATH"]):
        fit(compose(*planned.command[3:], *SMALL), server)


def tables(run):
    steps = read_table(run.paths.folder / "steps.parquet", STEPS).drop_columns(list(WALL_CLOCK_COLUMNS)).to_pylist()
    return steps, read_table(run.paths.folder / "groups.parquet", GROUPS).to_pylist()


def test_a_run_is_trained_published_and_resumed(setting, compose, metrics_file):
    run, server = setting
    train(run, server(), compose=compose, metrics_file=metrics_file)
    publish(run)
    steps, groups = tables(run)
    assert [row["num_rollouts"] for row in steps] == [32] * 4
    assert {row["visit"] for row in groups} == {1, 2}
    assert len({row["num_rollouts"] for row in groups if row["step"] > 2}) > 1
    evals = pq.read_table(run.paths.inside_evals).to_pylist()
    assert {row["step"] for row in evals} == {0, 2, 4}
    assert {row["reason"] for row in evals} <= {"right", "wrong", "no_answer"}
    assert {row["reward"] for row in evals} == {0, 1}
    kept = {path.name for path in (run.paths.folder / "weights").iterdir()}
    assert kept == {"step_00000", "step_00002", "step_00004"}

    (run.checkpoints / "latest_checkpointed_iteration.txt").write_text("2")
    train(run, server(), compose=compose, metrics_file=metrics_file)
    publish(run)
    assert len(run.metrics_files()) == 2
    assert Path(run.metrics_files()[0]).read_text()
    assert tables(run) == (steps, groups)
