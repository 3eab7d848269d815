"""Facts on disk. Tables with declared schemas, the append-only journal, the manifest (pyarrow)."""

from knapsack_rl.records.atomic import (
    check_writable,
    destination,
    ensure_writable,
    model_files,
    sha256_of,
    swap_in,
    write_json,
    write_text,
    written_whole,
)
from knapsack_rl.records.facts import GroupFacts, RoundFacts, SampleFacts, StepFacts
from knapsack_rl.records.journal import Journal, journal_damage, read_journal, recorded_steps
from knapsack_rl.records.manifest import code_digest, environment_facts
from knapsack_rl.records.model_size import num_parameters
from knapsack_rl.records.publish import publish_journal
from knapsack_rl.records.schemas import (
    BENCHMARKS,
    EVALS,
    GROUPS,
    OVERLAPS,
    PREPARATION,
    PROBES,
    PROMPTS,
    SAMPLES,
    STEPS,
    WALL_CLOCK_COLUMNS,
)
from knapsack_rl.records.sums import file_damage, folder_damage, write_sum, write_sums
from knapsack_rl.records.tables import read_table, table_of, table_writer, write_table

__all__ = [
    "BENCHMARKS",
    "EVALS",
    "GROUPS",
    "OVERLAPS",
    "PREPARATION",
    "PROBES",
    "PROMPTS",
    "SAMPLES",
    "STEPS",
    "WALL_CLOCK_COLUMNS",
    "GroupFacts",
    "Journal",
    "RoundFacts",
    "SampleFacts",
    "StepFacts",
    "check_writable",
    "code_digest",
    "destination",
    "ensure_writable",
    "environment_facts",
    "file_damage",
    "folder_damage",
    "journal_damage",
    "model_files",
    "num_parameters",
    "publish_journal",
    "read_journal",
    "read_table",
    "recorded_steps",
    "sha256_of",
    "swap_in",
    "table_of",
    "table_writer",
    "write_json",
    "write_sum",
    "write_sums",
    "write_table",
    "write_text",
    "written_whole",
]
