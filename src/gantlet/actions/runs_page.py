"""Write results about methods into a folder: numbers as JSON, one page, and the report of each run."""

from pathlib import Path

from gantlet.actions.catalogue import entries
from gantlet.actions.report import write_page
from gantlet.core.files import write_text
from gantlet.core.output import METHODS, RUNS, writing_result
from gantlet.core.results.runs import RunsComparison, RunsReport
from gantlet.reports.runs import render_methods, render_runs


def run_folders(count: int) -> tuple[str, ...]:
    """Return the names of the folders of the runs' own reports."""
    return tuple(f"run-{place}" for place in range(1, count + 1))


def write_runs(out: Path, result: RunsReport) -> Path:
    """Write runs.json, runs.html and each run's report.html; return the page's path. Raises OutputError."""
    with writing_result(out, RUNS):
        (out / "runs.html").unlink(missing_ok=True)  # of the earlier one
        for folder, name in zip(result.reports, result.runs, strict=False):
            write_page(out / folder, title=f"{name}: how good are these images?")
        write_text(out / RUNS.file, result.to_json())
        write_text(out / "runs.html", render_runs(result, _summaries()))
    return out / "runs.html"


def write_methods(out: Path, result: RunsComparison) -> Path:
    """Write methods.json and methods.html; return the page's path. Raises OutputError."""
    with writing_result(out, METHODS):
        (out / "methods.html").unlink(missing_ok=True)  # of the earlier one
        write_text(out / METHODS.file, result.to_json())
        write_text(out / "methods.html", render_methods(result, _summaries()))
    return out / "methods.html"


def _summaries() -> dict[str, str]:
    return {entry.name: entry.summary for entry in entries("metrics")}
