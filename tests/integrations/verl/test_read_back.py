"""What verl and the plug-in leave becomes our records, without verl."""

import json
import shutil

import pyarrow.parquet as pq
import pytest

from knapsack_rl.base.errors import InputError, StateError
from knapsack_rl.integrations.verl.launch import prepare
from knapsack_rl.integrations.verl.read_back import publish
from knapsack_rl.integrations.verl.verdicts import KEY, JudgedAnswer
from knapsack_rl.integrations.verl.weights import keep_weights
from knapsack_rl.records import GROUPS, STEPS, Journal, folder_damage, read_table
from knapsack_rl.records.prompts import read_benchmarks, read_train_prompts

from .runs import small_run

LOGGED = {"actor/pg_loss": 0.1, "actor/grad_norm": 0.5, "timing_s/step": 2.0, "timing_s/gen": 1.5}


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def group_row(name, rewards, *, visit):
    return {
        "prompt_id": f"knapsack_rl/train/{name}",
        "kind": "",
        "visit": visit,
        "p_belief": None,
        "num_rollouts": len(rewards),
        "num_rounds": 1,
        "num_kept": len(rewards),
        "num_successes": sum(rewards),
        "num_truncated": 0,
        "num_response_tokens": 4 * len(rewards),
    }


def write_step(run, step, rewards):
    """Files of one step, as verl and the plug-in write them."""
    names = [prompt.id for prompt in read_train_prompts(run.problems.train)][: len(rewards)]
    groups = [group_row(name, group, visit=step) for name, group in zip(names, rewards, strict=True)]
    summed = ("num_rollouts", "num_kept", "num_successes", "num_truncated", "num_response_tokens")
    with Journal(run.step_log) as journal:
        journal.append(
            {
                "step": step,
                "epoch": 0,
                "num_prompts": len(groups),
                "num_prompt_tokens": 100,
                **{name: sum(row[name] for row in groups) for name in summed},
                "num_cut_off": 0,
                "num_no_answer": 0,
                "num_evicted_groups": 0,
                "num_rounds": 1,
                "rounds": [
                    {
                        "round": 1,
                        "num_rollouts": 5,
                        "num_prompt_tokens": 100,
                        "num_prefilled_tokens": 40,
                        "num_response_tokens": 20,
                    }
                ],
                "groups": groups,
            }
        )
    scores = [
        {"uid": f"u{uid}_{session}_0", "score": float(reward), "input": "", "output": "", "gts": None, "step": step}
        for uid, group in enumerate(rewards)
        for session, reward in enumerate(group)
    ]
    lines(run.rollouts / f"{step}.jsonl", [*scores, {"uid": "pad12_0_0", "score": 0.0}])


def write_validation(run, step):
    answers = [
        JudgedAnswer(
            source=f"knapsack_rl/{name}",
            problem_id=problem.id,
            kind=problem.kind,
            reward=sample,
            reason="right" if sample else "wrong",
            extracted=None,
            score=None,
            num_response_tokens=3,
            truncated=False,
        )
        for name, problems in read_benchmarks(run.problems.benchmarks).items()
        for problem in problems
        for sample in (0, 1)
    ]
    rows = [{"uid": f"v{row // 2}_{row % 2}_0", "score": 0.0, KEY: a.text()} for row, a in enumerate(answers)]
    lines(run.validation / f"{step}.jsonl", rows)


@pytest.fixture
def run(tmp_path):
    """A run that verl finished at its second attempt, resumed from step 2."""
    model = tmp_path / "model"
    model.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (model / name).write_text("{}")
    run = small_run(tmp_path, model)
    prepare(run)
    for step, rewards in {1: [[1, 0], [0, 0, 0]], 2: [[1, 1], [0, 1, 0]], 3: [[0], [0]], 4: [[0], [1]]}.items():
        write_step(run, step, rewards)
    for step, rewards in {3: [[1, 0, 0, 1], [0, 0]], 4: [[1, 1], [1, 0]]}.items():
        write_step(run, step, rewards)
    for step in (0, 2, 4):
        write_validation(run, step)
    for step in (2, 4):
        shutil.copytree(model, tmp_path / f"global_step_{step}" / "actor" / "huggingface")
        keep_weights(tmp_path / f"global_step_{step}", run.weights, step=step)
    first = [{"step": step, "data": {**LOGGED, "actor/grad_norm": 9.0}} for step in (1, 2, 3)]
    lines(run.metrics / "0001.jsonl", [{"step": 0, "data": {"val-core/x": 0.5}}, *first])
    (run.metrics / "0001.jsonl").open("a").write('{"step": 4, "da')
    again = [{"step": step, "data": LOGGED} for step in (3, 4)]
    lines(run.metrics / "0002.jsonl", [{"step": 2, "data": {"val-core/x": 0.5}}, *again])
    return run


