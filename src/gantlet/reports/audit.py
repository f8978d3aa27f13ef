"""An audit on the terminal: for each space a table of metrics against failures, then the verdict in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group
from rich.table import Table
from rich.text import Text

from gantlet.core.results.audit import AuditResult, Planted
from gantlet.core.visible import visible_in
from gantlet.core.words import counted


def cell(result: AuditResult, space: str, metric: str, planted: Planted) -> Text:
    """Return the smallest strength at which one metric detects one failure."""
    weakest = result.curve(space, metric, planted.name).weakest(planted.strengths)
    if planted.harmless:
        return Text("✓", "green") if weakest is None else Text(f"!{weakest:g}".replace("!0.", "!."), "red")
    return Text("missed", "red") if weakest is None else Text(f"{weakest:g}".removeprefix("0"), "green")


@dataclass(frozen=True)
class Blocks:
    """The table of one space, in as many blocks of failures as the width takes."""

    result: AuditResult
    space: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table]:
        metrics = self.result.metrics(self.space)
        left = list(self.result.failures)
        while left:
            room = options.max_width - max(map(len, metrics), default=0) - 1
            block = [left.pop(0)]
            room -= self._width(block[0], metrics)
            while left and (room := room - self._width(left[0], metrics)) >= 0:
                block.append(left.pop(0))
            table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
            table.add_column("metric", overflow="fold")
            for planted in block:
                table.add_column(planted.name, justify="right", no_wrap=True)
            for metric in metrics:
                table.add_row(Text(metric), *(cell(self.result, self.space, metric, planted) for planted in block))
            yield table

    def _width(self, planted: Planted, metrics: list[str]) -> int:
        cells = [len(cell(self.result, self.space, metric, planted)) for metric in metrics]
        return 1 + max(len(planted.name), *cells)


def render(result: AuditResult) -> Group:
    """Return the whole audit as one renderable."""
    seeds = counted(len(result.seeds), "seed")
    head = Text.assemble(
        "Audit on ", (result.data, "bold"), f", {counted(result.n, 'image')} per side, {seeds}, {result.seconds:.0f} s"
    )
    parts: list[Text | Blocks | Table | str] = [head, Text(_KEY, style="dim")]
    for space in result.spaces:
        parts += ["", Text(space, style="bold"), Blocks(result, space)]
    key = Table.grid(padding=(0, 1))
    for planted in result.failures:
        key.add_row(Text(planted.name, style="dim"), Text(f"{planted.title}; strength: {planted.unit}", style="dim"))
    parts += ["", *(Text(f"· {line}") for line in result.verdict), "", key]
    parts += [Text(f"· {name} was left out: {reason}", style="dim") for name, reason in result.left_out.items()]
    return Group(*parts)


_KEY = (
    "A number: the failure is detected (the metric worsens by three of its own standard deviations) from that strength on; "
    "missed: not detected even at full strength; ✓: a harmless change is tolerated; !: an alarm from that strength on."
)


def show(result: AuditResult) -> None:
    """Print an audit to stdout."""
    Console().print(render(visible_in(result)))
