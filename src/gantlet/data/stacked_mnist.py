"""Stacked MNIST: three random digits as the three colours of one image, a thousand modes that can be counted."""

import hashlib

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.core.errors import ConfigError
from gantlet.core.rng import numpy_stream
from gantlet.core.specs import format_spec
from gantlet.data import SOURCES
from gantlet.data.mnist import mnist
from gantlet.data.source import ImageSource

HELD_OUT = 26_000
"""The most images of the other split: as many as the papers draw from a generator to count its modes."""
CLASSES = tuple(f"{mode:03d}" for mode in range(1000))


@SOURCES.register(
    "stacked-mnist",
    source="Metz et al. 2017, arXiv:1611.02163, section 3.3.1; Srivastava et al. 2017, arXiv:1705.07761",
)
def stacked_mnist(root: str = "", split: str = "train", n: int = 128_000, seed: int = 0, pad: int = 2) -> ImageSource:
    """Three independent MNIST digits as red, green and blue of one image: 1,000 modes, known for every image.

    Label = 100·red + 10·green + blue; a generator's modes are counted by a digit classifier on each channel (extractor
    ``stacked-digits``).

    Args: root: as for ``mnist``; split: train or test digits; n: number of images, at least 2; seed: of the
    combinations; pad: black pixels around each digit: 2 gives 32×32, at which networks and classifiers work, 0 the
    digits' own 28×28 (which training would enlarge).
    Raises: ConfigError for n < 2, a negative seed or pad; DataError as ``mnist`` does.
    Convention: the other split (for evaluations) has at most 26,000 images, the papers' number of samples.
    """
    if n < 2 or min(seed, pad) < 0:
        raise ConfigError(f"stacked-mnist: expected n ≥ 2, seed ≥ 0 and pad ≥ 0; got {n}, {seed} and {pad}")
    digits = mnist(root, split)
    assert digits.labels is not None  # MNIST always has labels
    rows = numpy_stream(seed, f"stacked-mnist-{split}").integers(0, len(digits), (n, 3))

    def read(i: int) -> UInt8[np.ndarray, "h w 3"]:
        image = np.concatenate([digits.read(int(row)) for row in rows[i]], axis=2)
        return np.pad(image, ((pad, pad), (pad, pad), (0, 0)))

    def spec(which: str) -> str:
        size = n if which == split else min(n, HELD_OUT)
        options = {"root": root, "split": which, "n": size, "seed": seed, "pad": pad}
        return format_spec("stacked-mnist", {key: value for key, value in options.items() if value != ""})

    labels: Int64[np.ndarray, " n"] = digits.labels[rows] @ np.array([100, 10, 1])
    whole = hashlib.sha256(f"stacked {pad} {digits.digest}:".encode() + rows.astype("<i8").tobytes())
    return ImageSource(
        spec(split),
        [f"stacked-mnist-{split}#{i}" for i in range(n)],
        read,
        whole.hexdigest(),
        labels,
        CLASSES,
        spec("test" if split == "train" else "train"),
    )
