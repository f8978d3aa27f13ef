"""A lab's result on the terminal: claim, numbers, tolerance, verdict, table."""

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from gantlet.core.results.lab import Cell, LabResult
from gantlet.core.visible import visible_in
from gantlet.core.words import counted
from gantlet.reports.tables import Column, Fitted

COLOURS = {"reproduced": "bold green", "not reproduced": "bold red", "not testable here": "bold yellow"}


def cell(value: Cell) -> str:
    """Return a table cell's text: numbers to three significant digits."""
    if value is None:
        return "—"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def render(result: LabResult) -> Group:
    """Return one lab's result as one renderable."""
    facts = Table.grid(padding=(0, 2))
    paper = f"{result.paper_value:.4g} ({result.paper_note})" if result.paper_value is not None else result.paper_note
    lines = (
        ("claim", result.claim),
        ("source", result.source),
        ("measured", result.measure),
        ("paper", paper),
        ("ours", f"{result.ours.text}, over {counted(len(result.seeds), 'seed')}"),
        ("tolerance", result.tolerance),
    )
    for name, text in lines:
        facts.add_row(Text(name, style="dim"), Text(text))
    facts.add_row(Text("verdict", style="dim"), Text(result.verdict, style=COLOURS[result.verdict]))
    facts.add_row(Text("why", style="dim"), Text(result.why))
    columns = [
        Column(name, worth=-index if index else None, right=bool(index), wraps=True)
        for index, name in enumerate(result.columns)
    ]
    table = Fitted(columns, [[cell(value) for value in row] for row in result.rows])
    head = Text.assemble((result.lab, "bold"), f" ({result.size} size, {result.seconds:.0f} s)")
    return Group(head, "", facts, "", table)


def show(result: LabResult) -> None:
    """Print a lab's result to stdout."""
    Console().print(render(visible_in(result)))
