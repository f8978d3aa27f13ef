"""Runs of three steps, their pages on a local host, and Chromium."""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gantlet.actions.train import training_data
from gantlet.core.config import TrainConfig
from gantlet.data.opening import open_source
from gantlet.labs.training import _Recorder
from gantlet.training.loop import run


@pytest.fixture(scope="session")
def trained() -> Callable[..., Path]:
    """Return a function that trains a run for three steps at a high rate, so that its weights are no longer those of the start."""

    def train(out: Path, **given: Any) -> Path:
        common = {"steps": 3, "batch": 8, "latent": 5, "sample_every": 0, "log_every": 1, "lr_generator": 0.1}
        config = TrainConfig.from_mapping({"out": str(out), **common, **given})
        run(config, training_data(open_source(config.data), config.resolution), observer=_Recorder(1, None))
        return out

    return train


@pytest.fixture(scope="session")
def coloured(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a folder of 16 random images in colour, of 48 pixels."""
    folder, chance = tmp_path_factory.mktemp("coloured"), np.random.default_rng(0)
    for i in range(16):
        Image.fromarray(chance.integers(0, 256, (48, 48, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    return str(folder)


@pytest.fixture(scope="session")
def host() -> Iterator[Callable[[Path], str]]:
    """Return a function from a folder to the address at which `http.server` shows it."""
    servers = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words: object) -> None:
            pass

    def show(folder: Path) -> str:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield show
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Return a function that opens an address until its first images; console, errors and requests elsewhere fail the test."""
    problems: list[str] = []
    contexts = []

    def open_page(address: str, **screen: Any) -> Any:
        context = browser.new_context(**screen)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        own = (address, "blob:", "data:")
        page.on("request", lambda asked: None if asked.url.startswith(own) else problems.append(asked.url))
        page.goto(address)
        assert page.evaluate("window.gantlet.settled()")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []
