"""Text in columns, as Go's text/tabwriter sets it: a cell ends with a tab, and a column is as wide as the lines that follow each other
and have it."""

from __future__ import annotations


def tabbed(text: str, padding: int = 2) -> str:
    """Lines whose cells are parted by tabs -> columns that are `padding` blanks apart; what stands behind the last tab of a line
    belongs to no column."""
    lines = [line.split("\t") for line in text.split("\n")]
    widths = [[0] * len(cells) for cells in lines]
    _measure(lines, widths, 0, len(lines), 0, padding)
    return "\n".join(
        "".join(cell.ljust(width) for cell, width in zip(cells[:-1], wide, strict=False)) + cells[-1]
        for cells, wide in zip(lines, widths, strict=True)
    )


def _measure(lines: list[list[str]], widths: list[list[int]], first: int, end: int, column: int, padding: int) -> None:
    at = first
    while at < end:
        after = at
        while after < end and len(lines[after]) - 1 > column:
            after += 1
        if after == at:
            at += 1
            continue
        width = max(len(lines[number][column]) for number in range(at, after)) + padding
        for number in range(at, after):
            widths[number][column] = width
        _measure(lines, widths, at, after, column + 1, padding)
        at = after
