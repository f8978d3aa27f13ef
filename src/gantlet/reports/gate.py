"""A gate on the terminal, as a GitHub step summary (Markdown) and as JUnit XML."""

import re
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from gantlet.core.errors import OutputError
from gantlet.core.files import explained, read_bytes, write_text
from gantlet.core.results.gate import Gate
from gantlet.core.results.marks import ARROWS, MARKS, split_verdict
from gantlet.core.results.report import Report
from gantlet.core.visible import visible
from gantlet.core.words import counted

STATES = {"passed": "✓", "failed": "✗", "undefined": "?"}
SUITE = '<testsuites name="gantlet'
LARGEST = 2**24


def lines(gate: Gate) -> list[str]:
    """Return the outcome, and one line per check."""
    return [gate.text, *(f"  {STATES[c.state]} {c.condition}: {c.reason}" for c in gate.checks)]


def markdown(report: Report, gate: Gate, page: str = "") -> str:
    """Return a report and its gate as Markdown: the outcome, the verdict, and one row per metric."""
    parts = [f"### gantlet: {_cell(report.fake)} against {_cell(report.real)}"]
    if gate.checks:
        rows = [f"| {STATES[c.state]} {c.state} | `{_code(c.condition)}` | {_cell(c.reason)} |" for c in gate.checks]
        parts.append("\n".join([f"**{_cell(gate.text)}**", "", "| | fails if | |", "|---|---|---|", *rows]))
    verdict = [split_verdict(line) for line in report.verdict]
    parts.append("\n".join(f"- {MARKS[kind][0]} {_cell(sentence)}" for kind, sentence in verdict))
    level = f"{report.estimates[0].level:.0%} interval" if report.estimates else "interval"
    rows = [
        f"| {_cell(e.title)} {ARROWS[e.lower_is_better]} | {e.text if e.value is not None else _cell('; '.join(e.notes))} | "
        f"{e.reference.text if e.reference is not None else '—'} |"
        for e in report.estimates
    ]
    parts.append("\n".join([f"| metric | value [{level}] | real against real |", "|---|---|---|", *rows]))
    parts += [f"⚠ {_cell(warning)}" for warning in report.warnings]
    sizes = f"{counted(report.n_fake, 'generated image')}, {counted(report.n_real, 'real one')}"
    where = f"; page: `{_code(page)}`" if page else ""
    parts.append(f"<sub>{sizes}, features {_cell(report.features.get('name', '?'))}, seed {report.seed}{where}</sub>")
    return "\n\n".join(part for part in parts if part) + "\n"


def _cell(text: object) -> str:
    """Return a text that Markdown and HTML show as it is, within one cell of a table."""
    plain = escape(visible(str(text))).replace("\n", " ")
    return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", plain)


def _code(text: str) -> str:
    return visible(text).replace("`", "'").replace("|", "\\|").replace("\n", " ")


def append_markdown(path: Path, text: str) -> None:
    """Append to a file, as GitHub's step summaries are written; raises OutputError."""
    with explained(path), path.open("a", encoding="utf-8") as file:
        file.write(text)


def junit(gate: Gate, report: Report) -> str:
    """Return the checks as JUnit XML: a failed one is a failure, an undefined one an error."""
    states = [check.state for check in gate.checks]
    failures, errors = states.count("failed"), states.count("undefined")
    counts = f'tests="{len(states)}" failures="{failures}" errors="{errors}"'
    cases = [_case(check.condition, check.state, check.reason) for check in gate.checks]
    name = quoteattr(_xml(f"{report.fake} against {report.real}"))
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'{SUITE} gate" {counts}>',
            f"  <testsuite name={name} {counts}>",
            *cases,
            "  </testsuite>",
            "</testsuites>",
            "",
        ]
    )


def junit_of_failure(message: str) -> str:
    """Return JUnit XML of an evaluation that came to no result: one test, which is an error."""
    counts = 'tests="1" failures="0" errors="1"'
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'{SUITE} gate" {counts}>',
            f'  <testsuite name="gantlet evaluate" {counts}>',
            _case("the evaluation ran", "undefined", message),
            "  </testsuite>",
            "</testsuites>",
            "",
        ]
    )


def markdown_of_failure(message: str) -> str:
    """Return the Markdown of an evaluation that came to no result."""
    return f"### gantlet: no result\n\n- {STATES['failed']} {_cell(message)}\n"


def _case(condition: str, state: str, reason: str) -> str:
    head = f'    <testcase classname="gantlet.gate" name={quoteattr(_xml(condition))}'
    if state == "passed":
        return f"{head}><system-out>{escape(_xml(reason))}</system-out></testcase>"
    tag = "failure" if state == "failed" else "error"
    return f"{head}><{tag} message={quoteattr(_xml(reason))}/></testcase>"


def _xml(text: str) -> str:
    """Return a text with nothing that XML 1.0 cannot hold."""
    return visible(text)


def require_junit(path: Path) -> None:
    """Raise OutputError where a file would be replaced that is no earlier gate of ours."""
    if path.is_dir() or (path.exists() and SUITE.encode() not in read_bytes(path, LARGEST)[:500]):
        raise OutputError(f"{path} exists and is no gate that gantlet wrote; choose another name for --junit")


def write_junit(path: Path, text: str) -> None:
    """Write JUnit XML in the place of an earlier one."""
    write_text(path, text)


def folders_missing(paths: Sequence[Path | None]) -> None:
    """Raise OutputError where a file would be written into a folder that is not there."""
    for path in paths:
        if path is not None and not path.absolute().parent.is_dir():
            raise OutputError(f"there is no folder {path.parent} to write {path.name} into; make it first")
