"""A Comparison as one self-contained page: the conclusion first, then the primary metric, all differences, and pictures."""

from collections.abc import Mapping

from gantlet.core.results.comparison import Comparison, Difference
from gantlet.core.results.plots import difference_rows
from gantlet.core.visible import visible_in
from gantlet.reports.html import templates
from gantlet.reports.terminal import power

SIDES = ("A", "real", "B")


def render(
    result: Comparison, strips: Mapping[str, Mapping[str, str]], summaries: Mapping[str, str] | None = None
) -> str:
    """Return the whole page as HTML text; it holds no script.

    Args: strips: by class ('': all images) and side (A, real, B), the data URI of a PNG; summaries: one line on each metric.
    """
    result, strips = visible_in(result), visible_in(dict(strips))
    primary = next((d for d in result.differences if d.metric == result.primary), None)
    return (
        templates()
        .get_template("comparison.html")
        .render(
            result=result,
            headline=headline(primary),
            primary=primary,
            power=power(primary) if primary and primary.power else "",
            rows=list(zip(result.differences, difference_rows(result), strict=True)),
            notes=notes(result),
            unpaired=any(not d.paired for d in result.differences),
            summaries=summaries or {},
            strips=strips,
            sides=SIDES,
        )
    )


def headline(primary: Difference | None) -> str:
    """Return the conclusion in one line: what the primary metric says."""
    if primary is None:
        return "A and B could not be compared"
    metric = primary.metric.replace("_", " ")
    if not primary.better:
        return f"No clear difference between A and B by {metric}"
    return f"{primary.better} is better by {metric}"


def notes(result: Comparison) -> dict[str, list[str]]:
    """Return each note on the numbers with the metrics that it is about."""
    found: dict[str, list[str]] = {}
    for d in result.differences:
        for note in d.notes:
            found.setdefault(note, []).append(d.metric)
    return found
