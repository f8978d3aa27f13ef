"""What an attacker found: each with the right answer."""

import dataclasses
import io
import json
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from gantlet.actions.report import write_page
from gantlet.cli import main
from gantlet.core.errors import DataError, OutputError
from gantlet.core.files import lies_below, safe_name, writing
from gantlet.core.results.report import ModeCount, Report
from gantlet.core.visible import visible_in
from gantlet.data import collection
from gantlet.data.idx import read_idx
from gantlet.data.opening import open_source
from gantlet.evaluation.features.statistics_file import read_statistics
from gantlet.reports.terminal import show
from gantlet.training.runs.events import read_events

EARLIER = Path(__file__).parents[1] / "compatibility" / "earlier"


def report() -> Report:
    return Report.from_json((EARLIER / "report.json").read_text())


def test_no_text_of_a_report_is_sent() -> None:
    odd = dataclasses.replace(report(), features={"name": "\x1b[31mX", "spaces": ["\x9b"]}, real="a\x1b]0;b")
    stream = io.StringIO()
    show(odd, Console(file=stream, width=100, color_system=None))
    assert "\x1b" not in stream.getvalue()
    assert "\\u001b[31mX" in stream.getvalue()
    assert visible_in({"\x1b": ["\x07", ("\x00", 3, None)]}) == {"\\u001b": ["\\u0007", ("\\u0000", 3, None)]}


def test_halves_of_an_interval() -> None:
    for changes in ({"high": None}, {"low": None}, {"value": None, "notes": ["x"]}):
        raw = json.loads(report().to_json())
        del raw["sha256"]
        raw["estimates"][0] |= changes
        with pytest.raises(DataError, match="half an interval"):
            Report.from_json(json.dumps(raw))
    lost = dataclasses.replace(report(), modes=(ModeCount("a", 3, 3, collapsed=True),))
    with pytest.raises(DataError, match="lost variety"):
        Report.from_json(lost.to_json())
    with pytest.raises(DataError, match="n_real"):
        Report.from_json(dataclasses.replace(report(), n_real=10**400).to_json())


@pytest.mark.parametrize(
    "line", ['{"event": "log", "loss": 1' + "0" * 400 + "}", f'{{"event": "log", "step": {2**63}}}']
)
def test_numbers_of_events_that_no_computer_holds(line: str, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(f"{line}\n{{}}\n")
    with pytest.raises(DataError, match="line 1"):
        read_events(tmp_path)


def test_a_class_cannot_end_the_pages_script(tmp_path: Path) -> None:
    modes = (ModeCount("<!--<script>", 3, 3), ModeCount("</script>", 3, 0, "missing"))
    dataclasses.replace(report(), modes=modes, pictures={}, suspects=(), outliers=()).save(tmp_path / "report.json")
    page = write_page(tmp_path).read_text()
    assert "<!--<script>" not in page
    assert page.count("</script>") == page.count("<script")


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("L", (8, 8)).save(stream, "PNG")
    return stream.getvalue()


def archive(n: int) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for i in range(n):
            info = tarfile.TarInfo(f"{i}.png")
            info.size = len(png())
            tar.addfile(info, io.BytesIO(png()))
    return stream.getvalue()


def test_an_archive_that_stops_early_is_no_smaller_set(tmp_path: Path) -> None:
    whole = archive(6)
    start = whole.index(b"3.png")
    member = 512 + -(-len(png()) // 512) * 512
    flipped = bytearray(whole)
    flipped[start + 20] ^= 1
    zeroed = whole[:start] + bytes(512) + whole[start + 512 :]
    path = tmp_path / "x.tar"
    for content in (bytes(flipped), zeroed, whole[:start], whole[: start + member]):
        path.write_bytes(content)
        with pytest.raises(DataError, match="damaged, incomplete"):
            open_source(str(path))
    path.write_bytes(whole)
    assert len(open_source(str(path))) == 6


def test_an_idx_file_of_many_axes(tmp_path: Path) -> None:
    (tmp_path / "x.idx").write_bytes(b"\0\0\x08\xff" + struct.pack(">255I", *[1] * 255) + b"\0")
    with pytest.raises(DataError, match="255 axes"):
        read_idx(tmp_path / "x.idx")


@pytest.mark.parametrize(
    "sigma", [-np.eye(3), np.diag([1.0, 1.0, -0.5]), np.eye(3) * 1j, np.array([[1, 0, 0.5], [0, 1, 0], [0, 0, 1]])]
)
def test_published_statistics_that_are_none(sigma: np.ndarray, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", mu=np.zeros(3), sigma=sigma)
    with pytest.raises(DataError, match=r"no covariance|real numbers"):
        read_statistics(tmp_path / "x.npz")
    np.savez(tmp_path / "x.npz", mu=np.zeros(3), sigma=np.diag([1, 1e-3, 0]))
    assert read_statistics(tmp_path / "x.npz").summary.n is None


def test_a_page_shows_no_text_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret")
    run = tmp_path / "run"
    run.mkdir()
    dataclasses.replace(report(), pictures={}, suspects=(), outliers=(), modes=()).save(run / "report.json")
    (run / "config.toml").symlink_to(tmp_path / "secret")
    assert "a secret" not in write_page(run).read_text()
    (run / "samples").mkdir()
    (run / "samples" / "step-00000001.png").symlink_to(run / "samples" / "step-00000001.png")
    with pytest.raises(DataError, match="no regular file"):
        write_page(run)


def test_a_name_that_no_file_system_takes(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["train", "digits", "--steps", "2", "--out", "x" * 300],
        ["report", "x" * 300],
        ["sample", "x" * 300, "--out", "y.npz"],
    ):
        assert main(words) in (1, 2)
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "x" * 300 in error


@pytest.mark.parametrize(
    "words", [["--lr-generator", "inf"], ["--lr-generator", "1e999"], ["--latent", "9" + "0" * 29], ["--beta1", "nan"]]
)
def test_numbers_of_options_that_no_computer_holds(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "digits", "--steps", "2", *words]) == 2
    assert "expected" in capsys.readouterr().err


def test_of_two_that_write_one_new_file_the_second_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with pytest.raises(OutputError, match="exists there"), writing(path, new=True) as slow:
        slow.write_text("slow")
        with writing(path, new=True) as quick:
            quick.write_text("quick")
    assert path.read_text() == "quick"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.zip"]


def test_a_name_forges_no_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "x\ngantlet: done, FID 0.1.png/", "--real", "digits"]) != 0
    assert capsys.readouterr().err.count("\n") == 1


def test_names_that_are_ignored_where_images_are_read_are_not_written() -> None:
    for name in ("__MACOSX", "Thumbs.db", "desktop.ini", ".DS_Store", "x" * 300):
        assert collection._hidden(safe_name(name)) is False
        assert len(safe_name(name)) <= 200


def test_an_upload_and_a_log_follow_no_link_to_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret")
    for name in ("inside", "missing"):
        assert not lies_below(tmp_path / "run" / name, tmp_path / "run")
    run = tmp_path / "run"
    run.mkdir()
    (run / "a").write_text("a")
    (run / "inside").symlink_to(run / "a")
    (run / "outside").symlink_to(tmp_path / "secret")
    (run / "loop").symlink_to(run / "loop")
    assert [lies_below(run / name, run) for name in ("a", "inside", "outside", "loop", "..")] == [
        True,
        True,
        False,
        False,
        False,
    ]
