"""A few responses of a step as text, so that a person can read what the model wrote and why it got its reward."""

from collections.abc import Iterator, Mapping

from knapsack_rl.config import RunConfig
from knapsack_rl.records import SampleFacts
from knapsack_rl.train.rollouts import StepRollouts
from knapsack_rl.train.stop import budget_reached

MOST_CHARACTERS = 4000
"""Of a prompt or response that are kept; of a longer one the middle is left out."""


def num_sampled(config: RunConfig, *, step: int, spent: Mapping[str, int]) -> int:
    """Of how many prompts responses are kept: in the first step, the evaluated ones and so the last; else of none.

    Args:
        config: of the run.
        step: 1-based.
        spent: what the run has generated with this step, by the axes of a budget that ends it.
    """
    last = budget_reached(config.train.stop, spent)
    return config.train.sampled_prompts if step == 1 or last or step in config.checkpoints else 0


def sample_facts(drawn: StepRollouts, *, num_prompts: int) -> tuple[SampleFacts, ...]:
    """A few responses of a step.

    Prompts: sorted by the share of their rollouts that succeeded in this step, then by id, evenly spaced from the
    hardest to the easiest. Of each the first rollout, and the first with the other outcome, if there is one.

    Args:
        drawn: everything of the step.
        num_prompts: how many prompts.
    """
    order = sorted(range(len(drawn.groups)), key=lambda place: (_success_rate(drawn, place), _id(drawn, place)))
    chosen = [order[place] for place in _spaced(len(order), num_prompts)]
    return tuple(sample for place in chosen for sample in _of_prompt(drawn, place))


def shortened(text: str) -> str:
    """``text`` as it can be stored: well-formed, and without its middle where it is too long."""
    text = text.encode("utf-8", errors="replace").decode("utf-8")
    if len(text) <= MOST_CHARACTERS:
        return text
    half = MOST_CHARACTERS // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"


def _spaced(size: int, num: int) -> list[int]:
    """Up to ``num`` different places among ``size``, first and last included; one alone is the middle."""
    if num == 1:
        return [size // 2][:size]
    return sorted({round(at * (size - 1) / (num - 1)) for at in range(num)} if size else set())


def _success_rate(drawn: StepRollouts, place: int) -> float:
    successes = drawn.successes_P_G[place]
    return sum(successes) / max(1, len(successes))


def _id(drawn: StepRollouts, place: int) -> str:
    return drawn.groups[place].prompt.id


def _of_prompt(drawn: StepRollouts, place: int) -> Iterator[SampleFacts]:
    group, successes = drawn.groups[place], drawn.successes_P_G[place]
    other = next((index for index, success in enumerate(successes) if success != successes[0]), None)
    for index in [0, other][: len(successes)]:
        if index is not None:
            rollout = group.rollouts[index]
            yield SampleFacts(
                prompt_id=group.prompt.id,
                kind=group.prompt.kind,
                num_rollouts=len(successes),
                num_successes=sum(successes),
                rollout=index,
                reward=float(drawn.rewards_P_G[place][index]),
                reason=drawn.reasons_P_G[place][index],
                num_response_tokens=len(rollout.tokens),
                prompt=shortened(group.prompt.text),
                answer=shortened(group.prompt.answer),
                response=shortened(rollout.text),
            )
