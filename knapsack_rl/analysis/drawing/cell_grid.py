"""Panels of a figure with a row per quantity and a column per cell, in blocks where the cells are many."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from knapsack_rl.analysis.drawing.style import cell_title, panel_grid

Cell = tuple[str, int]

MOST_COLUMNS = 4
"""Cells side by side; more go into further blocks of rows."""

LETTERS = {1: 60, 2: 30, 3: 19, 4: 13}
"""Of a title, by the number of columns."""


@dataclass(frozen=True, slots=True)
class CellGrid:
    """A figure and its panels."""

    figure: Figure
    panels: dict[Cell, list[Axes]]
    """Of each cell, from top to bottom."""
    columns: int

    def rows(self) -> list[list[Axes]]:
        """Panels of each quantity."""
        return [list(row) for row in zip(*self.panels.values(), strict=True)]

    def lefts(self, row: int) -> list[Axes]:
        """Panels of a quantity that stand at the left."""
        return [panels[row] for place, panels in enumerate(self.panels.values()) if place % self.columns == 0]


def cell_grid(
    cells: Sequence[Cell], titles: pd.DataFrame, *, num_rows: int, height: float, most_columns: int = MOST_COLUMNS
) -> CellGrid:
    """A row of panels per quantity and a column per cell, with the cells' titles; a quantity has one scale.

    Args:
        cells: models and budgets.
        titles: what `style.cell_title` needs of them.
        num_rows: quantities.
        height: inches of one row.
        most_columns: cells side by side.
    """
    columns = min(len(cells), most_columns)
    blocks = -(-len(cells) // columns)
    figure, axes = panel_grid(num_rows * blocks, columns, height=height)
    panels: dict[Cell, list[Axes]] = {}
    for place, cell in enumerate(cells):
        block, column = divmod(place, columns)
        panels[cell] = [axes[block * num_rows + row, column] for row in range(num_rows)]
        panels[cell][0].set_title(cell_title(titles, cell, width=LETTERS[columns]))
    shown = {ax for of_cell in panels.values() for ax in of_cell}
    for ax in np.ravel(axes):
        if ax not in shown:
            ax.remove()
    grid = CellGrid(figure, panels, columns)
    for row, of_row in enumerate(grid.rows()):
        for ax in of_row[1:]:
            ax.sharey(of_row[0])
        for ax in set(of_row) - set(grid.lefts(row)):
            ax.tick_params(labelleft=False)
    return grid
