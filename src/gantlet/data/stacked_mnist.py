"""Stacked MNIST: three random digits as the three colours of one image, a thousand modes that can be counted."""

import hashlib

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.data import SOURCES
from gantlet.data.mnist import mnist
from gantlet.data.source import ImageSource
from gantlet.errors import ConfigError
from gantlet.registry import format_spec
from gantlet.rng import numpy_stream

CLASSES = tuple(f"{mode:03d}" for mode in range(1000))


@SOURCES.register(
    "stacked-mnist",
    source="Metz et al. 2017, arXiv:1611.02163, section 3.3.1; Srivastava et al. 2017, arXiv:1705.07761",
)
def stacked_mnist(root: str = "", split: str = "train", n: int = 128_000, seed: int = 0) -> ImageSource:
    """Three independent MNIST digits as red, green and blue of one 28×28 image: 1,000 modes, known for every image.

    Label = 100·red + 10·green + blue; a generator's modes are counted by a digit classifier on each channel.

    Args: root: as for ``mnist``; split: train or test, of which digits; n: number of images, at least 2; seed: which
    digits meet.
    Raises: ConfigError for n < 2; DataError as ``mnist`` does.
    """
    if n < 2 or seed < 0:
        raise ConfigError(f"stacked-mnist: expected n ≥ 2 and seed ≥ 0; got {n} and {seed}")
    digits = mnist(root, split)
    assert digits.labels is not None  # MNIST always has labels
    rows = numpy_stream(seed, f"stacked-mnist-{split}").integers(0, len(digits), (n, 3))

    def read(i: int) -> UInt8[np.ndarray, "h w 3"]:
        return np.concatenate([digits.read(int(row)) for row in rows[i]], axis=2)

    def spec(which: str) -> str:
        options = {"root": root, "split": which, "n": n, "seed": seed}
        return format_spec("stacked-mnist", {key: value for key, value in options.items() if value != ""})

    labels: Int64[np.ndarray, " n"] = digits.labels[rows] @ np.array([100, 10, 1])
    whole = hashlib.sha256(f"stacked {digits.digest}:".encode() + rows.astype("<i8").tobytes())
    return ImageSource(
        spec(split),
        [f"stacked-mnist-{split}#{i}" for i in range(n)],
        read,
        whole.hexdigest(),
        labels,
        CLASSES,
        spec("test" if split == "train" else "train"),
    )
