"""What the commands share: the first word, printing, showing a report."""

import sys
from pathlib import Path

from gantlet.cli.parse import positional
from gantlet.core.processes import rank
from gantlet.core.results.report import Report

Words = list[str]


def first(words: Words, command: str, what: str) -> tuple[str, Words]:
    """Take the first word, or turn a call for help into one without it."""
    if {"--help", "-h"} & set(words):
        return "", ["--help"]
    return positional(words, command, what)


def put(text: str) -> None:
    """Print one result to stdout at once; of several processes the first one does."""
    if rank():
        return
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def show_report(found: Report, as_json: bool, folder: Path) -> None:
    """Print a report as JSON, or as a table with the place of its page; of several processes the first one does."""
    if rank():
        return
    if as_json:
        put(found.to_json())
        return
    from gantlet.reports.terminal import show

    show(found)
    put(f"\n{folder / 'report.html'}")
