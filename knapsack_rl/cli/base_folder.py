"""The base model that a run starts from."""

from pathlib import Path
from typing import TYPE_CHECKING

from knapsack_rl.base.errors import InputError
from knapsack_rl.base.layout import StudyPaths

if TYPE_CHECKING:
    from knapsack_rl.config import RunConfig


def base_model(config: "RunConfig", paths: StudyPaths) -> Path:
    """Folder of a run's base model, as it was made or fetched.

    Raises:
        InputError: it is not there, or not what the configuration says.
    """
    folder = paths.base_model(config.model.path, config.base_folder)
    if not (folder / "config.json").is_file():
        raise InputError(
            f"{folder}: the base model is not there; make or fetch it with `snakemake --cores 2 base_models`"
        )
    if config.model.hub:
        from knapsack_rl.prepare.fetch import check_fetched

        check_fetched(folder, config.model.hub, revision=str(config.model.revision))
    if config.model.gguf:
        from knapsack_rl.prepare.dequantise import check_dequantised

        check_dequantised(folder, config.model.gguf)
    return folder
