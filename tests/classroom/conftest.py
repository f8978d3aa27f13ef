"""The page of the class room, opened in Chromium without a network."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gantlet.actions.classroom import classroom


@pytest.fixture(scope="session")
def loop() -> Any:
    """Return the module that exports a training by gantlet's loop."""
    spec = importlib.util.spec_from_file_location("classroom_loop", Path(__file__).parent / "loop.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return Chromium's path; skips without one unless GANTLET_REQUIRE_BROWSER is set."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("GANTLET_REQUIRE_BROWSER"):
            pytest.fail("Chromium is required here (GANTLET_REQUIRE_BROWSER) but not installed")
        pytest.skip("Chromium is not installed")
    return path


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page as the command writes it."""
    return classroom(tmp_path_factory.mktemp("classroom") / "lab.html")


@pytest.fixture(scope="module")  # two started at once in one process would refuse each other
def browser(chromium: str) -> Iterator[Any]:
    """Return a started browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def page(browser: Any, written: Path) -> Any:
    """Return the page, open, for its numbers alone."""
    opened = browser.new_context(offline=True).new_page()
    opened.goto(written.as_uri())
    return opened
