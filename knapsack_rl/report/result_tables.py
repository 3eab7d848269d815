"""Result tables as the report reads them: the CSV files of a study or of a reference."""

from pathlib import Path

import pandas as pd

from knapsack_rl.base.errors import InputError


def read_result(path: Path) -> pd.DataFrame:
    """One result table.

    Raises:
        InputError: it is missing or no readable CSV file.
    """
    try:
        return pd.read_csv(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); write the tables first") from None
    except ValueError as error:
        raise InputError(f"{path}: is not a readable CSV file ({error}); write the tables again") from None
