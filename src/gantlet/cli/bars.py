"""The bar on a terminal, with a line below it; apart, so that nothing loads rich where there is no terminal."""

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text


class NotedBars(Bars):
    """Bars with one line of text below them, ``note``."""

    note = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield the bars, then the note."""
        yield from super().get_renderables()
        if self.note:
            yield Text(self.note, style="dim", overflow="fold")


def new_bars() -> NotedBars:
    """Return bars with description, bar, count, remaining time and rate, on stderr."""
    return NotedBars(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rate]}"),
        console=Console(stderr=True),
        transient=True,
    )
