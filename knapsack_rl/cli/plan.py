"""`knapsack-rl plan`: what a study would cost."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from knapsack_rl.base.errors import InputError
from knapsack_rl.cli.grouping import grouped
from knapsack_rl.cli.markdown import markdown_table
from knapsack_rl.cli.options import read_study
from knapsack_rl.study.estimate import HARDWARE, Assumptions, RunEstimate

if TYPE_CHECKING:
    from knapsack_rl.study.plan import PlanRow

HEADER = (
    "model",
    "parameters",
    "N",
    "runs",
    "rollouts",
    "generated tokens",
    "evaluation tokens",
    "sample h",
    "update h",
    "evaluate h",
    "GPU h",
    "disk GiB",
)
_DEFAULTS = Assumptions(peak_tflops=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """Options of ``plan``."""

    study: Annotated[str, typer.Argument(help="Study file (YAML).")]
    hardware: Annotated[str, typer.Option(help=f"Accelerator: {', '.join(HARDWARE)}.")] = "a100-80gb"
    peak_tflops: Annotated[
        float | None, typer.Option(help="Peak of another accelerator, 10^12 dense bfloat16 operations a second.")
    ] = None
    sampling_efficiency: Annotated[float, typer.Option(help="Share of the peak while sampling.")] = (
        _DEFAULTS.sampling_efficiency
    )
    update_efficiency: Annotated[float, typer.Option(help="Share of the peak while updating.")] = (
        _DEFAULTS.update_efficiency
    )
    prompt_tokens: Annotated[int, typer.Option(help="Mean tokens of a prompt.")] = _DEFAULTS.prompt_tokens
    response_share: Annotated[float, typer.Option(help="Mean length of a response over its limit.")] = (
        _DEFAULTS.response_share
    )
    updated_share: Annotated[float, typer.Option(help="Share of rollouts with an advantage other than 0.")] = (
        _DEFAULTS.updated_share
    )
    output_format: Annotated[Literal["markdown", "csv"], typer.Option("--format", help="Table format.")] = "markdown"


def run_plan(options: PlanOptions) -> None:
    r"""Estimate rollouts, tokens, GPU-hours and disk of a study per model and budget, from stated assumptions.

    \b
    Example: knapsack-rl plan config/paper.yaml --hardware h100-80gb
    """
    from knapsack_rl.study import expand
    from knapsack_rl.study.plan import plan as make_plan

    given = _assumptions(options)
    study = read_study(options.study)
    rows = make_plan(study, expand(study, source=options.study), given=given)
    cells = [_cells(row) for row in rows] + [_total(rows)]
    if options.output_format == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([HEADER, *cells])
        typer.echo(text.getvalue(), nl=False)
        return
    typer.echo(markdown_table(HEADER, cells, right=HEADER[1:]))
    typer.echo("\n" + "\n".join(_statements(options, given)))


def _assumptions(options: PlanOptions) -> Assumptions:
    if options.peak_tflops is None and options.hardware not in HARDWARE:
        raise InputError(
            f"--hardware {options.hardware}: unknown; use one of {', '.join(HARDWARE)}, or give --peak-tflops"
        )
    return Assumptions(
        peak_tflops=options.peak_tflops or HARDWARE[options.hardware].peak_tflops,
        sampling_efficiency=options.sampling_efficiency,
        update_efficiency=options.update_efficiency,
        prompt_tokens=options.prompt_tokens,
        response_share=options.response_share,
        updated_share=options.updated_share,
    )


def _cells(row: "PlanRow") -> list[str]:
    return [row.model, _large(row.num_parameters), str(row.budget), *_sums(row.num_runs, row.total)]


def _total(rows: Sequence["PlanRow"]) -> list[str]:
    total = sum((row.total for row in rows), RunEstimate())
    return ["all", "", "", *_sums(sum(row.num_runs for row in rows), total)]


def _sums(num_runs: int, total: RunEstimate) -> list[str]:
    counts = (total.rollouts, total.generated_tokens, total.evaluation_tokens)
    hours = (total.sample_h, total.update_h, total.evaluate_h, total.gpu_h)
    return [str(num_runs), *map(_large, counts), *map(_short, hours), _short(total.disk_gib)]


def _large(value: float) -> str:
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.0f}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"  # noqa: PLR2004 - digits shown


def _statements(options: PlanOptions, given: Assumptions) -> list[str]:
    source = "--peak-tflops" if options.peak_tflops else f"{options.hardware}, data sheet"
    sampling, updating = f"{given.sampling_efficiency:.0%}", f"{given.update_efficiency:.0%}"
    return [
        "Estimated, not measured. Assumed:",
        f"- {given.peak_tflops:g} TFLOPS dense bfloat16 per GPU ({source}): {sampling} sampling, {updating} updating;",
        "- GPU hours, however many GPUs share them; no time for loading, grading, or waiting for the longest response;",
        f"- {given.prompt_tokens} tokens a prompt, read once; responses of {given.response_share:.0%} of their limit;",
        "- 2 operations per parameter and token sampled, 6 per token updated, 8 with gradient checkpointing;",
        f"- {given.updated_share:.0%} of the rollouts updated;",
        "- disk: kept weights in the state and in the published folder, two resume states of weights and two moments.",
    ]


COMMANDS = {"plan": grouped(run_plan)}