def test_a_finished_run_has_the_records_of_any_other(run):
    publish(run)
    steps = read_table(run.paths.folder / "steps.parquet", STEPS).to_pylist()
    groups = read_table(run.paths.folder / "groups.parquet", GROUPS).to_pylist()
    assert [row["num_rollouts"] for row in steps] == [5, 5, 6, 4]
    assert [row["grad_norm"] for row in steps] == [9.0, 9.0, 0.5, 0.5]
    assert [row["step_s"] for row in steps] == [2.0] * 4
    assert [(row["num_rollouts"], row["num_successes"]) for row in groups if row["step"] == 3] == [(4, 2), (2, 0)]
    kinds = {prompt.id: prompt.kind for prompt in read_train_prompts(run.problems.train)}
    assert all(row["kind"] == kinds[row["prompt_id"]] for row in groups)
    evals = pq.read_table(run.paths.inside_evals).to_pylist()
    benchmarks = read_benchmarks(run.problems.benchmarks)
    assert len(evals) == 3 * 2 * sum(map(len, benchmarks.values()))
    assert {row["benchmark"] for row in evals} == set(benchmarks)
    assert {path.name for path in (run.paths.folder / "weights").iterdir()} == {
        "step_00000",
        "step_00002",
        "step_00004",
    }
    assert list(folder_damage(run.paths.folder)) == []


def test_publishing_twice_gives_the_same_tables(run):
    publish(run)
    before = (run.paths.folder / "steps.parquet").read_bytes()
    publish(run)
    assert (run.paths.folder / "steps.parquet").read_bytes() == before


def test_an_unfinished_run_is_not_published(run):
    text = run.step_log.read_text().splitlines(keepends=True)
    run.step_log.write_text("".join(line for line in text if '"step": 4' not in line))
    with pytest.raises(StateError, match=r"journal\.jsonl: holds 3 of 4 steps; the same knapsack-rl verl command"):
        publish(run)
    assert not run.paths.folder.exists()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("rollouts/3.jsonl", '{"uid": "u0_0_0", "score": 1.0}\n', "step 3: the plug-in's journal and verl's dump"),
        ("rollouts/3.jsonl", "no json\n", r"3\.jsonl:1: is no line of verl's dump"),
        ("rollouts/3.jsonl", '{"uid": "u0", "score": 1.0}\n', r"3\.jsonl:1: uid 'u0' is no <uid>_<session>_<index>"),
        ("metrics/0002.jsonl", "[]\n", r"0002\.jsonl:1: is no line of verl's metrics"),
        ("metrics/0002.jsonl", "", "step 4: verl logged no actor/pg_loss"),
        ("validation/2.jsonl", '{"uid": "v0_0_0", "score": 1.0}\n', rf"2\.jsonl:1: has no {KEY}"),
        ("validation/2.jsonl", f'{{"uid": "v0_0_0", "score": 1.0, "{KEY}": "3"}}\n', "is no verdict of this package"),
    ],
)
def test_a_damaged_log_is_one_line_and_nothing_is_published(run, file, text, message):
    (run.state / file).write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        publish(run)
    assert "\n" not in str(caught.value)
    assert not run.paths.folder.exists()


def test_missing_weights_are_named(run):
    shutil.rmtree(run.weights / "step_00002")
    with pytest.raises(StateError, match=r"step_00002: the weights of step 2 are missing"):
        publish(run)


def test_a_checkpoint_without_weights_is_named(tmp_path):
    with pytest.raises(InputError, match=r"holds no weights; add hf_model to .*save_contents"):
        keep_weights(tmp_path, tmp_path / "weights", step=2)
