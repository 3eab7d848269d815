"""Time the boxed grader on real reference answers, beside bare math-verify.

Run ``python benchmarks/grading.py --data ../shared/data``; it prints a Markdown table in a few minutes. Responses have
1,500 characters; half of them carry the answer of the next problem. The grader has one worker process here, and its
rate is responses per second of processor time, that of the worker and the hand-over included, so that a busy machine
matters little. Only the start of the first worker is left out.
"""

import argparse
import json
import os
import platform
import resource
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from knapsack_rl.tasks.grading.boxed import BoxedGrader
from knapsack_rl.tasks.grading.grade import Case

LENGTH = 1_500
REPEATS = 2
FILES = {
    "GSM8K": "bench/gsm8k_test.jsonl",
    "MATH-500": "bench/math500.jsonl",
    "DAPO": "train/dapo_math_17k.jsonl",
    "Minerva": "bench/minerva.jsonl",
    "OlympiadBench": "bench/olympiadbench.jsonl",
}
MIXED = ("GSM8K", "MATH-500", "DAPO")
TARGET = 300
FILLER = "We add the two lengths, 12 + 7 = 19, and so $x^2 = 361$ must hold for every step. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds for a list of cases, and how many were judged right."""

    cpu_s: float
    wall_s: float
    num_right: int


def cases_of(path: Path, number: int) -> list[Case]:
    """Responses to ``number`` problems, repeated if there are fewer; every other one carries the next answer."""
    with path.open(encoding="utf-8") as lines:
        answers = [json.loads(line)["answer"] for line in lines]
    cases = []
    for k in range(number):
        answer = answers[k % len(answers)]
        # The second time around, the other half is right.
        wrong = (k + k // len(answers)) % 2
        final = rf"\nThe final answer is $\boxed{{{answers[(k + wrong) % len(answers)]}}}$."
        filler = (FILLER * (LENGTH // len(FILLER) + 1))[: LENGTH - len(final)]
        cases.append((filler + final, answer))
    return cases


def processor_s(workers: Iterable[int] = ()) -> float:
    """Processor time of this process, of those that have ended, and of the living workers by process id."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    # The number of another process's clock, as clock_getcpuclockid(3) makes it on Linux.
    alive = (time.clock_gettime((~process << 3) | 2) for process in workers)
    return sum(usage.ru_utime + usage.ru_stime for usage in spent) + sum(alive)


def time_grader(cases: list[Case]) -> Timing:
    """The best of a few runs, each with one new worker, so that no run finds what the one before has read."""
    return min((_run(cases) for _ in range(REPEATS)), key=lambda timing: timing.cpu_s)


def _run(cases: list[Case]) -> Timing:
    with BoxedGrader(num_workers=1) as grader:
        grader.grade(r"\boxed{\sqrt{8}}", r"2\sqrt{2}")  # starts the worker
        before_s, wall_s = processor_s(grader.processes()), time.perf_counter()
        num_right = sum(grade.verdict for grade in grader.grade_many(cases))
        wall_s = time.perf_counter() - wall_s
        return Timing(cpu_s=processor_s(grader.processes()) - before_s, wall_s=wall_s, num_right=num_right)


def time_library(cases: list[Case]) -> Timing:
    """math-verify as its documentation calls it, in this process."""
    from math_verify import parse, verify

    verify(parse(r"$\sqrt{8}$"), parse(r"$2\sqrt{2}$"))
    before_s, wall_s = processor_s(), time.perf_counter()
    num_right = sum(verify(parse(f"${answer}$"), parse(response)) for response, answer in cases)
    return Timing(cpu_s=processor_s() - before_s, wall_s=time.perf_counter() - wall_s, num_right=num_right)


def row(name: str, cases: list[Case], *, target: int | None) -> str:
    """One line of the table."""
    ours, bare = time_grader(cases), time_library(cases)
    rate, bare_rate = len(cases) / ours.cpu_s, len(cases) / bare.cpu_s
    return (
        f"| {name} | {len(cases):,} | {rate:,.0f} | {len(cases) / ours.wall_s:,.0f} | {target or '-'} "
        f"| {bare_rate:,.0f} | {rate / bare_rate:.1f} | {ours.num_right:,} | {bare.num_right:,} |"
    )


def table(data: Path, number: int) -> str:
    """The whole table."""
    sets = {name: cases_of(data / path, number) for name, path in FILES.items()}
    mixed = [case for name in MIXED for case in sets[name]]
    lines = [
        f"CPU time of one core on {platform.machine()}, Python {platform.python_version()}.",
        f"math-verify {version('math-verify')}, sympy {version('sympy')}; best of {REPEATS} runs of ours, one of its.",
        f"Load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.",
        "",
        "| answers of | responses | per CPU s | per s | target | math-verify per CPU s | ratio | right | its right |",
        "|---|---|---|---|---|---|---|---|---|",
        row(" + ".join(MIXED), mixed, target=TARGET),
        *(row(name, cases, target=None) for name, cases in sets.items()),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the problems")
    parser.add_argument("--number", type=int, default=1_000, help="responses per set")
    parser.add_argument("--output", type=Path, help="Markdown file to write")
    options = parser.parse_args()
    if not (options.data / FILES["GSM8K"]).is_file():
        parser.error(f"--data: {options.data} holds no {FILES['GSM8K']}; name the folder of the real problems")
    text = table(options.data, options.number)
    print(text, end="")
    if options.output:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
