"""From raw sets to the problems of a study: one filter after the other, each counted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.types import Prompt
from knapsack_rl.tasks.math_options import MathOptions, SetOptions
from knapsack_rl.tasks.preparation import BENCHMARK, TRAIN, Count, OpenTokenizer, Preparation
from knapsack_rl.tasks.problems import filters
from knapsack_rl.tasks.problems.overlap import EXACT, NONE, WORDS, Overlap, find_overlap

ReadSet = Callable[[SetOptions, str], Sequence[Prompt]]
"""All usable problems of a set, by its options and name."""
_LEFT_OUT = {"none": (), "exact": (EXACT,), "words": (EXACT, WORDS)}


def prepare_math(options: MathOptions, read: ReadSet, *, seed: int, open_tokenizer: OpenTokenizer) -> Preparation:
    """Read, filter and compare all sets.

    Order: duplicates, conflicting labels, language, length, overlap with a benchmark, subset. Benchmarks are only cut
    to their seeded subset; the overlap is with the subset that is evaluated.

    Raises:
        InputError: a set cannot be read, a subset is larger than its set, or nothing is left to train on.
    """
    training = _Training(options)
    training.read(read)
    benchmarks, counts = _benchmarks(options, read, seed=seed)
    training.clean(open_tokenizer)
    overlap = find_overlap(training.prompts, benchmarks)
    found = overlap.levels(prompt.id for prompt in training.prompts)
    training.finish(overlap, seed=seed)
    left = overlap.levels(prompt.id for prompt in training.prompts)
    sealed = {
        name: _seal(prompts) if options.benchmarks[name].resolve(name).gated else prompts
        for name, prompts in benchmarks.items()
    }
    return Preparation(
        train=training.prompts,
        benchmarks=sealed,
        counts=[*training.counts, *counts, *_overlap_counts(benchmarks, found, left=left)],
        overlaps=left,
    )


class _Training:
    """The training problems on their way through the filters."""

    def __init__(self, options: MathOptions) -> None:
        self._options = options
        self._rows: list[Prompt] = []
        self.prompts: list[Prompt] = []
        self.counts: list[Count] = []

    def read(self, read: ReadSet) -> None:
        """All rows of all sets."""
        for name, each in self._options.training_sets():
            rows = read(each, name)
            self._rows += rows
            self.counts.append(Count(role=TRAIN, set=name, step="rows read", num_before=len(rows), num_after=len(rows)))
        self.prompts = list(self._rows)

    def clean(self, open_tokenizer: OpenTokenizer) -> None:
        """Filters that look at the training problems alone."""
        options = self._options
        self._step("duplicates", filters.distinct(self.prompts))
        self._step("conflicting labels", filters.without_conflicts(self.prompts, rows=self._rows))
        if options.language != "any":
            self._step(f"language {options.language}", filters.in_language(self.prompts, options.language))
        if options.max_prompt_tokens is not None and options.tokenizer is not None:
            place = options.tokenizer
            count = open_tokenizer(place.path or place.hub or "", place.revision)
            kept = filters.within_tokens(self.prompts, options.max_prompt_tokens, count=count)
            self._step(f"at most {options.max_prompt_tokens} tokens", kept)

    def finish(self, overlap: Overlap, *, seed: int) -> None:
        """Leave out what overlaps a benchmark, if that is asked for, and take the subset."""
        options = self._options
        if options.remove_overlap != "none":
            unwanted = _LEFT_OUT[options.remove_overlap]
            kept = [p for p in self.prompts if overlap.level_of_training(p.id) not in unwanted]
            self._step(f"overlap with a benchmark ({options.remove_overlap})", kept)
        if options.subset is not None:
            self._step("subset", _subset(self.prompts, options.subset, name="train", seed=seed))

    def _step(self, step: str, kept: Sequence[Prompt]) -> None:
        before, after = len(self.prompts), len(kept)
        self.counts.append(Count(role=TRAIN, set="all", step=step, num_before=before, num_after=after))
        if not kept:
            raise InputError(f"training problems: the filter `{step}` leaves none of {before}; loosen task.options")
        self.prompts = list(kept)


def _benchmarks(options: MathOptions, read: ReadSet, *, seed: int) -> tuple[dict[str, list[Prompt]], list[Count]]:
    sets, counts = {}, []
    for name, each in options.benchmarks.items():
        prompts = list(read(each, name))
        counts.append(
            Count(role=BENCHMARK, set=name, step="rows read", num_before=len(prompts), num_after=len(prompts))
        )
        if each.subset is not None:
            kept = _subset(prompts, each.subset, name=name, seed=seed)
            counts.append(Count(role=BENCHMARK, set=name, step="subset", num_before=len(prompts), num_after=len(kept)))
            prompts = kept
        sets[name] = prompts
    return sets, counts


def _subset(prompts: Sequence[Prompt], size: int, *, name: str, seed: int) -> list[Prompt]:
    if size > len(prompts):
        raise InputError(f"set {name}: a subset of {size} is larger than the set of {len(prompts)} problems; lower it")
    return filters.seeded_subset(prompts, size, seed=seed)


def _overlap_counts(
    benchmarks: Mapping[str, Sequence[Prompt]],
    found: Mapping[tuple[str, str], str],
    *,
    left: Mapping[tuple[str, str], str],
) -> list[Count]:
    """Benchmark problems that overlap the training set: after cleaning it, and in the end."""
    steps = {"in training: same problem": (EXACT,), "in training: 20 words in common": (EXACT, WORDS)}
    return [
        Count(role=BENCHMARK, set=name, step=step, num_before=before, num_after=after)
        for name, prompts in benchmarks.items()
        for step, levels in steps.items()
        for before, after in [
            [sum(levels_of.get((name, p.id), NONE) in levels for p in prompts) for levels_of in (found, left)]
        ]
    ]


def _seal(prompts: Sequence[Prompt]) -> list[Prompt]:
    """Problems without their text and answer, for a set that must not be copied."""
    return [replace(prompt, text="", answer="") for prompt in prompts]
