"""Known sets of mathematical problems by name: hub id, pinned revision, columns, and how an answer is read.

Revisions are commits of the hub that public evaluation code pins too; a study may name another one. Where the hub's
columns are absent from a row, ``problem`` and ``answer`` serve, so that a normalised local file needs no mapping.
"""

from collections.abc import Callable
from dataclasses import dataclass

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.suggestion import suggest_and_list
from knapsack_rl.tasks.problems.answers import after_hashes, as_it_is, first_of_list, last_box, whole_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A set of problems on the hub. Paths into nested columns are dotted: ``prompt.0.content``."""

    hub: str
    revision: str
    split: str
    configs: tuple[str | None, ...] = (None,)
    """Configurations that are read one after the other; None is the default one."""
    problem: str = "problem"
    answer: str = "answer"
    read_answer: Callable[[str], str] = as_it_is
    """From the answer column to the final answer; leaves a final answer as it is."""
    wrong_choices: tuple[str, ...] = ()
    """Columns of the wrong answers of a multiple-choice set; ``answer`` is then the right one's text."""
    plain: bool = True
    """Whether ``problem`` and ``answer`` serve where its columns are absent; not where the user has named columns."""
    num_problems: int | None = None
    """Problems of a benchmark, as published; None if it is not told. After preparation the table on disk tells it."""
    gated: bool = False
    """Terms must be accepted first, and nothing of it is written outside the hub's cache."""


_SUBJECTS = (
    "algebra",
    "counting_and_probability",
    "geometry",
    "intermediate_algebra",
    "number_theory",
    "prealgebra",
    "precalculus",
)

SOURCES = {
    "dapo_math_17k": Source(
        hub="BytedTsinghua-SIA/DAPO-Math-17k",
        revision="65877096c24ffa7abc4e4fa5edb95cf3413a5674",
        split="train",
        problem="prompt.0.content",
        answer="reward_model.ground_truth",
    ),
    "gsm8k": Source(
        hub="openai/gsm8k",
        revision="740312add88f781978c0658806c59bc2815b9866",
        split="train",
        configs=("main",),
        problem="question",
        read_answer=after_hashes,
    ),
    "math": Source(
        hub="EleutherAI/hendrycks_math",
        revision="21a5633873b6a120296cce3e2df9d5550074f4a3",
        split="train",
        configs=_SUBJECTS,
        answer="solution",
        read_answer=last_box,
    ),
    "deepscaler": Source(
        hub="agentica-org/DeepScaleR-Preview-Dataset",
        revision="b6ae8c60f5c1f2b594e2140b91c49c9ad0949e29",
        split="train",
    ),
    "aime24": Source(
        hub="HuggingFaceH4/aime_2024",
        revision="2fe88a2f1091d5048c0f36abc874fb997b3dd99a",
        split="train",
        num_problems=30,
        read_answer=whole_number,
    ),
    "aime25": Source(
        hub="math-ai/aime25",
        revision="563bb8404243c5f09de6ec262f2db674fe5bce9b",
        split="test",
        num_problems=30,
        read_answer=whole_number,
    ),
    "amc": Source(
        hub="AI-MO/aimo-validation-amc",
        revision="69d78a4a2c840e82d69af6bc742bda09005f6316",
        split="train",
        num_problems=83,
        read_answer=whole_number,
    ),
    "amc23": Source(
        hub="math-ai/amc23",
        revision="80815d37005feb82cd7f8fbc6901d5d3eff43057",
        split="test",
        num_problems=40,
        problem="question",
        read_answer=whole_number,
    ),
    "math500": Source(
        hub="HuggingFaceH4/MATH-500",
        revision="6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be",
        split="test",
        num_problems=500,
    ),
    "minerva": Source(
        hub="math-ai/minervamath",
        revision="ee46ddc498933b1977577953250ca5c66be64f96",
        split="test",
        num_problems=272,
        problem="question",
    ),
    "olympiadbench": Source(
        hub="math-ai/olympiadbench",
        revision="4faaf1e6ec17d11a4218a9bf4c049ecaf954dd84",
        split="test",
        num_problems=675,
        problem="question",
        answer="final_answer",
        read_answer=first_of_list,
    ),
    "gsm8k_test": Source(
        hub="openai/gsm8k",
        revision="740312add88f781978c0658806c59bc2815b9866",
        split="test",
        num_problems=1319,
        configs=("main",),
        problem="question",
        read_answer=after_hashes,
    ),
    "gpqa_diamond": Source(
        hub="Idavidrein/gpqa",
        revision="633f5ee89ab8ad4522a9f850766b73f62147ffdd",
        split="train",
        num_problems=198,
        configs=("gpqa_diamond",),
        problem="Question",
        answer="Correct Answer",
        wrong_choices=("Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3"),
        gated=True,
    ),
}


def get_source(name: str) -> Source:
    """The known set of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in SOURCES:
        hint = suggest_and_list(name, SOURCES)
        raise ConfigError(f"unknown source {name!r}; {hint}; or give `file` or `hub` with `columns`")
    return SOURCES[name]
