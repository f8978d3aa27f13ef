"""The page in Chromium: it renders from disk with no console error, its slider works, and nothing is wider than a phone."""

import os
from pathlib import Path

import numpy as np
import pytest

from gantlet.actions.report import write_page
from gantlet.core.drawing.pictures import png
from gantlet.core.results.comparison import Comparison, Difference
from gantlet.reports.comparison import render
from gantlet.reports.html import data_uri

pytestmark = pytest.mark.browser
DOT = data_uri(png(np.zeros((1, 1, 3), np.uint8)))


SCREENS = [(1280, 900, "light"), (390, 844, "light"), (1280, 900, "dark")]


@pytest.mark.parametrize(("width", "height", "scheme"), SCREENS)
def test_page_renders_without_errors(finished_run: Path, chromium: str, width: int, height: int, scheme: str) -> None:
    from playwright.sync_api import sync_playwright

    page_path = write_page(finished_run)
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=True)
        page = context.new_page()
        problems: list[str] = []
        page.on(
            "console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: problems.append(request.url) if request.url.startswith("http") else None)
        page.goto(page_path.as_uri())
        page.wait_for_selector("#plot-modes .main-svg")
        assert page.locator("#plot-losses .main-svg").count() > 0
        first = page.get_attribute("#grid", "src")
        page.fill("#slider", "0")
        assert page.get_attribute("#grid", "src") != first
        assert page.inner_text("#step") == "0"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 26)"
        assert dark == (scheme == "dark")
        if folder := os.environ.get("GANTLET_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/{width}-{scheme}.png", full_page=True)
        browser.close()
    assert problems == []


@pytest.mark.parametrize(("width", "height", "scheme"), [*SCREENS, (800, 900, "light")])
def test_comparison_renders_without_errors(tmp_path: Path, chromium: str, width: int, height: int, scheme: str) -> None:
    from playwright.sync_api import sync_playwright

    names = ("frechet_distance_debiased in inception-v3[resize=clean]", "coverage in efficientnet-lite0")
    differences = tuple(
        Difference(name, 6.792e4, 7.84e4, -1.05e4, -1.28e4, -8.21e3, 1e-161, 1e-160, "A", False, True, 50_000, 10_000)
        for name in names
    )
    result = Comparison("a" * 90, "b/", "real/", "x", 0.95, differences, "A is better.", {}, primary=names[0])
    path = tmp_path / "comparison.html"
    path.write_text(render(result, {label: dict.fromkeys(("A", "real", "B"), DOT) for label in ("cat", "dog")}))
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, offline=True
        ).new_page()
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        page.on("request", lambda request: problems.append(request.url) if request.url.startswith("http") else None)
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        table = "document.querySelector('.scroll')"
        assert width == 800 or page.evaluate(f"{table}.scrollWidth <= {table}.clientWidth"), (
            "the table ends in its card"
        )
        bar = page.locator("tbody .forest").first.bounding_box()
        dot = page.locator("tbody .forest u").first.bounding_box()
        assert bar and dot and dot["x"] < bar["x"] + bar["width"] / 2, "A is better: left of the line"
        assert page.evaluate(
            "[...document.images].every(image => image.complete && image.naturalWidth === 1 && image.alt)"
        )
        if folder := os.environ.get("GANTLET_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/comparison-{width}-{scheme}.png", full_page=True)
        browser.close()
    assert problems == []
