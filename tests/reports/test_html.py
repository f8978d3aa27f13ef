"""The HTML page and the terminal table show what the report says, and nothing they should not."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from gantlet.actions.report import load_report, write_page
from gantlet.core.errors import DataError, GantletError
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.report import Report
from gantlet.reports.html import whisker
from gantlet.reports.terminal import render
from gantlet.training.runs.events import read_events


def test_page_is_self_contained_and_escapes_file_names(finished_run: Path) -> None:
    text = write_page(finished_run).read_text()
    own = text[: text.index("<script>")]
    assert 'src="http' not in own and 'href="http' not in own
    assert "&lt;b&gt;evil&lt;/b&gt;.png" in own and "<b>evil</b>" not in own
    assert "never generated: 7." in own
    assert "undefined: there are no labels" in own


def test_terminal_table_names_every_metric(finished_run: Path) -> None:
    console = Console(file=io.StringIO(), width=140)
    console.print(render(load_report(finished_run)))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for expected in (
        "coverage",
        "0.83",
        "0.79 … 0.87",
        "0.95",
        "undefined",
        "there are no labels",
        "never generated: 7.",
    ):
        assert expected in text


def test_a_cut_last_event_is_left_out_but_a_broken_middle_one_is_named(finished_run: Path) -> None:
    assert len(read_events(finished_run)) == 23
    path = finished_run / "events.jsonl"
    path.write_text("{broken\n" + path.read_text())
    with pytest.raises(DataError, match="line 1"):
        read_events(finished_run)


def test_report_round_trip_and_foreign_json(finished_run: Path) -> None:
    report = load_report(finished_run)
    assert Report.from_json(report.to_json()) == report
    (finished_run / "report.json").write_text('{"schema": 1}')
    with pytest.raises(GantletError, match="not a gantlet report"):
        load_report(finished_run)
    with pytest.raises(DataError, match=r"no report\.json"):
        load_report(finished_run / "samples")


def test_whisker_places_value_interval_and_reference() -> None:
    spots = whisker(
        Estimate("coverage", 0.5, 0.25, 0.75, unit="share of real images", reference=Estimate("coverage", 1.0))
    )
    assert spots == {"value": 50.0, "low": 25.0, "high": 75.0, "reference": 100.0}
    assert whisker(Estimate("x", 0.0, 0.0, 0.0)) is None


def test_what_is_drawn_is_also_said(finished_run: Path) -> None:
    text = write_page(finished_run).read_text()
    own = text[: text.index("<script>")]
    assert own.count("<main>") == own.count("</main>") == 1 and "<th></th>" not in own
    assert all(re.search(r'alt="[^"]+"', image) for image in re.findall(r"<img [^>]*>", own))
    assert 'aria-label="0.83 [0.79, 0.87]; real against real 0.95"' in own
    assert re.search(r"<summary>coverage .*?</summary><span[^>]*>Coverage: the share of real images", own)
    plots = re.findall(r'<div id="plot-\w+" class="plot"([^>]*)>', own)
    assert plots and all('role="img" aria-label=' in plot for plot in plots)
