"""Small tables for the terminal and for pasting: Markdown with aligned columns."""

from collections.abc import Sequence


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> str:
    """Markdown text; columns named in ``right`` are aligned to the right."""
    cells = [[cell.replace("|", "/").replace("\n", " ") for cell in row] for row in (header, *rows)]
    widths = [max(3, *(len(row[index]) for row in cells)) for index in range(len(header))]
    sides = ["right" if name in right else "left" for name in header]
    lines = [_line(row, widths, sides=sides) for row in cells]
    rule = "|".join(
        "-" * (width + 1) + (":" if side == "right" else "-") for width, side in zip(widths, sides, strict=True)
    )
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


def _line(row: Sequence[str], widths: Sequence[int], *, sides: Sequence[str]) -> str:
    padded = (
        cell.rjust(width) if side == "right" else cell.ljust(width)
        for cell, width, side in zip(row, widths, sides, strict=True)
    )
    return f"| {' | '.join(padded)} |"
