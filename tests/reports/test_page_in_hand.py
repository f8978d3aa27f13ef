"""Pages in people's hands, in Chromium: training plays and stops, pictures are saved, paper holds it all, axe finds nothing."""

import dataclasses
import importlib.util
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gantlet.actions.leaderboard import leaderboard_of
from gantlet.actions.report import write_page
from gantlet.core.drawing.pictures import png
from gantlet.core.results.comparison import Comparison, Difference
from gantlet.core.results.misses import Miss
from gantlet.core.results.report import Report
from gantlet.reports.comparison import render
from gantlet.reports.html import data_uri
from gantlet.reports.leaderboard import render as render_leaderboard

pytestmark = pytest.mark.browser
DOT = data_uri(png(np.zeros((8, 8, 3), np.uint8)))
PAPER = 720
"""Pixels of 96 per inch between the margins of a sheet of A4."""


@pytest.fixture
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield started
        started.close()


def comparison(folder: Path) -> Path:
    differences = tuple(
        Difference(name, 6.792e4, 7.84e4, -1.05e4, -1.28e4, -8.21e3, 1e-161, 1e-160, "A", False, True, 50_000, 10_000)
        for name in ("frechet_distance_debiased", "coverage")
    )
    misses = {"A": (), "B": (Miss("7", "missing", "0 of 500 generated, 40 of 500 real"),)}
    result = Comparison(
        "a/", "b/", "real/", "x", 0.95, differences, "A is better.", {}, primary="coverage", misses=misses
    )
    strips = {label: dict.fromkeys(("A", "real", "B"), DOT) for label in ("cat", "dog")}
    (folder / "comparison.html").write_text(render(result, strips, {"coverage": "share of real images"}))
    return folder / "comparison.html"


def leaderboard(folder: Path) -> Path:
    plain = Report.load(folder)
    reports = {name: dataclasses.replace(plain, digests={"real": "0", "fake": name}) for name in ("runs/a", "runs/b")}
    result = leaderboard_of((reports, dict.fromkeys(reports, folder)), "", None)
    strips = {"": [("7", DOT)], "runs/a": [("7", DOT)], "runs/b": [("7", "")]}
    (folder / "leaderboard.html").write_text(render_leaderboard(result, strips))
    return folder / "leaderboard.html"


def report(folder: Path) -> Path:
    generator = np.random.default_rng(1)
    for step in range(200, 700, 100):
        noise = generator.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"samples/step-{step:08d}.png")
    return write_page(folder)


PAGES = {"report": report, "comparison": comparison, "leaderboard": leaderboard}


def opened(browser: Any, page: Path, problems: list[str], **context: Any) -> Any:
    sheet = browser.new_context(offline=True, **{"viewport": {"width": 1280, "height": 900}, **context}).new_page()
    sheet.on("console", lambda message: problems.append(message.text))
    sheet.on("pageerror", lambda error: problems.append(str(error)))
    sheet.on("request", lambda request: problems.append(request.url) if request.url.startswith("http") else None)
    sheet.goto(page.as_uri())
    return sheet


def test_training_plays_stops_and_stands_still_where_motion_is_unwanted(finished_run: Path, browser: Any) -> None:
    path, problems = report(finished_run), list[str]()
    page = opened(browser, path, problems)
    page.locator("#grid").scroll_into_view_if_needed()
    page.wait_for_function("document.getElementById('play').textContent.includes('pause')")
    page.click("#play")
    shown = page.input_value("#slider")
    page.wait_for_timeout(900)
    assert page.input_value("#slider") == shown and "play" in page.inner_text("#play"), "it stands still"
    page.fill("#slider", "5")
    page.click("#play")
    page.wait_for_function("document.getElementById('slider').value === '6'")
    page.wait_for_function("document.getElementById('play').textContent.includes('play')")
    assert page.inner_text("#step") == "600", "it ends at the newest samples"
    calm = opened(browser, path, problems, reduced_motion="reduce")
    calm.locator("#grid").scroll_into_view_if_needed()
    calm.wait_for_timeout(900)
    assert calm.inner_text("#step") == "600" and "play" in calm.inner_text("#play")
    calm.click("#play")
    calm.wait_for_function("document.getElementById('step').textContent !== '600'")
    assert problems == []


@pytest.mark.parametrize("which", ["[data-save=grid]", "[data-save=images]", "[data-plot=modes]", "[data-plot=losses]"])
def test_pictures_are_saved_as_png_without_a_request(finished_run: Path, browser: Any, which: str) -> None:
    problems: list[str] = []
    page = opened(browser, report(finished_run), problems, accept_downloads=True, reduced_motion="reduce")
    page.wait_for_selector("#plot-modes .main-svg")
    with page.expect_download() as waiting:
        page.click(which)
    content = Path(waiting.value.path()).read_bytes()
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "PNG" and waiting.value.suggested_filename.endswith(".png")
    if which == "[data-save=grid]":
        assert content == (finished_run / "samples/step-00000600.png").read_bytes()
    else:
        assert picture.width >= 480 and len(picture.convert("RGB").getcolors(10**6) or ()) > 20, "something is drawn"
    assert problems == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_paper_holds_the_whole_page_in_dark_ink(finished_run: Path, browser: Any, name: str) -> None:
    path = PAGES[name](finished_run)
    page = opened(
        browser, path, [], viewport={"width": PAPER, "height": 1000}, color_scheme="dark", reduced_motion="reduce"
    )
    page.wait_for_timeout(300)
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 33, 41)"
    assert page.evaluate("[...document.querySelectorAll('.screen')].every(e => !e.getClientRects().length)")
    cut = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(cut) == 0, "no column is cut off"
    assert page.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_what_hovering_says_a_finger_reaches_too(finished_run: Path, browser: Any, name: str) -> None:
    page = opened(
        browser, PAGES[name](finished_run), [], viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    assert page.locator("main [title]").count() == 0, "a title shows under a mouse alone"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for word in page.locator("details.what > summary").all()[:2]:
        word.tap()
        assert word.evaluate("e => e.parentElement.open")


def axe() -> str:
    """Return axe-core's script from $GANTLET_AXE, or from the package axe-playwright-python; skips where there is none."""
    if place := os.environ.get("GANTLET_AXE"):
        return Path(place).read_text()
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or not found.submodule_search_locations:
        pytest.skip("axe-core is not installed (pip install axe-playwright-python, or GANTLET_AXE=axe.min.js)")
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", sorted(PAGES))
def test_axe_finds_nothing(finished_run: Path, browser: Any, name: str, scheme: str) -> None:
    script = axe()
    page = opened(browser, PAGES[name](finished_run), [], color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(script)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\">')")
    assert page.evaluate("axe.run(document, {runOnly: ['image-alt']})")["violations"], "and it is not blind"
