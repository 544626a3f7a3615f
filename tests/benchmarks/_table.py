"""Print a benchmark's table."""

from collections.abc import Sequence


def show(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their header, columns aligned."""
    everything = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*everything, strict=True)]
    for cells in everything:
        print("  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)))
