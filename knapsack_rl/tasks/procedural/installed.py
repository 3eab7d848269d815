"""The installed reasoning-gym: what sets it has and what parameters they take. It is imported on use only."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from importlib.util import find_spec
from typing import Any

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.suggestion import suggest, suggest_and_list

PACKAGE = "reasoning_gym"
INSTALL = "pip install -c requirements.lock -e '.[reasoning-gym]'"
GIVEN = ("seed", "size")
"""Parameters of every set that the task gives itself."""
REFUSED = {
    "composite": "mixes other sets; list those as families instead",
}


def require_package() -> None:
    """Make sure that reasoning-gym can be imported.

    Raises:
        ConfigError: it is not installed.
    """
    if find_spec(PACKAGE) is None:
        raise ConfigError(f"task.name: the task 'reasoning_gym' needs the package reasoning-gym; install it: {INSTALL}")


def open_set(name: str, parameters: Mapping[str, Any], *, seed: int, size: int) -> Any:  # noqa: ANN401 - untyped
    """The set with these parameters, an object of reasoning-gym; its problems are made as they are asked for.

    Raises:
        AssertionError, TypeError, ValueError: its own, for parameters that it does not take.
    """
    from reasoning_gym.factory import DATASETS, create_dataset

    tuples = {field.name for field in fields(DATASETS[name][1]) if isinstance(_default(field), tuple)}
    given = {
        key: tuple(value) if key in tuples and isinstance(value, list) else value for key, value in parameters.items()
    }
    return create_dataset(name, seed=seed, size=size, **given)


def check_set(name: str, parameters: Mapping[str, Any], *, where: str) -> None:
    """Make sure that there is such a set and that it takes these parameters.

    Args:
        name: of the set.
        parameters: of the set.
        where: key of the configuration that names it, for the message.

    Raises:
        ConfigError: not installed, no such set, no such parameter, or a value that the set refuses; one line.
    """
    require_package()
    from reasoning_gym.factory import DATASETS

    if name in REFUSED:
        raise ConfigError(f"{where}.set: {name!r} {REFUSED[name]}")
    if name not in DATASETS:
        hint = suggest(name, DATASETS, otherwise=f"reasoning-gym has {len(DATASETS)}, chain_sum among them")
        raise ConfigError(f"{where}.set: unknown set {name!r}; {hint}")
    known = [field.name for field in fields(DATASETS[name][1]) if field.name not in GIVEN]
    for key in parameters:
        _check_parameter(key, known, where=where)
    try:
        open_set(name, parameters, seed=0, size=1)
    except Exception as error:  # noqa: BLE001 - sets check by assert, raise, or fail on a value of another type
        reason = " ".join(str(error).split()) or type(error).__name__
        given = ", ".join(f"{key}={value!r}" for key, value in parameters.items()) or "none"
        raise ConfigError(f"{where}.parameters: {name} refuses them ({given}): {reason[:300]}") from None


def _check_parameter(key: str, known: list[str], *, where: str) -> None:
    if key in GIVEN:
        raise ConfigError(
            f"{where}.parameters.{key}: is set by the task (task.seed, num_train, num_benchmark); drop it"
        )
    if key not in known:
        raise ConfigError(f"{where}.parameters.{key}: unknown parameter; {suggest_and_list(key, known)}")


def _default(field: "Field[Any]") -> Any:  # noqa: ANN401 - of any type
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else None
