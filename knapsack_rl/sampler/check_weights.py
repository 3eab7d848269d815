"""New weights for an engine whose own loader is lenient about what it is given."""

from collections.abc import Iterator, Mapping

from torch import Tensor

from knapsack_rl.base.errors import InputError


def checked_weights(
    weights: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[str, Tensor]]:
    """The weights one by one, each asked for when its turn comes (a sharded one is gathered then).

    vLLM joins weights (query, key and value; gate and up) and does not miss a part of a joined one: it would keep the
    old values. Some of its versions also drop a name they do not know.

    Args:
        weights: by name.
        shapes: of every weight that the engine's model has.

    Raises:
        InputError: names or shapes differ. Names are compared before the first weight is handed out.
    """
    odd = sorted(shapes.keys() ^ weights.keys())
    if odd:
        raise misfit(f"{odd[0]} is {'missing' if odd[0] in shapes else 'unknown'}")
    return _checked(weights, shapes)


def _checked(weights: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[str, Tensor]]:
    for name, weight in weights.items():
        if tuple(weight.shape) != shapes[name]:
            raise misfit(f"{name} has shape {tuple(weight.shape)}, not {shapes[name]}")
        yield name, weight


def misfit(reason: str) -> InputError:
    """One line about weights that the engine cannot take."""
    return InputError(
        f"weights do not fit the model that vLLM holds ({reason}); all checkpoints of a run must have one architecture"
    )
