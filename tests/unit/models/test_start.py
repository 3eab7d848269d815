"""What a process that trains or evaluates loads, and what it does without."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.torch


def test_scikit_learn_is_not_loaded():
    """Transformers would load it for a kind of generation that is not used."""
    pytest.importorskip("sklearn")
    code = (
        "import sys; import knapsack_rl.models, knapsack_rl.learner.policy, knapsack_rl.sampler.hf_engine;"
        "from transformers import Qwen3ForCausalLM; print('sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.strip() == "False"
