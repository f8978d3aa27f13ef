"""Resident memory and images per second of training batches: images held in memory, and images mapped from the decoded cache.

Images of 64² colour pixels are made on demand, so that nothing but the training data takes memory. Each measurement is a
process of its own: it reads the set, and draws batches as the loop does. RssAnon is what the process cannot give back; the
pages of a mapped file are in VmRSS too, and the system takes them back where it needs them.

    python -m benchmarks.memory [--images 10000,100000]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from gantlet.actions.train import training_data
from gantlet.core.config import TrainConfig
from gantlet.core.rng import torch_stream
from gantlet.data.source import ImageSource
from gantlet.training.data import image_order
from gantlet.training.loader import Loader

SIDE, BATCH, SECONDS = 64, 64, 10.0


def made(n: int) -> ImageSource:
    """Return n images of one noise pattern each, made when they are read."""
    noise = np.random.default_rng(0).integers(0, 256, SIDE * SIDE * 3 + n, dtype=np.uint8)

    def read(i: int) -> np.ndarray:
        return noise[i : i + SIDE * SIDE * 3].reshape(SIDE, SIDE, 3)

    return ImageSource(f"made[n={n}]", range(n), read, f"made {n}")  # type: ignore[arg-type]


def resident() -> str:
    """Return this process's resident memory, in MB, from Linux's own count."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = {key: int(value.split()[0]) / 1024 for key, value in (line.split(":") for line in lines if "Rss" in line)}
    return f"RssAnon {found['RssAnon']:,.0f} MB, RssFile {found['RssFile']:,.0f} MB"


def measure(n: int, cache: bool) -> None:
    """Read n images and draw batches for some seconds; print one line."""
    source, before, started = made(n), resident(), time.perf_counter()
    loader = Loader(TrainConfig(out="none", batch=BATCH), training_data(source, SIDE, cache=cache), torch.device("cpu"))
    ready, drawn, stream = time.perf_counter() - started, 0, torch_stream(0, "mirror")
    started = time.perf_counter()
    while time.perf_counter() - started < SECONDS:
        loader.at(torch.from_numpy(image_order(n, 0, drawn, BATCH)), stream)
        drawn += BATCH
    rate = drawn / (time.perf_counter() - started)
    way = "mapped" if cache else "in memory"
    print(
        f"{n:,} images, {way}: {before} before; ready after {ready:.1f} s; {resident()}; {rate:,.0f} images/s",
        flush=True,
    )


def main() -> None:
    """Measure every size in memory, mapped when the cache is made, and mapped when it is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", default="10000,100000")
    parser.add_argument("--one", nargs=2, metavar=("N", "WAY"))
    given = parser.parse_args()
    if given.one:
        measure(int(given.one[0]), given.one[1] == "mapped")
        return
    with tempfile.TemporaryDirectory() as cache:
        for n in given.images.split(","):
            for way in ("memory", "mapped", "mapped"):
                command = [sys.executable, "-m", "benchmarks.memory", "--one", n, way]
                subprocess.run(command, env={**os.environ, "GANTLET_CACHE": cache}, check=True)


if __name__ == "__main__":
    main()
