"""An audit on the terminal: for each space a table of metrics against failures, then the verdict in words."""

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from gantlet.core.results.audit import AuditResult, Planted
from gantlet.core.visible import visible_in


def cell(result: AuditResult, space: str, metric: str, planted: Planted) -> Text:
    """Return the smallest strength at which one metric detects one failure."""
    weakest = result.curve(space, metric, planted.name).weakest(planted.strengths)
    if planted.harmless:
        return Text("✓", "green") if weakest is None else Text(f"!{weakest:g}".replace("!0.", "!."), "red")
    return Text("missed", "red") if weakest is None else Text(f"{weakest:g}".removeprefix("0"), "green")


def render(result: AuditResult) -> Group:
    """Return the whole audit as one renderable."""
    seeds = f"{len(result.seeds)} seed{'s' if len(result.seeds) > 1 else ''}"
    head = Text.assemble(
        "Audit on ", (result.data, "bold"), f", {result.n} images per side, {seeds}, {result.seconds:.0f} s"
    )
    parts: list[Text | Table | str] = [head, Text(_KEY, style="dim")]
    for space in result.spaces:
        table = Table(
            title=space, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0)
        )
        table.add_column("metric", overflow="fold")
        for planted in result.failures:
            table.add_column(planted.name, justify="right", no_wrap=True)
        for metric in result.metrics(space):
            table.add_row(metric, *(cell(result, space, metric, planted) for planted in result.failures))
        parts += ["", table]
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
