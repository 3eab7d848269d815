"""`knapsack-rl plan`: what a study would cost."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.markdown import markdown_table
from knapsack_rl.cli.grouping import grouped
from knapsack_rl.cli.options import read_study, study_source
from knapsack_rl.study.estimate import HARDWARE, Assumptions, RunEstimate
from knapsack_rl.study.processor_time import UPDATED_SHARE, Lengths

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
CPU = "cpu"
"""Not an accelerator: this machine's processors, whose speed is measured."""
_DEFAULTS = Assumptions(peak_tflops=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """Options of ``plan``."""

    study: Annotated[str, typer.Argument(help="Study file (YAML).")]
    hardware: Annotated[
        str, typer.Option(help=f"Accelerator: {', '.join(HARDWARE)}; or cpu: measured on this machine, in seconds.")
    ] = "a100-80gb"
    cores: Annotated[int | None, typer.Option(min=1, help="cpu: processes at once; one per core if left out.")] = None
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
    updated_share: Annotated[
        float | None,
        typer.Option(
            help=f"Share of rollouts with an advantage other than 0; cpu: {UPDATED_SHARE:g} if left out, else 1."
        ),
    ] = None
    output_format: Annotated[Literal["markdown", "csv"], typer.Option("--format", help="Table format.")] = "markdown"


def run_plan(options: PlanOptions) -> None:
    r"""Estimate rollouts, tokens, GPU-hours and disk of a study per model and budget, from stated assumptions.

    \b
    Example: knapsack-rl plan config/paper.yaml --hardware h100-80gb
    """
    from knapsack_rl.cli.plan_processors import HEADER as PROCESSOR_HEADER
    from knapsack_rl.cli.plan_processors import processor_table
    from knapsack_rl.study import expand
    from knapsack_rl.study.plan import plan as make_plan

    given = _assumptions(options)
    study = read_study(options.study)
    runs = expand(study, source=study_source(options.study))
    if options.hardware == CPU and options.peak_tflops is None:
        response = given.response_share * study.train.max_response_tokens
        lengths = Lengths(prompt=given.prompt_tokens, response=response)
        cells, said = processor_table(study, runs, cores=options.cores, assumed=lengths, updated=options.updated_share)
        _show(options, PROCESSOR_HEADER, cells=cells, said=said)
        return
    rows = make_plan(study, runs, given=given)
    _show(options, HEADER, cells=[_cells(row) for row in rows] + [_total(rows)], said=_statements(options, given))


def _show(options: PlanOptions, header: Sequence[str], *, cells: list[list[str]], said: Sequence[str]) -> None:
    if options.output_format == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *cells])
        typer.echo(text.getvalue(), nl=False)
        return
    typer.echo(markdown_table(header, cells, right=header[1:]))
    typer.echo("\n" + "\n".join(said))


def _assumptions(options: PlanOptions) -> Assumptions:
    known = {name: card.peak_tflops for name, card in HARDWARE.items()} | {CPU: _DEFAULTS.peak_tflops}
    if options.peak_tflops is None and options.hardware not in known:
        raise InputError(
            f"--hardware {options.hardware}: unknown; use one of {', '.join(known)}, or give --peak-tflops"
        )
    given = Assumptions(
        peak_tflops=known[options.hardware] if options.peak_tflops is None else options.peak_tflops,
        sampling_efficiency=options.sampling_efficiency,
        update_efficiency=options.update_efficiency,
        prompt_tokens=options.prompt_tokens,
        response_share=options.response_share,
        updated_share=_DEFAULTS.updated_share if options.updated_share is None else options.updated_share,
    )
    given.check()
    return given


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
