"""Write the page of a run or an evaluation from the files in its folder."""

from pathlib import Path

from gantlet.actions.catalogue import entries
from gantlet.core.errors import DataError, OutputError
from gantlet.core.files import INTACT, lies_below, read_text, write_text
from gantlet.core.results.report import Report
from gantlet.reports.html import Page, render
from gantlet.training.journal import pictures
from gantlet.training.runs.events import read_events


def load_report(folder: Path) -> Report:
    """Read the report.json of a run or evaluation; raises DataError when there is none."""
    path = folder / "report.json" if folder.is_dir() else folder
    if not path.is_file():
        raise DataError(
            f"no report.json in {folder}: expected the folder of a finished run or evaluation (gantlet evaluate writes one)"
        )
    return Report.load(path)


def write_page(folder: Path, title: str = "") -> Path:
    """Render report.html from report.json, the pictures and, for a run, its events and sample grids; return its path.

    ``folder`` may be the path of its report.json.
    """
    folder = folder.parent if folder.name == "report.json" and folder.is_file() else folder
    report = load_report(folder)
    best = folder / "report-best.json"
    config = folder / "config.toml"
    page = Page(
        title=title or f"{folder.resolve().name}: how good are these images?",
        folder=folder,
        events=read_events(folder),
        grids=pictures(folder),
        best=Report.load(best) if lies_below(best, folder) else None,
        config=read_text(config) if lies_below(config, folder) else "",
        summaries={entry.name: entry.summary for entry in entries("metrics")},
    )
    try:
        write_text(folder / "report.html", render(report, page))
    except OutputError as error:
        message = str(error).replace(INTACT, "")
        raise OutputError(f"{message}; report.json is whole, and gantlet report {folder} writes its page") from error
    return folder / "report.html"
