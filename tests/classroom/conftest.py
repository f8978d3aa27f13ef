"""The page of the class room, opened in Chromium without a network."""

import importlib.util
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
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page as the command writes it."""
    return classroom(tmp_path_factory.mktemp("classroom") / "lab.html")


@pytest.fixture(scope="module")
def page(browser: Any, written: Path) -> Any:
    """Return the page, open, for its numbers alone."""
    opened = browser.new_context(offline=True).new_page()
    opened.goto(written.as_uri())
    return opened
