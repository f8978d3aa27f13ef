"""What 16 images cost in the page of ``gantlet export --web``: ``python benchmarks/browser_sampling.py [ROUNDS]``.

Every recipe that draws images from latents, at laptop size with its own network and latent, for colour images of 32 pixels, with
the weights of the start (their values do not change the time). Figures: the model's size, the median of ROUNDS drawings in
Chromium with the SIMD kernel and by the plain loop (the first of each, which compiles, is left out), and the largest difference
from Python's pixels. Needs Chromium, playwright and onnxruntime.
"""

import functools
import http.server
import json
import shutil
import statistics
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantlet.actions.export import checked_model
from gantlet.core.interfaces.networks import ImageShape
from gantlet.core.rng import torch_stream
from gantlet.training import recipes
from gantlet.training.runs.build import build_generator
from gantlet.training.runs.drawing import draw
from gantlet.training.runs.generator import LoadedGenerator
from gantlet.web.graph import unknown_part
from gantlet.web.page import Facts, files

N, SIDE, CLASSES, LEFT_OUT = 16, 32, 10, ("pix2pix", "ring", "grid", "ae-ot")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A host without a log."""

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def generator(name: str) -> LoadedGenerator:
    """Return a recipe's generator with the weights of the start."""
    config, classes = recipes.load(name, "laptop"), tuple(map(str, range(CLASSES)))
    shape = ImageShape(SIDE, 3)
    torch.manual_seed(0)
    built = build_generator(config, shape, 0 if config.conditioning == "none" else CLASSES).eval()
    return LoadedGenerator(built, config, shape, classes, (1,) * CLASSES, 0, 0)


def measure(browser: Any, loaded: LoadedGenerator, rounds: int) -> dict[str, float]:
    """Return the figures of one generator."""
    model, _ = checked_model(loaded, Path(loaded.config.network))
    if unknown := unknown_part(model):
        raise SystemExit(f"{loaded.config.network}: {unknown}")
    labels = np.arange(N) % CLASSES if loaded.n_classes else None
    facts = Facts("", "", SIDE, 3, loaded.latent, loaded.classes if loaded.n_classes else [], 0, [], [])
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files(facts, model).items():
            (Path(folder) / name).write_bytes(data)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        z = torch.randn(100, loaded.latent, generator=torch_stream(0, "sample-latent"))[:N].tolist()
        expected = draw(loaded.generator, loaded.latent, N, labels, 0).astype(int)
        found: dict[str, float] = {"MB": len(model) / 1e6}
        for simd in (True, False):
            call = "([z, labels, simd]) => window.gantlet.sample(z, labels, {simd})"
            wanted = [z, None if labels is None else labels.tolist(), simd]
            answers = [page.evaluate(call, wanted) for _ in range(rounds + 1)]
            found["ms, SIMD" if simd else "ms, plain"] = statistics.median(answer["ms"] for answer in answers[1:])
            pixels = np.array(answers[0]["pixels"]).reshape(expected.shape)
            found["difference"] = max(found.get("difference", 0), int(np.abs(pixels - expected).max()))
        page.close()
        server.shutdown()
    return found


def main(rounds: int) -> None:
    """Print a line for every recipe."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        for name in recipes.RECIPES.names():
            if name in LEFT_OUT:
                continue
            found = measure(browser, generator(name), rounds)
            print(name, json.dumps({key: round(value, 1) for key, value in found.items()}), flush=True)
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
