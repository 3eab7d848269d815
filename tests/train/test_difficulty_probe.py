"""The fixed sample of training problems: one ruler for all arms, apart from training and from the benchmarks."""

from collections import Counter

from knapsack_rl.config import EvaluationConfig, ProbeConfig
from knapsack_rl.records import PROBES, table_of
from knapsack_rl.records.prompts import read_train_prompts
from knapsack_rl.sampler import FakeSampler
from knapsack_rl.scoring.probe import probe_rows, probed_prompts, probed_steps
from knapsack_rl.tasks import build_task

from .conftest import p_success


def probing(job, **probe):
    """The job's run configuration with a probe."""
    evaluation = EvaluationConfig(every=4, probe=ProbeConfig(**probe))
    return job.config.model_copy(update={"evaluation": evaluation})


def test_every_arm_is_asked_the_same_problems(bench):
    """The choice depends on the evaluation seed alone; the seeds of training do not move it."""
    uniform, knapsack = bench.job(arm="uniform"), bench.job(arm="knapsack")
    prompts = read_train_prompts(uniform.prompts_file)
    other_seed = probing(knapsack, prompts=10).model_copy(update={"seed": 7})
    chosen = [prompt.id for prompt in probed_prompts(prompts, config=probing(uniform, prompts=10))]
    assert chosen == [prompt.id for prompt in probed_prompts(prompts, config=other_seed)]
    assert len(set(chosen)) == 10
    assert chosen == sorted(chosen)


def test_a_small_set_is_probed_whole(bench):
    """Asking for more problems than there are takes each once."""
    job = bench.job()
    prompts = read_train_prompts(job.prompts_file)
    assert probed_prompts(prompts, config=probing(job, prompts=1000)) == prompts


def test_only_the_first_and_last_checkpoint_are_probed(bench):
    """Without a probe there is none."""
    job = bench.job(steps=10)
    assert probed_steps(probing(job, prompts=4), last=7) == (0, 7)
    assert probed_steps(job.config, last=7) == ()


def test_rows_are_samples_in_the_declared_schema(bench):
    """As many samples per problem as asked for, and rates of 0 and 1 come out as such."""
    job = bench.job()
    config = probing(job, prompts=40, samples=5)
    prompts = probed_prompts(read_train_prompts(job.prompts_file), config=config)
    task = build_task(config.task.name, config.task.options, seed=config.task.seed)
    rows = list(probe_rows(FakeSampler(p_success), task, prompts=prompts, config=config, step=10))
    assert table_of(rows, PROBES).num_rows == 40 * 5
    rewards = Counter(row["prompt_id"] for row in rows if row["reward"])
    sure = {prompt.id: p_success(prompt) for prompt in prompts if p_success(prompt) in (0.0, 1.0)}
    assert {0.0, 1.0} == set(sure.values())
    assert {prompt_id: rewards[prompt_id] for prompt_id in sure} == {key: 5 * int(p) for key, p in sure.items()}
