"""A decoding that takes its time, for tests with several processes: python decoding.py LOG decodes a set of 50 images.

LOG gets the row of each image that is read; the SHA-256 of all pixels and what was said are printed.
"""

import dataclasses
import hashlib
import sys
import time
from pathlib import Path

import numpy as np

from gantlet.data import decoded
from gantlet.data.arrays import array_source

decoded.LEAST, decoded.BLOCK = 1, 16
PIXELS = np.random.default_rng(3).integers(0, 256, (50, 8, 8, 3), dtype=np.uint8)

if __name__ == "__main__":
    source = array_source("made", PIXELS)

    def read(i: int) -> np.ndarray:
        time.sleep(0.1)
        with Path(sys.argv[1]).open("a") as log:
            log.write(f"{i}\n")
        return source.read(i)

    said: list[str] = []
    slow = dataclasses.replace(source, read=read)
    print("begins", flush=True)
    found = decoded.decoded(slow, 8, 3, on_bad="fail", progress=None, say=said.append)
    assert found is not None
    print(hashlib.sha256(found.images.pixels.tobytes()).hexdigest(), *said, sep="|", flush=True)
