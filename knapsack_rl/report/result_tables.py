"""Result tables as the report reads them: the CSV files of a study or of a reference."""

from pathlib import Path

import pandas as pd

from knapsack_rl.base.errors import InputError
from knapsack_rl.records.writers import command_for


def read_result(path: Path) -> pd.DataFrame:
    """One result table.

    Raises:
        InputError: it is missing or no readable CSV file.
    """
    try:
        return pd.read_csv(path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); write it first with: {command_for(path)}"
        ) from None
    except ValueError as error:
        raise InputError(
            f"{path}: is not a readable CSV file ({error}); write it again with: {command_for(path)}"
        ) from None
