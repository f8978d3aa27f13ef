"""The page in Chromium: it opens from disk without a request, plays, scrubs, keeps answers shut until a guess, fits a phone."""

import os
from pathlib import Path
from typing import Any

import pytest

from gantlet.classroom.page import LARGEST

pytestmark = pytest.mark.browser
SCREENS = [(1280, 900, "light"), (390, 844, "light"), (1280, 900, "dark")]


def opened(browser: Any, path: Path, problems: list[str], **screen: Any) -> Any:
    page = browser.new_context(offline=True, **screen).new_page()
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: problems.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize(("width", "height", "scheme"), SCREENS)
def test_it_renders_without_errors(browser: Any, written: Path, width: int, height: int, scheme: str) -> None:
    problems: list[str] = []
    page = opened(browser, written, problems, viewport={"width": width, "height": height}, color_scheme=scheme)
    page.click("#step")
    page.click("#ot-step")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 26)"
    assert dark == (scheme == "dark")
    painted = "c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size"
    for canvas in page.query_selector_all("canvas"):
        assert page.evaluate(painted, canvas) > 5, canvas.get_attribute("id")
        assert len(canvas.get_attribute("aria-label")) > 20
    unnamed = "[...document.querySelectorAll('input, select')].filter(e => !e.labels.length).length"
    assert page.evaluate(unnamed) == 0
    if folder := os.environ.get("GANTLET_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/classroom-{width}-{scheme}.png", full_page=True)
    page.context.close()
    assert problems == []


def test_it_is_one_small_file_that_asks_for_nothing(written: Path) -> None:
    text = written.read_text()
    assert len(text.encode()) <= LARGEST
    assert not [word for word in ("http:", "https:", "<link", " src=", "@import", "fetch(", "eval(") if word in text]


def test_it_plays_steps_and_scrubs(browser: Any, written: Path) -> None:
    problems: list[str] = []
    page = opened(browser, written, problems)
    page.select_option("#stride", "10")
    page.click("#step")
    page.click("#step")
    assert page.evaluate("window.gantlet.state()") == {"step": 20, "history": 3, "playing": False}
    newest = page.evaluate("document.getElementById('points').toDataURL()")
    page.fill("#scrub", "0")
    assert page.inner_text("#at") == "0"
    assert page.inner_text("#status").startswith("Step 0:")
    assert page.evaluate("document.getElementById('points').toDataURL()") != newest
    page.fill("#scrub", "2")
    assert page.inner_text("#at") == "20"
    assert page.evaluate("document.getElementById('points').toDataURL()") == newest
    page.locator("h1").click()
    page.keyboard.press("p")
    page.wait_for_function("window.gantlet.state().step > 20")
    assert page.inner_text("#play") == "Pause"
    page.keyboard.press("p")
    assert page.evaluate("window.gantlet.state().playing") is False
    page.select_option("#objective", "wgan-clip")
    assert page.evaluate("window.gantlet.state().step") == 0
    page.click("#step")
    assert "limits ±0.1" in page.inner_text("#weights-text")
    page.context.close()
    assert problems == []


def test_while_it_plays_the_sentence_has_the_step_of_the_counter_and_is_read_aloud_rarely(
    browser: Any, written: Path
) -> None:
    """The sentence lagged the counter by up to two seconds, so that a screen reader was not flooded."""
    page = opened(browser, written, [])
    seen = """() => new Promise(done => {
        const pairs = [], spoken = new Set(), text = id => document.getElementById(id).textContent;
        document.getElementById("play").click();
        const look = () => {
            pairs.push([text("at"), text("status").split(":")[0].replace("Step ", "")]);
            spoken.add(text("spoken"));
            new Set(pairs.map(p => p[0])).size < 12 ? setTimeout(look, 5) : done({ pairs, spoken: spoken.size });
        };
        look();
    })"""
    found = page.evaluate(seen)
    assert all(counter == sentence for counter, sentence in found["pairs"])
    assert found["spoken"] < len({counter for counter, _ in found["pairs"]}) / 2
    page.click("#play")
    assert page.evaluate("document.getElementById('spoken').textContent") == page.inner_text("#status")
    assert page.locator("#spoken").get_attribute("role") == "status" and not page.locator("#status").get_attribute(
        "role"
    )
    page.context.close()


def test_equal_seeds_play_equal_games(browser: Any, written: Path) -> None:
    pictures = []
    for seed in ("5", "5", "6"):
        page = opened(browser, written, [])
        page.fill("#seed", seed)
        page.dispatch_event("#seed", "change")
        page.click("#step")
        pictures.append(page.evaluate("document.getElementById('points').toDataURL()"))
        page.context.close()
    assert pictures[0] == pictures[1] != pictures[2]


def test_a_claim_opens_after_a_guess_and_the_guess_stays(browser: Any, written: Path) -> None:
    problems: list[str] = []
    page = opened(browser, written, problems)
    claims = page.locator(".claim")
    assert claims.count() == 6
    for k in range(6):
        claim = claims.nth(k)
        lock, answer = claim.locator("button[type=submit]"), claim.locator(".answer")
        right = int(claim.get_attribute("data-right"))
        assert lock.is_disabled()
        assert answer.is_hidden()
        guess = right if k % 2 else (right + 1) % claim.locator("input").count()
        claim.locator("input").nth(guess).check()
        assert answer.is_hidden()
        lock.click()
        assert answer.is_visible()
        assert "gantlet lab " in answer.inner_text()
        assert ("does not hold" in answer.locator(".outcome").inner_text()) == (guess != right)
        assert claim.locator("input:enabled").count() == 0
    assert page.inner_text("#score") == "6 of 6 guessed, 3 right."
    claims.nth(1).locator(".try").click()
    assert page.input_value("#objective") == "wgan-clip"
    page.context.close()
    assert problems == []
