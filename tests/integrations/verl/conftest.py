"""Tests with a real verl on the CPU (`make test-verl`); those that import it are skipped where it is not installed."""

import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PATIENCE = {
    "RAY_worker_niceness": "0",
    "RAY_agent_register_timeout_ms": "600000",
    "RAY_worker_register_timeout_seconds": "600",
}
RATES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.0, 1.0, 0.5)


def pytest_collection_modifyitems(items):
    """None of these run in an environment without verl, and all of them in one worker with it."""
    absent = pytest.mark.skip(reason="verl is not installed: make test-verl")
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("verl"):
            item.add_marker(pytest.mark.xdist_group("verl"))
            if find_spec("verl") is None:
                item.add_marker(absent)


@pytest.fixture(scope="session")
def problems():
    """``(question, right answer, wrong answer)`` of twelve problems, for verl's own scorer of GSM8K."""
    return [(f"What is {n} + {n}?", f"#### {2 * n}", f"#### {2 * n + 1}") for n in range(len(RATES))]


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory, make_chat_model, problems):
    """A random model with a tokenizer that has a chat template."""
    folder = tmp_path_factory.mktemp("verl") / "model"
    make_chat_model(folder, "qwen2", [text for problem in problems for text in problem])
    return folder


@pytest.fixture(scope="session")
def write_problems(problems):
    """``write(path, change)``: verl's table of the problems, every row passed through ``change``."""

    def write(path, change=lambda row: row):
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = [
            {
                "data_source": "openai/gsm8k",
                "prompt": [{"role": "user", "content": question}],
                "reward_model": {"style": "rule", "ground_truth": right.removeprefix("#### ")},
                "extra_info": {"index": number},
            }
            for number, (question, right, _) in enumerate(problems)
        ]
        pq.write_table(pa.Table.from_pylist([change(row) for row in rows]), path)
        return path

    return write


@pytest.fixture(scope="session")
def compose():
    """``compose(*overrides)``: verl's configuration, read by verl's own loader."""

    def read(*overrides):
        import verl.trainer.config
        from hydra import compose, initialize_config_dir

        with initialize_config_dir(str(Path(verl.trainer.config.__file__).parent), version_base=None):
            return compose("ppo_trainer", overrides=list(overrides))

    return read


@pytest.fixture(scope="session")
def module_config(compose, model_folder, write_problems):
    """``make(folder, *overrides)``: a small run over the problems in ``folder``, 4 prompts a step, 4 rollouts each."""

    def make(folder, *overrides):
        table = write_problems(folder / "train.parquet")
        return compose(
            f"data.train_files={table}",
            f"data.val_files={table}",
            "data.train_batch_size=4",
            "data.dataloader_num_workers=0",
            "data.seed=7",
            f"actor_rollout_ref.model.path={model_folder}",
            "actor_rollout_ref.rollout.name=vllm",
            "actor_rollout_ref.rollout.n=4",
            "actor_rollout_ref.rollout.agent.num_workers=1",
            "actor_rollout_ref.rollout.log_prob_micro_batch_size_per_gpu=2",
            "actor_rollout_ref.actor.ppo_mini_batch_size=2",
            "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=2",
            "algorithm.adv_estimator=grpo",
            "reward.num_workers=1",
            "trainer.v1.trainer_mode=knapsack",
            "trainer.logger=[file]",
            "trainer.val_before_train=false",
            "trainer.n_gpus_per_node=1",
            f"trainer.default_local_dir={folder}/checkpoints",
            f"trainer.rollout_data_dir={folder}/rollouts",
            "trainer.total_epochs=10",
            "transfer_queue.backend.SimpleStorage.num_data_storage_units=1",
            *overrides,
        )

    return make


@pytest.fixture(scope="session")
def ray_session():
    """Ray on this machine alone, with patience: by itself it gives up after 30 seconds, which a busy machine needs."""
    import ray
    from ray._private import services

    variables = {"TRANSFER_QUEUE_ENABLE": "1", "OMP_NUM_THREADS": "1", "VERL_LOGGING_LEVEL": "ERROR"}
    options = {"num_cpus": 6, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in PATIENCE.items():
            patch.setenv(name, value)
        patch.setattr(services, "get_node", patient(services.get_node))
        ray.init(**options, object_store_memory=2**28, runtime_env={"env_vars": variables})
        yield ray
        ray.shutdown()


def patient(ask):
    """``ask``, asked again for five minutes while it raises a RuntimeError."""

    def asked_again(*arguments):
        end = time.monotonic() + 300
        while True:
            try:
                return ask(*arguments)
            except RuntimeError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)

    return asked_again


@pytest.fixture(scope="session")
def start_server(ray_session, model_folder, problems):
    """``start(failing)``: a fake model server that knows the problems."""
    from transformers import AutoTokenizer

    from knapsack_rl.integrations.verl.fake import FakeServer

    assert ray_session.is_initialized()
    tokenizer = AutoTokenizer.from_pretrained(model_folder)

    def ids(question):
        messages = [{"role": "user", "content": question}]
        return tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)

    known = [(ids(asked), tokenizer(right).input_ids, tokenizer(wrong).input_ids) for asked, right, wrong in problems]
    return lambda failing=(): FakeServer.remote(known, RATES, failing=list(failing))


@pytest.fixture(scope="session")
def metrics_file():
    """A context in which verl's file of metrics is the one given."""

    @contextmanager
    def use(path):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("VERL_FILE_LOGGER_PATH", str(path))
            yield

    return use
