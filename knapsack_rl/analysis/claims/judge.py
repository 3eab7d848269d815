"""From samples to a verdict: where the 95% interval lies, and how many runs it would take.

Supported: the interval lies wholly beyond the threshold. Contradicted: wholly on the other side. Else not decidable.
A claim of "about" so much is one of equivalence: supported if the interval lies wholly within a band, contradicted if
wholly on one side of it; an interval that reaches over the band says neither.
A family is judged as its claim speaks of it. "Every": supported if all intervals lie beyond, which needs no
correction; contradicted if one lies on the other side, for which the intervals are widened (Bonferroni). "Some": the
mirror image.
"""

from bisect import bisect_left
from dataclasses import replace

import numpy as np
from scipy import stats
from statsmodels.stats.power import TTestPower

from knapsack_rl.analysis.claims.evidence import Evidence, Exact, Finding, Missing, Sample
from knapsack_rl.analysis.claims.verdict import CONTRADICTED, SUPPORTED, UNDECIDED, Judgement, Line
from knapsack_rl.analysis.inference.stats import CONFIDENCE, MIN_SEEDS, ROUNDING

ALPHA = 1 - CONFIDENCE
POWER = 0.8
"""Chance of a decision that the number of runs asked for gives, for the stated effect at the pooled spread."""

MOST_SEEDS = 1000
FULL_NUMBER = 2
"""Below this many values not even a spread is known."""


def judge(finding: Finding, line: Line) -> Judgement:
    """The verdict on one claim."""
    match finding:
        case Missing():
            seen = _judge_samples(finding.shows, line) if finding.shows else Judgement(verdict=UNDECIDED)
            return replace(seen, verdict=UNDECIDED, p_value=np.nan, takes=f"needs {finding.needs}")
        case Exact():
            beyond = line.beyond(finding.value) > 0
            verdict = SUPPORTED if beyond else CONTRADICTED
            return Judgement(verdict=verdict, value=finding.value, low=finding.value, high=finding.value)
        case Evidence():
            return _judge_samples(finding, line)


def _judge_samples(evidence: Evidence, line: Line) -> Judgement:
    samples = [sample for sample in evidence.samples if sample.values_S.size]
    if not samples:
        return Judgement(verdict=UNDECIDED, takes="needs runs of both arms with the same seed")
    plain = [_judge_one(sample, line, family=1, counts=evidence.counts) for sample in samples]
    wide = [_judge_one(sample, line, family=len(samples), counts=evidence.counts) for sample in samples]
    if evidence.quantifier == "every":
        broken = [judged for judged in wide if judged.verdict == CONTRADICTED]
        still_open = [_undecided(judged) for judged in plain if judged.verdict != SUPPORTED]
        return min(broken, key=_weakness) if broken else max(still_open or plain, key=_weakness)
    if all(judged.verdict == CONTRADICTED for judged in plain):
        best = max(plain, key=lambda judged: line.beyond(judged.value))
        return replace(best, p_value=max(plain, key=_weakness).p_value)  # as sure as the least clear member
    supported = [judged for judged in wide if judged.verdict == SUPPORTED]
    return max(supported or [_undecided(judged) for judged in wide], key=lambda judged: line.beyond(judged.value))


def _weakness(judged: Judgement) -> float:
    """Sort key: the least certain member decides."""
    return np.inf if np.isnan(judged.p_value) else judged.p_value


def _undecided(judged: Judgement) -> Judgement:
    """A member that is decided on its own does not decide the family the other way."""
    if judged.verdict == UNDECIDED:
        return judged
    return replace(judged, verdict=UNDECIDED, takes="needs more seeds: members of the family disagree")


def _judge_one(sample: Sample, line: Line, *, family: int, counts: bool) -> Judgement:
    values_S, num = sample.values_S, int(sample.values_S.size)
    mean = float(values_S.mean())
    std = float(values_S.std(ddof=1)) if num >= FULL_NUMBER else np.nan
    num_seeds = num if sample.num_runs else 0  # trials of a simulation are no seeds
    seen = Judgement(verdict=UNDECIDED, value=mean, num_seeds=num_seeds, num_runs=sample.num_runs, label=sample.label)
    if num < MIN_SEEDS:
        return replace(seen, takes=f"needs {MIN_SEEDS} seeds at least ({_runs(sample, MIN_SEEDS)} runs)")
    if std < ROUNDING and not counts:
        takes = "needs larger runs: all seeds give the same number, which is no evidence"
        return replace(seen, low=mean, high=mean, takes=takes)
    alpha = ALPHA / family
    half = float(stats.t.ppf(1 - alpha / 2, num - 1)) * std / np.sqrt(num)
    p_value = min(1.0, family * _p_value(line.beyond(mean), std, num=num)) if std >= ROUNDING else np.nan
    seen = replace(seen, low=mean - half, high=mean + half, p_value=p_value)
    if verdict := line.verdict(seen.low, seen.high):
        return replace(seen, verdict=verdict)
    spread = sample.within.spread if sample.within else std
    return replace(seen, takes=_needed(sample, line, spread=spread, alpha=alpha))


def _p_value(distance: float, std: float, *, num: int) -> float:
    return float(2 * stats.t.sf(abs(distance) * np.sqrt(num) / std, num - 1))


def _needed(sample: Sample, line: Line, *, spread: float, alpha: float) -> str:
    """Seeds for a two-sided t-test to tell a truth ``line.effect`` beyond the line from it with a chance of ``POWER``.

    The effect is stated and not what was seen: the mean of an undecided claim is mostly noise, and a number of seeds
    that follows from it too.
    """
    if spread < ROUNDING:
        return "needs larger runs: without a spread nothing can be planned"
    effects = [effect / spread for effect in line.effects()]

    def chance(seeds: int) -> float:
        return 1 - sum(1 - _power(effect, seeds, alpha=alpha) for effect in effects)

    asked_K = range(MIN_SEEDS, MOST_SEEDS + 1)
    place = bisect_left(asked_K, POWER, key=chance)
    aim = f"to tell {line.effect_words} from the line with a chance of {POWER:g}, at the pooled spread"
    if place == len(asked_K):
        return f"needs more than {MOST_SEEDS} seeds {aim}"
    seeds = asked_K[place]
    there = (
        "; they are there, so the truth is likely to lie nearer to the line" if seeds <= sample.values_S.size else ""
    )
    return f"needs {seeds} seeds ({_runs(sample, seeds)} runs) {aim}{there}"


def _power(effect: float, seeds: int, *, alpha: float) -> float:
    """Of a two-sided t-test. Where the non-central t underflows to NaN, only the spread is taken as random."""
    power = float(TTestPower().power(effect, seeds, alpha))
    if not np.isnan(power):
        return power
    free = seeds - 1
    return float(stats.chi2.cdf(free * seeds * (effect / stats.t.ppf(1 - alpha / 2, free)) ** 2, free))


def _runs(sample: Sample, seeds: int) -> int:
    return round(sample.num_runs / sample.values_S.size * seeds)
