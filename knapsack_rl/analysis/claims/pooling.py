"""One spread for one claim that is judged at several budgets."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from knapsack_rl.analysis.claims.evidence import Evidence, Finding, Sample
from knapsack_rl.analysis.claims.spread import Within


def pool_spread(findings: Sequence[Finding]) -> list[Finding]:
    """The same findings with one spread within cells: of one claim at several budgets there are more seeds to know it.

    Members of a family are pooled with those of the same label.
    """
    found: defaultdict[str, list[Within]] = defaultdict(list)
    for sample in (sample for finding in findings for sample in _samples(finding)):
        if sample.within:
            found[sample.label].append(sample.within)
    variance = {
        label: sum(part.variance * part.free for part in parts) / sum(part.free for part in parts)
        for label, parts in found.items()
    }
    free = {label: sum(part.free for part in parts) for label, parts in found.items()}

    def pooled(sample: Sample) -> Sample:
        if not sample.within:
            return sample
        shared = replace(sample.within, variance=variance[sample.label], free=free[sample.label])
        return replace(sample, within=shared)

    return [
        replace(finding, samples=tuple(pooled(sample) for sample in finding.samples))
        if isinstance(finding, Evidence)
        else finding
        for finding in findings
    ]


def _samples(finding: Finding) -> tuple[Sample, ...]:
    return finding.samples if isinstance(finding, Evidence) else ()
