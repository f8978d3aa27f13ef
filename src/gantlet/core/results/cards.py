"""Results as small HTML cards for a notebook: verdict and numbers, without scripts, pictures or requests."""

import html
from collections.abc import Iterable, Sequence

from gantlet.core.results.audit import AuditResult
from gantlet.core.results.comparison import Comparison
from gantlet.core.results.estimate import Estimate, count_text
from gantlet.core.results.lab import LabResult
from gantlet.core.results.marks import ARROWS, MARKS, split_verdict, whisker
from gantlet.core.results.report import Report
from gantlet.core.visible import visible
from gantlet.core.words import counted

COLOURS = {"green": "#1a7f4b", "red": "#c02b2b", "yellow": "#9a6700", "cyan": "#2456c7"}
DIM = "opacity:.7;font-size:.9em"
_CARD = "border:1px solid #8886;border-radius:8px;padding:.7em;margin:.3em 0;max-width:56em;overflow-x:auto"
_TD = "text-align:left;padding:.15em .9em .15em 0"
_BAR = "position:relative;height:14px;min-width:110px;background:linear-gradient(#8884,#8884) center/100% 2px no-repeat"


def report_card(report: Report) -> str:
    """Return verdict, metrics with interval and reference, and warnings of a report."""
    head = (
        f"{counted(report.n_fake, 'generated image')} (<b>{text(report.fake)}</b>) against {counted(report.n_real, 'real one')} "
        f"(<b>{text(report.real)}</b>), features <b>{text(report.features.get('name', '?'))}</b>"
    )
    rows = [
        (
            f"<b>{text(e.title)}</b> {ARROWS[e.lower_is_better]}",
            f"{e.value:.4g}",
            "" if e.low is None or e.high is None else f"{e.low:.4g} … {e.high:.4g}",
            bar(e),
            "—" if e.reference is None or e.reference.value is None else f"{e.reference.value:.4g}",
        )
        for e in report.estimates
        if e.value is not None
    ]
    undefined = [
        f"{e.title} is undefined: {'; '.join(note.removeprefix('undefined: ') for note in e.notes)}"
        for e in report.estimates
        if e.value is None
    ]
    lines = [verdict_line(line) for line in report.verdict]
    remarks = [dim(line) for line in undefined] + [dim(f"Warning: {line}") for line in report.warnings]
    return card(head, *lines, table(("metric", "value", "interval", "", "real"), rows), *remarks)


def estimate_card(e: Estimate) -> str:
    """Return one number with its interval, its reference and its notes."""
    facts = {
        "value": e.text,
        "interval": f"{e.interval}, {e.level:.0%}",
        "of": f"{count_text(e.n_real)} real, {count_text(e.n_fake)} generated",
    }
    facts |= {} if e.reference is None else {"real against real": e.reference.text}
    return card(f"<b>{text(e.title)}</b> {ARROWS[e.lower_is_better]}", pairs(facts), bar(e), *map(dim, e.notes))


def comparison_card(result: Comparison) -> str:
    """Return verdict and differences of a comparison."""
    head = f"A: <b>{text(result.a)}</b> · B: <b>{text(result.b)}</b>, against {text(result.real)}, features {text(result.features)}"
    rows = [
        (
            f"<b>{text(d.metric)}</b> {ARROWS[d.lower_is_better]}",
            f"{d.a:.4g}",
            f"{d.b:.4g}",
            f"{d.low:.3g} … {d.high:.3g}",
            f"{d.p_holm:.1g}",
            d.better,
        )
        for d in result.differences
    ]
    columns = ("metric", "A", "B", "A − B, interval", "p", "better")
    remarks = [dim(f"{metric} was not compared: {reason}") for metric, reason in result.left_out.items()]
    warnings = [dim(f"Warning: {line}") for line in result.warnings]
    return card(head, f"<p><b>{text(result.verdict)}</b></p>", table(columns, rows), *remarks, *warnings)


