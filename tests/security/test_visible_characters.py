"""What is not seen is escaped, everywhere it is shown or written."""

import dataclasses
import io
import json
import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.offline import get_plotlyjs

from gantlet.actions.report import write_page
from gantlet.cli import main
from gantlet.cli.progress import Progress
from gantlet.core.config import TrainConfig
from gantlet.core.errors import UntrustedError
from gantlet.core.results.report import ModeCount, Report
from gantlet.core.trust import require_harmless
from gantlet.core.visible import in_unicode, json_text, toml_text, visible, visible_in
from gantlet.reports.html import plots
from gantlet.training.runs.events import read_events

EARLIER = Path(__file__).parents[1] / "compatibility" / "earlier"

UNSEEN = "\x1b\x07\x85\x9b\x7f\u202e\u2066\u200b\ufeff\xad\u2028\u2029\U000e0041\u2060\u3164\ue000"


def test_what_is_not_seen_is_escaped() -> None:
    """The oracle is Unicode's own table of categories."""
    for number in range(0x110000):
        character = chr(number)
        unseen = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and character not in "\t\n"
        if unseen or 0xE0000 <= number < 0xE1000:
            escaped = visible(character)
            assert escaped.isascii()
            assert json.loads(f'"{escaped}"') == character
        elif number < 0x300:
            assert visible(character) == character


def test_joiners_stay_where_they_are_read() -> None:
    for text in ("می\u200cخواهم", "क\u200dष", "👩\u200d👩\u200d👧", "❤\ufe0f\u200d🔥", "猫 é ß\tb\n"):
        assert visible(text) == text
    assert visible("a\u200db\ufe0f") == "a\\u200db\\ufe0f"


@given(st.text())
def test_json_and_toml_hold_the_same_values(text: str) -> None:
    whole = in_unicode(text)
    for written, read in ((json_text([text, UNSEEN]), json.loads), (json_text({text: 1}, indent=1), json.loads)):
        assert visible(written) == written
        assert read(written) in ([whole, UNSEEN], {whole: 1})
    toml = toml_text({"data": text, "more": [text, UNSEEN]})
    assert visible(toml) == toml
    assert tomllib.loads(toml) == {"data": whole, "more": [whole, UNSEEN]}
    config = TrainConfig(data=whole)
    assert TrainConfig.from_mapping(tomllib.loads(config.to_toml())) == config


def test_a_report_shows_all_characters(tmp_path: Path) -> None:
    earlier = Report.from_json((EARLIER / "report.json").read_text())
    modes = (ModeCount(f"cat{UNSEEN}", 3, 3), ModeCount("cat", 3, 0, "missing"))
    bare = dataclasses.replace(earlier, pictures={}, suspects=(), outliers=())
    odd = dataclasses.replace(bare, modes=modes, classes=modes, fake=UNSEEN, warnings=(UNSEEN,), verdict=(UNSEEN,))
    odd.save(tmp_path / "report.json")
    assert Report.load(tmp_path / "report.json") == odd
    (tmp_path / "config.toml").write_text(f"# {UNSEEN}", encoding="utf-8")
    (tmp_path / "events.jsonl").write_text(json_text({"event": "log", "note": UNSEEN}) + "\n", encoding="utf-8")
    page = write_page(tmp_path).read_text(encoding="utf-8")
    library = get_plotlyjs().replace("</script", "<\\/script")
    assert library in page
    for text in (page.replace(library, ""), (tmp_path / "report.json").read_text(encoding="utf-8")):
        assert not [character for character in UNSEEN if character in text]
    assert "\\u001b" in page
    figures = plots(visible_in(odd), [])
    assert visible_in(figures) == figures


def test_lines_of_events_end_at_line_feeds_alone(tmp_path: Path) -> None:
    raw = json.dumps({"event": "log", "note": "a\u2028b\x85c"}, ensure_ascii=False)
    (tmp_path / "events.jsonl").write_text(f"{raw}\n{raw}\n", encoding="utf-8")
    assert [event["note"] for event in read_events(tmp_path)] == ["a\u2028b\x85c"] * 2
    (tmp_path / "events.jsonl").write_text("")
    assert read_events(tmp_path) == []


def test_progress_shows_all_characters(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress._next_line = -100.0
        progress(f"reading {UNSEEN}", 1, 2)
        progress.say(f"wrote {UNSEEN}")
    error = capsys.readouterr().err
    assert "reading \\u001b" in error
    assert "wrote \\u001b" in error
    assert not [character for character in UNSEEN if character in error]


def test_escapes_are_shown_and_not_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert visible("a\x1b[2Jb\tc\nd\x9be\u202ef") == "a\\u001b[2Jb\tc\nd\\u009be\\u202ef"
    assert main(["evaluate", str(tmp_path / "no\x1b]0;title\x07such"), "--real", "digits"]) != 0
    error = capsys.readouterr().err
    assert "\x1b" not in error
    assert "such" in error


def test_a_reports_words_are_shown_and_not_sent() -> None:
    from rich.console import Console

    from gantlet.core.results.report import Report
    from gantlet.reports.terminal import show

    raw = json.loads((EARLIER / "report.json").read_text())
    raw |= {"fake": "x\x1b[31mred", "verdict": ["good: \x1b[2J"], "warnings": ["\x9b1A"]}
    stream = io.StringIO()
    show(Report.from_json(json.dumps(raw)), Console(file=stream, width=100, color_system=None))
    assert "\x1b" not in stream.getvalue()
    assert "\x9b" not in stream.getvalue()


@pytest.mark.parametrize("text", ["a/b\0c", "folder[path=a\0b]", "x/\ud83d/y", "dig\nits"])
def test_no_name_holds_control_characters(text: str) -> None:
    with pytest.raises(UntrustedError, match="control characters"):
        require_harmless(text, Path("run/config.toml"), inside=Path("run"))
