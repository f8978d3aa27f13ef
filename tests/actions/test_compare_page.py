"""The page of a comparison: written whole and by itself, the conclusion first, each row on its side, pictures by class."""

import base64
import html
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gantlet
from gantlet.cli import main
from gantlet.core.errors import GantletError, OutputError
from gantlet.core.results.comparison import Comparison, Difference
from gantlet.core.results.plots import difference_rows
from gantlet.reports.comparison import headline, render

SETTINGS = {"features": "pixels[size=8]", "metrics": ("coverage", "frechet_distance"), "cache": False}


def difference(metric: str, low: float, high: float, better: str, lower: bool) -> Difference:
    middle = (low + high) / 2
    return Difference(metric, 1 + middle, 1.0, middle, low, high, 0.01, 0.02, better, False, lower, 30, 40, ("a note",))  # type: ignore[arg-type]


COMPARISON = Comparison(
    "a/", "<b>evil</b>/", "real/", "pixels", 0.95,
    (difference("frechet_distance", -4.0, -2.0, "A", True), difference("coverage", -0.4, -0.2, "B", False),
     difference("recall", -0.1, 0.3, "", False)),
    "A is better by frechet_distance.", {"density": "it has no interval"}, ("A was cut",), ("5 copies",), "frechet_distance",
)  # fmt: skip