def lab_card(result: LabResult) -> str:
    """Return claim, numbers, verdict and table of a lab."""
    paper = result.paper_note if result.paper_value is None else f"{result.paper_value:.4g} ({result.paper_note})"
    facts = {
        "claim": result.claim,
        "source": result.source,
        "paper": paper,
        "ours": f"{result.ours.text}, {result.measure}",
        "tolerance": result.tolerance,
        "verdict": f"{result.verdict}: {result.why}",
    }
    rows = [tuple(_cell(value) for value in row) for row in result.rows]
    return card(f"<b>{text(result.lab)}</b> ({text(result.size)} size)", pairs(facts), table(result.columns, rows))


def audit_card(result: AuditResult) -> str:
    """Return verdict and, per metric and failure, the strength from which it is detected."""
    rows = []
    for space in result.spaces:
        for metric in result.metrics(space):
            curves = [(result.curve(space, metric, f.name).weakest(f.strengths), f.harmless) for f in result.failures]
            cells = [
                "—" if weakest is None else f"{weakest:g}{' (alarm)' if harmless else ''}"
                for weakest, harmless in curves
            ]
            rows.append((f"<b>{text(metric)}</b>", text(space), *cells))
    head = f"Audit on <b>{text(result.data)}</b>, {counted(result.n, 'image')} per side; a number: detected from this strength on"
    lines = [f"<p>{text(line)}</p>" for line in result.verdict]
    return card(head, *lines, table(("metric", "space", *(f.name for f in result.failures)), rows))


def _cell(value: object) -> str:
    if value is None:
        return "—"
    return f"{value:.3g}" if isinstance(value, float) else text(value)


def text(value: object) -> str:
    """Return a value as text that HTML shows and does not obey."""
    return html.escape(visible(str(value)))


def card(head: str, *parts: str) -> str:
    """Return a framed card; ``head`` and ``parts`` are HTML."""
    return f'<div style="{_CARD}"><p style="{DIM};margin:0 0 .4em">{head}</p>{"".join(parts)}</div>'


def dim(line: str) -> str:
    """Return a remark."""
    return f'<p style="{DIM};margin:.2em 0">{text(line)}</p>'


def verdict_line(line: str) -> str:
    """Return one line of a verdict with its mark."""
    kind, sentence = split_verdict(line)
    mark, colour = MARKS[kind]
    return f'<p style="margin:.2em 0"><b style="color:{COLOURS[colour]}" title="{kind}">{mark}</b> {text(sentence)}</p>'


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the cells are HTML."""
    head = "".join(f'<th style="{_TD}">{text(name)}</th>' for name in columns)
    lines = ["".join(f'<td style="{_TD}">{cell}</td>' for cell in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def pairs(facts: dict[str, str]) -> str:
    """Return facts by name as a table."""
    rows = "".join(
        f'<tr><th style="{_TD};vertical-align:top">{text(name)}</th><td style="{_TD}">{text(value)}</td></tr>'
        for name, value in facts.items()
    )
    return f"<table><tbody>{rows}</tbody></table>"


def bar(estimate: Estimate) -> str:
    """Return interval (band), value (dot) and reference (line) on one bar, or nothing."""
    spots = whisker(estimate)
    if spots is None:
        return ""
    width = spots["high"] - spots["low"]
    parts = [
        f'<i style="position:absolute;top:4px;height:6px;border-radius:3px;background:#2456c7;opacity:.45;min-width:2px;'
        f'left:{spots["low"]:.2f}%;width:{width:.2f}%"></i>'
    ]
    if "reference" in spots:
        left = spots["reference"]
        parts.append(
            f'<i style="position:absolute;top:0;width:2px;height:14px;background:#1a7f4b;left:{left:.2f}%"></i>'
        )
    parts.append(
        f'<i style="position:absolute;top:2px;width:10px;height:10px;margin-left:-5px;border-radius:50%;background:#2456c7;'
        f'left:{spots["value"]:.2f}%"></i>'
    )
    return f'<div style="{_BAR}" role="img" aria-label="value, interval and reference">{"".join(parts)}</div>'
