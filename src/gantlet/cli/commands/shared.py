"""Helpers of the commands: the first word, printing, showing a report."""

import sys
from pathlib import Path

from gantlet.cli.parse import positional
from gantlet.core.processes import rank
from gantlet.core.results.report import Report
from gantlet.core.visible import visible

Words = list[str]


def first(words: Words, command: str, what: str) -> tuple[str, Words]:
    """Return the first word and the rest; for a call for help, an empty word and ["--help"]."""
    if {"--help", "-h"} & set(words):
        return "", ["--help"]
    return positional(words, command, what)


def put(text: str) -> None:
    """Print one result to stdout and flush; of several processes only the first one prints."""
    if rank():
        return
    sys.stdout.write(visible(text) + "\n")
    sys.stdout.flush()


def show_report(report: Report | None, as_json: bool, folder: Path) -> None:
    """Print a report as JSON, or as a table with the path of its page; of several processes only the first one prints.

    Without a report (a training that was not evaluated): null, or the path of the folder.
    """
    if rank():
        return
    if report is None:
        put("null" if as_json else str(folder))
        return
    if as_json:
        put(report.to_json())
        return
    from gantlet.reports.terminal import show

    show(report)
    put(f"\n{folder / 'report.html'}")