def pixels(n: int, seed: int, shift: float = 0.0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(110 + shift, 20, (n, 8, 8, 1))
    return noise.clip(0, 255).astype(np.uint8)


def npz(path: Path, seed: int, labels: list[int], shift: float = 0.0) -> str:
    """Write 60 images; image i has the label ``labels[i % len(labels)]`` and shows it as its brightness."""
    rows = np.array([labels[i % len(labels)] for i in range(60)])
    images = (pixels(60, seed, shift) // 8 + 40 * rows[:, None, None, None]).astype(np.uint8)
    np.savez(path, x=images, y=rows)
    return str(path)


def pictures(page: str) -> dict[str, np.ndarray]:
    """Return the page's pictures by their alternative texts."""
    found = re.findall(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]+)"', page)
    return {alt: np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data, alt in found}


def test_left_of_the_line_a_is_better_whatever_the_direction_of_the_metric() -> None:
    lower, higher, unclear = difference_rows(COMPARISON)
    assert (lower.value, lower.low, lower.high) == pytest.approx((-0.75, -1.0, -0.5))
    assert (higher.value, higher.low, higher.high) == pytest.approx((0.75, 0.5, 1.0))
    assert (unclear.value, unclear.low, unclear.high) == pytest.approx((-1 / 3, -1.0, 1 / 3))
    assert higher.text == "-0.3 [-0.4, -0.2], B is better", "the text says A − B as it is"


def test_the_page_begins_with_the_conclusion_and_holds_everything() -> None:
    page = render(COMPARISON, {}, {"coverage": "share of real images"})
    order = [
        "A is better by frechet distance</",
        "5 copies",
        COMPARISON.verdict,
        "Primary metric",
        "All differences",
        "Notes",
    ]
    places = [page.index(text, page.index("<h1>")) for text in order]
    assert places == sorted(places)
    assert "&lt;b&gt;evil&lt;/b&gt;" in page and "<b>evil" not in page
    for text in ("A was cut", "it has no interval", "a note", "share of real images", "30 / 40", "*: unpaired"):
        assert text in page
    rows = re.findall(r'<div class="forest (\w*)" role="img" aria-label="([^"]+)"', page)
    assert [side for side, _ in rows] == ["a", "b", ""]
    assert rows[0][1] == html.escape("A − B: -3 [-4, -2], A is better")
    assert "<script" not in page and "http" not in page and "Side by side" not in page


def test_headlines_of_no_difference_and_of_no_metric() -> None:
    assert headline(COMPARISON.differences[2]) == "No clear difference between A and B by recall"
    empty = Comparison("a", "b", "real", "pixels", 0.95, (), "Not compared.", {"x": "why"})
    assert "A and B could not be compared" in render(empty, {})


def test_the_command_writes_page_and_numbers_with_pictures_by_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    real = npz(tmp_path / "real.npz", 0, [0, 1, 2])
    a, b = npz(tmp_path / "a.npz", 1, [2, 1, 0], 4), npz(tmp_path / "b.npz", 2, [0, 2], 40)
    words = ["--features", "pixels", "--metrics", "coverage,precision", "--no-cache"]
    assert main(["compare", a, b, "--real", real, *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(Path("gantlet-comparison/comparison.json").read_text())
    page = Path("gantlet-comparison/comparison.html").read_text()
    found = pictures(page)
    sides = ("generated, A", "real", "generated, B")
    assert set(found) == {f"{label}: {side}" for label in "012" for side in sides} - {"1: generated, B"}
    assert '<span class="none">none</span>' in page
    missed = page[page.index("What A and B miss") : page.index("Side by side")]
    assert re.search(
        r'<h3 class="b">B</h3>.*<b>1</b> <span class="red">missing</span>.*0 of 60 generated', missed, re.S
    )
    assert 'class="red">missing' not in missed[: missed.index('<h3 class="b">')].partition('<h3 class="a">')[2]
    for name, picture in found.items():
        shown = picture[picture != 128].mean()
        assert 40 * int(name[0]) + 8 <= shown <= 40 * int(name[0]) + 26, f"{name} shows another class"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz", "gantlet-comparison", "real.npz"]
    assert main(["compare", a, b, "--real", real, *words, "--out", "gantlet-comparison"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("gantlet-comparison/comparison.html")


def test_nothing_is_written_into_images_or_over_what_is_no_comparison(tmp_path: Path) -> None:
    folder = tmp_path / "fakes"
    folder.mkdir()
    for index, image in enumerate(pixels(20, 1)):
        Image.fromarray(image[:, :, 0]).save(folder / f"{index:02d}.png")
    with pytest.raises(OutputError, match="images there are read"):
        gantlet.compare(str(folder), pixels(20, 2), pixels(20, 3), out=folder / "page", **SETTINGS)
    (tmp_path / "comparison.json").write_text('{"mine": 1}')
    with pytest.raises(OutputError, match="no gantlet result"):
        gantlet.compare(pixels(20, 1), pixels(20, 2), pixels(20, 3), out=tmp_path, **SETTINGS)
    assert not (tmp_path / "comparison.html").exists() and len(list(folder.iterdir())) == 20


def test_two_stored_reports_show_the_pictures_that_lie_beside_them(tmp_path: Path) -> None:
    real = pixels(60, 3)
    for name, seed in (("a", 1), ("b", 2)):
        gantlet.evaluate(pixels(60, seed), real, out=tmp_path / name, **SETTINGS)
    result = gantlet.compare_reports(tmp_path / "a", tmp_path / "b", out=tmp_path / "page")
    page = (tmp_path / "page" / "comparison.html").read_text()
    assert set(pictures(page)) == {"generated, A", "real", "generated, B"}
    assert json.loads((tmp_path / "page" / "comparison.json").read_text())["verdict"] == result.verdict
    (kept,) = (tmp_path / "b" / "pictures").glob("fakes-*.png")
    content = kept.read_bytes()
    kept.write_bytes(content[:-1] + b"x")
    with pytest.raises(GantletError, match="damaged or changed"):
        gantlet.compare_reports(tmp_path / "a", tmp_path / "b", out=tmp_path / "page")
    assert (tmp_path / "page" / "comparison.html").read_text() == page, "the earlier page is intact"
    kept.unlink()
    gantlet.compare_reports(tmp_path / "a", tmp_path / "b", out=tmp_path / "page")
    assert not pictures((tmp_path / "page" / "comparison.html").read_text())


def test_features_have_no_pictures_and_points_are_drawn_over_the_real_ones(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sides = [rng.normal(shift, 1, (60, 2)).astype(np.float32) for shift in (0, 0.1, 2)]
    settings = {"metrics": ("coverage",), "cache": False}
    real, a, b = (gantlet.points(rows) for rows in sides)
    gantlet.compare(a, b, real, out=tmp_path / "x", **settings)
    assert set(pictures((tmp_path / "x" / "comparison.html").read_text())) == {"generated, A", "generated, B"}
    real, a, b = (gantlet.features(rows, "mine") for rows in sides)
    gantlet.compare(a, b, real, out=tmp_path / "y", **settings)
    assert "Side by side" not in (tmp_path / "y" / "comparison.html").read_text()
