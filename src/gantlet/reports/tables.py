"""Tables that fit their width: columns are left out in the order of their worth, the first one is wrapped; no cell is cut."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions
from rich.table import Table
from rich.text import Text

NARROWEST = 26
"""The first column is wrapped down to so many characters before a column is left out."""
GAP = 2


@dataclass(frozen=True)
class Column:
    """A column; ``worth``: those of the lowest are left out first, None: never; ``wraps``: its header may be wrapped at spaces."""

    name: str
    worth: int | None = None
    right: bool = False
    style: str = ""
    wraps: bool = False


@dataclass(frozen=True)
class Fitted:
    """A table of texts that is laid out for the width it is printed at."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]

    def shown(self, width: int) -> list[int]:
        """Return the columns, by number, that are shown at a width."""
        kept = list(range(len(self.columns)))
        for drop in [None, *sorted(filter(self._worth, kept), key=self._worth)]:
            kept = [index for index in kept if index != drop]
            rest = sum(self._width(index) + GAP for index in kept[1:])
            if width - rest >= min(self._width(0), NARROWEST):
                break
        return kept

    def _worth(self, index: int) -> int:
        return self.columns[index].worth or 0

    def _width(self, index: int) -> int:
        """Return the width of a column's longest cell, or of the longest word of a header that may be wrapped."""
        column = self.columns[index]
        header = (column.name.split() or [""]) if column.wraps else [column.name]
        return max(len(text) for text in (*header, *(row[index] for row in self.rows)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table | Text]:
        kept = self.shown(options.max_width)
        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
        for index in kept:
            column = self.columns[index]
            table.add_column(
                Text(column.name),
                justify="right" if column.right else "left",
                style=column.style,
                no_wrap=bool(index) and not column.wraps,
                overflow="fold",
                min_width=self._width(index) if index else None,
            )
        for row in self.rows:
            table.add_row(*(Text(row[index]) for index in kept))
        yield table
        if left := [column.name for index, column in enumerate(self.columns) if index not in kept]:
            yield Text(f"· not shown at this width: {', '.join(left)}", style="dim")
