"""Tables and atomic files."""

import platform

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knapsack_rl.base.errors import InputError, OutputError
from knapsack_rl.base.types import Prompt
from knapsack_rl.records import (
    PROMPTS,
    STEPS,
    code_digest,
    ensure_writable,
    model_files,
    read_table,
    table_of,
    write_json,
)
from knapsack_rl.records.manifest import cpu_model, environment_facts
from knapsack_rl.records.prompts import read_benchmarks, read_train_prompts, write_benchmarks, write_train_prompts

PROMPT = Prompt(id="a", text="1+1=", answer="2", kind="ops1")


def test_prompts_survive_the_round_trip(tmp_path):
    """What is written is what is read."""
    write_train_prompts(tmp_path / "train.parquet", [PROMPT])
    write_benchmarks(tmp_path / "bench.parquet", {"easy": [PROMPT]})
    assert read_train_prompts(tmp_path / "train.parquet") == [PROMPT]
    assert read_benchmarks(tmp_path / "bench.parquet") == {"easy": [PROMPT]}


def test_repeated_ids_are_refused(tmp_path):
    """Beliefs are keyed on ids."""
    with pytest.raises(InputError, match="ids repeat"):
        write_train_prompts(tmp_path / "train.parquet", [PROMPT, PROMPT])
    assert not (tmp_path / "train.parquet").exists()


def test_missing_column_is_named(tmp_path):
    """File and column are in the message."""
    path = tmp_path / "train.parquet"
    pq.write_table(pa.table({"id": ["a"], "text": ["1+1="], "kind": ["x"]}), path)
    with pytest.raises(InputError, match=r"train\.parquet: column 'answer' is missing"):
        read_table(path, PROMPTS)


def test_truncated_parquet_is_named(tmp_path):
    """A file cut off in the middle is one line."""
    path = tmp_path / "train.parquet"
    write_train_prompts(path, [PROMPT])
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(InputError, match=r"train\.parquet: is not a readable parquet file"):
        read_table(path, PROMPTS)


def test_unwritable_folder_is_named(tmp_path):
    """A file where a folder should be cannot be written, for root too."""
    (tmp_path / "results").write_text("a file")
    with pytest.raises(OutputError, match="choose a writable folder"):
        ensure_writable(tmp_path / "results" / "x")


def test_json_is_whole_or_absent(tmp_path):
    """A value that is no JSON leaves neither the file nor a temporary."""
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_code_digest_follows_the_source():
    """Packages have different digests, and the digest of a package is stable."""
    assert code_digest("grpo") == code_digest("grpo") != code_digest("tasks")


def test_a_nullable_column_may_be_younger_than_the_file(tmp_path):
    """Records of a run made before such a column existed read as null there, and its old journal still publishes."""
    optional = [field.name for field in STEPS if field.nullable]
    assert optional
    old = {field.name: 1 for field in STEPS if not field.nullable}
    table = table_of([old], STEPS)
    assert [None] * len(optional) == [table[name][0].as_py() for name in optional]
    pq.write_table(table.drop_columns(optional), tmp_path / "steps.parquet")
    assert read_table(tmp_path / "steps.parquet", STEPS).to_pylist() == table.to_pylist()


def test_model_files(tmp_path):
    """How a model is prompted and when it stops is part of it, unless the study built it; other files never are."""
    made = ["config.json", "model.safetensors", "tokenizer.json"]
    asked = ["chat_template.jinja", "generation_config.json", "tokenizer_config.json"]
    for name in [*made, *asked, "README.md"]:
        (tmp_path / name).write_text("")
    assert sorted([*made, *asked]) == [path.name for path in model_files(tmp_path)]
    assert made == [path.name for path in model_files(tmp_path, with_prompting=False)]


CPU = """processor : 0
vendor_id : AuthenticAMD
cpu family : 25
model : 17
model name : AMD EPYC
stepping : 1

processor : 1
cpu family : 25
model : 99
model name : another
"""


def test_processor_is_named_with_its_numbers(tmp_path):
    """Rounding differs between generations that a virtual machine gives one name."""
    path = tmp_path / "cpuinfo"
    path.write_text(CPU)
    assert cpu_model(path) == "AMD EPYC (family 25, model 17)"
    path.write_text("processor : 0\n")
    assert cpu_model(path) == (platform.processor() or None)
    assert cpu_model(tmp_path / "nowhere") == (platform.processor() or None)


@pytest.mark.torch
def test_manifest_says_what_torch_computes_with():
    """What numbers depend on beside the configuration: processor, instruction set and BLAS."""
    torch = pytest.importorskip("torch")
    facts = environment_facts()
    assert facts["cpu_capability"] == torch.backends.cpu.get_cpu_capability()
    assert facts["blas"]
    assert f"BLAS_INFO={facts['blas']}" in torch.__config__.show()
    assert facts["cpu_model"] == cpu_model()
