"""A Report as one self-contained page: opens from disk, offline, on a phone and a wide screen, in light and dark."""

import base64
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantlet.core.errors import DataError
from gantlet.core.files import lies_below, read_bytes
from gantlet.core.limits import most_per_image
from gantlet.core.output import require_unchanged
from gantlet.core.results.estimate import count_text
from gantlet.core.results.marks import ARROWS, CLASS, MARKS, split_verdict, whisker
from gantlet.core.results.report import Report
from gantlet.core.visible import visible_in
from gantlet.core.words import agreeing, counted, every, some_of
from gantlet.reports.terminal import about, references

if TYPE_CHECKING:
    import jinja2

PNG = b"\x89PNG\r\n\x1a\n"
LABELS = {
    "d_loss": "discriminator loss",
    "g_loss": "generator loss",
    "real_logits": "real logits",
    "fake_logits": "fake logits",
}


@dataclass(frozen=True)
class Page:
    """The content of a page besides the report itself. ``events`` are the lines of events.jsonl; ``folder`` holds the pictures."""

    title: str
    folder: Path
    events: Sequence[dict[str, Any]] = ()
    grids: Sequence[tuple[int, Path]] = ()
    best: Report | None = None
    config: str = ""
    summaries: dict[str, str] = field(default_factory=dict)


def render(report: Report, page: Page) -> str:
    """Return the whole page as HTML text with all pictures and scripts inside."""
    from plotly.offline import get_plotlyjs

    report, page = visible_in(report), visible_in(page)
    environment = templates()
    environment.globals.update(marks=MARKS, split_verdict=split_verdict)
    environment.filters.update(picture=lambda name: picture(page.folder, name), whisker=whisker)
    best = {e.metric: e for e in page.best.estimates} if page.best else {}
    estimates = [e for e in report.estimates if e.value is not None]
    return environment.get_template("report.html").render(
        report=report,
        page=page,
        best=best,
        classed={
            role.removeprefix(CLASS): files
            for role, files in report.pictures.items()
            if role.startswith(CLASS) and len(files) == 2
        },
        estimates=estimates,
        about=about(estimates),
        references=references(report),
        undefined=[e for e in report.estimates if e.value is None],
        grids=[
            {"step": step, "source": picture(page.folder, str(path.relative_to(page.folder)))}
            for step, path in page.grids
        ],
        plots=json.dumps(plots(report, page.events)).replace("<", "\\u003c"),
        plotly=get_plotlyjs().replace("</script", "<\\/script"),
    )


def templates() -> "jinja2.Environment":
    """Return the pages' templates, which escape what they are given, with the words that all pages use."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gantlet.reports"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(arrows=ARROWS)
    environment.filters.update(count=count_text, counted=counted, some_of=some_of, agreeing=agreeing, every=every)
    return environment


def picture(folder: Path, name: str) -> str:
    """Return a PNG file below ``folder`` as a data URI; raises DataError for any other file."""
    path = folder / name
    if not lies_below(path, folder):
        raise DataError(
            f"the report names the picture {name!r}, which is no regular file below {folder}; evaluate again"
        )
    content = read_bytes(path, most_per_image())
    if not content.startswith(PNG):
        raise DataError(f"the report names the picture {name!r}, which is no PNG file; evaluate again")
    require_unchanged(name, content)
    return data_uri(content)


def data_uri(png: bytes) -> str:
    """Return a PNG as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def plots(report: Report, events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the page's figures as plotly data: histogram of modes, training curves, metrics over training."""
    figures: dict[str, Any] = {}
    if report.modes:
        names = [mode.name for mode in report.modes]
        figures["modes"] = {
            "data": [
                _bars("real", names, [m.n_real / max(report.n_real or 0, 1) for m in report.modes]),
                _bars("fake", names, [m.n_fake / max(report.n_fake or 0, 1) for m in report.modes]),
            ],
            "layout": {
                "barmode": "group",
                "xaxis": {"type": "category"},
                "yaxis": {"title": "share of images", "tickformat": ".0%", "rangemode": "tozero"},
            },
        }
    events = [event for event in events if "images_seen" in event]
    logs = [event for event in events if event.get("event") == "log"]
    if logs:
        figures["losses"] = _curves(logs, ["d_loss", "g_loss"], "loss")
        figures["logits"] = _curves(logs, ["real_logits", "fake_logits"], "mean logit")
    evaluations = [event for event in events if event.get("event") == "evaluate" and event.get("estimates")]
    for metric in ("frechet_distance", "coverage"):
        if len(evaluations) > 1:
            figures[metric] = _evaluations(evaluations, metric)
    return figures


def _bars(name: str, x: list[str], y: list[float]) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": name,
        "x": [html.escape(label) for label in x],
        "y": y,
    }  # plotly reads tags in labels


def _curves(logs: Sequence[dict[str, Any]], names: list[str], title: str) -> dict[str, Any]:
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": LABELS[n],
            "x": [e["images_seen"] for e in logs],
            "y": [e.get(n) for e in logs],
        }
        for n in names
    ]
    return {"data": lines, "layout": {"xaxis": {"title": "training images seen"}, "yaxis": {"title": title}}}


def _evaluations(evaluations: Sequence[dict[str, Any]], metric: str) -> dict[str, Any]:
    points = [
        (event["images_seen"], event["estimates"][metric]) for event in evaluations if metric in event["estimates"]
    ]
    x, y = [p[0] for p in points], [p[1]["value"] for p in points]
    band = {
        "type": "data",
        "symmetric": False,
        "array": [p[1]["high"] - p[1]["value"] for p in points],
        "arrayminus": [p[1]["value"] - p[1]["low"] for p in points],
    }
    line = {"type": "scatter", "mode": "lines+markers", "name": metric, "x": x, "y": y, "error_y": band}
    return {
        "data": [line],
        "layout": {
            "xaxis": {"title": "training images seen"},
            "yaxis": {"title": metric.replace("_", " "), "rangemode": "tozero"},
        },
    }
