"""The page in Chromium: it renders without an error or a request elsewhere, its controls do what they say, the PNG is what is shown."""

import importlib.util
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gantlet.actions.export_web import export_web

pytestmark = pytest.mark.browser
pytest.importorskip("onnxruntime")
SCREENS = [(1280, 900, "light"), (390, 844, "light"), (1280, 900, "dark")]


@pytest.fixture(scope="module")
def page_folder(trained: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a conditional generator of digits, whose name holds what HTML would take for a tag."""
    folder = tmp_path_factory.mktemp("page")
    run = trained(folder / "a<b>run", data="digits", network="dcgan[width=4]", conditioning="concat")
    return export_web(run, folder / "page").folder


@pytest.fixture(scope="module")
def address(page_folder: Path, host: Callable[[Path], str]) -> str:
    """Return where the page is."""
    return host(page_folder)


def shown(page: Any) -> dict[str, Any]:
    """Return what the page shows once it is drawn, images as an array."""
    assert page.evaluate("window.gantlet.settled()")
    state = page.evaluate("window.gantlet.shown()")
    return {**state, "images": np.array(state["pixels"]).reshape(state["n"], 8, 8)}


def fill(page: Any, field: str, value: str) -> dict[str, Any]:
    """Set a field as a person does, and return what is shown then."""
    page.fill(field, value)
    page.dispatch_event(field, "change")
    return shown(page)


@pytest.mark.parametrize(("width", "height", "scheme"), SCREENS)
def test_it_renders_without_errors(opened: Any, address: str, width: int, height: int, scheme: str) -> None:
    page = opened(address, viewport={"width": width, "height": height}, color_scheme=scheme)
    assert page.title() == page.inner_text("h1") == "a<b>run: sample this generator"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 26)"
    assert dark == (scheme == "dark")
    painted = "new Set(document.getElementById('images').getContext('2d').getImageData(0, 0, 38, 38).data).size"
    assert page.evaluate(painted) > 20
    assert page.get_attribute("#images", "aria-label") == "16 generated images, seed 1, classes in turn"
    assert page.inner_text("#status").startswith("16 images in ")
    unnamed = "[...document.querySelectorAll('input, select')].filter(e => !e.labels.length).length"
    assert page.evaluate(unnamed) == 0
    if folder := os.environ.get("GANTLET_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/web-{width}-{scheme}.png", full_page=True)


def test_seeds_classes_and_numbers(opened: Any, address: str) -> None:
    page = opened(address)
    first = shown(page)
    assert first["labels"] == [*range(10), *range(6)]
    z = np.array(fill(page, "#seed", "7")["z"])
    assert abs(z.mean()) < 0.4 and 0.7 < z.std() < 1.3 and len(set(z.tolist())) == z.size
    assert fill(page, "#seed", "1")["pixels"] == first["pixels"], "a seed gives the same images again"
    page.select_option("#number", "4")
    assert (shown(page)["images"] == first["images"][:4]).all(), "the first images do not depend on their number"
    page.click("#classes button:has-text('3')")
    third = shown(page)
    assert third["labels"] == [3] * 4 and (third["images"][3] == first["images"][3]).all()
    assert (third["images"][0] != first["images"][0]).any()
    assert page.eval_on_selector_all("[aria-pressed=true]", "all => all.map(one => one.innerText)") == ["3"]
    before = third["seed"]
    page.locator("h1").click()
    page.keyboard.press("n")
    assert shown(page)["seed"] != before
    page.focus("#seed")
    page.keyboard.press("p")
    assert page.inner_text("#play") == "Play", "keys typed into a field are the field's"


def test_the_seeds_numbers_are_normal(opened: Any, address: str) -> None:
    """Of 100,000 numbers: mean, variance, fourth moment and the correlation of neighbours within five standard errors."""
    z = np.array(opened(address).evaluate("[...latents.normal(12, 20000, 5)]"))
    for value, expected, variance in (
        (z.mean(), 0, 1), ((z**2).mean(), 1, 2), ((z**4).mean(), 3, 96), ((z[1:] * z[:-1]).mean(), 0, 1),
    ):  # fmt: skip
        assert abs(value - expected) < 5 * np.sqrt(variance / z.size)


def test_the_way_between_two_seeds(opened: Any, address: str) -> None:
    page = opened(address)
    start, end = shown(page), fill(page, "#seed", "2")
    fill(page, "#seed", "1")
    half = fill(page, "#way", "0.5")
    a, b, z = (np.array(state["z"]).reshape(16, 5) for state in (start, end, half))
    angle = np.arccos(np.sum(a * b, 1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))
    np.testing.assert_allclose(z, (a + b) / (2 * np.cos(angle / 2))[:, None], atol=1e-4)
    assert page.get_attribute("#images", "aria-label").startswith(
        "16 generated images, 50 % of the way from seed 1 to seed 2"
    )
    assert (fill(page, "#way", "1")["images"] == end["images"]).mean() > 0.99
    page.locator("h1").click()
    page.keyboard.press("p")
    assert page.inner_text("#play") == "Pause"
    page.wait_for_timeout(400)
    page.keyboard.press("p")
    assert shown(page)["t"] < 1 and page.inner_text("#play") == "Play"


def test_sliders_move_along_the_directions(opened: Any, address: str) -> None:
    page = opened(address)
    start, directions = shown(page), np.array(page.evaluate("window.gantlet.facts.directions"))
    fill(page, "#direction-1", "2")
    moved = fill(page, "#direction-3", "-1.5")
    step = np.reshape(moved["z"], (16, 5)) - np.reshape(start["z"], (16, 5))
    np.testing.assert_allclose(step, np.tile(2 * directions[0] - 1.5 * directions[2], (16, 1)), atol=1e-5)
    assert page.inner_text("output[for=direction-3]") == "−1.5" and (moved["images"] != start["images"]).any()
    page.click("#reset")
    assert shown(page)["pixels"] == start["pixels"] and page.input_value("#direction-1") == "0"


def test_the_png_is_what_is_shown(opened: Any, address: str) -> None:
    page = opened(address)
    page.select_option("#number", "9")
    images = shown(page)["images"]
    with page.expect_download() as saving:
        page.click("#download")
    assert saving.value.suggested_filename == "gantlet-seed-1.png"
    saved = np.asarray(Image.open(io.BytesIO(Path(saving.value.path()).read_bytes())))
    assert saved.shape == (24, 24, 4) and (saved[..., 3] == 255).all()
    grid = images.reshape(3, 3, 8, 8).transpose(0, 2, 1, 3).reshape(24, 24)
    assert all((saved[..., channel] == grid).all() for channel in range(3))


def test_what_goes_wrong_is_said(browser: Any, page_folder: Path, address: str) -> None:
    """From the disk, where browsers start no scripts beside the page; and with a model that is not there."""
    page = browser.new_page()
    page.goto((page_folder / "index.html").as_uri())
    page.wait_for_timeout(300)
    assert "python -m http.server" in page.inner_text("#status")
    page.route("**/generator.onnx", lambda route: route.fulfill(status=404))
    page.goto(address)
    page.evaluate("window.gantlet.settled()")
    assert page.inner_text("#status") == "The generator cannot run here: generator.onnx cannot be read (404)"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, address: str, scheme: str) -> None:
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or not found.submodule_search_locations:
        pytest.skip("axe-core is not installed (pip install axe-playwright-python)")
    page = browser.new_context(color_scheme=scheme, bypass_csp=True).new_page()
    page.goto(address)
    page.evaluate((Path(found.submodule_search_locations[0]) / "axe.min.js").read_text())
    violations = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in violations] == []
    page.close()
