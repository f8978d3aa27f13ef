"""The embedded data set: scikit-learn's 1,797 handwritten digits of 8×8 pixels."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.core.errors import ConfigError
from gantlet.data import SOURCES
from gantlet.data.arrays import array_digest
from gantlet.data.source import ImageSource

TRAIN, TEST = 1437, 360


@SOURCES.register("digits", source="Alpaydin and Kaynak 1998, UCI ML repository, doi:10.24432/C50P49")
def digits(split: str = "train") -> ImageSource:
    """The built-in handwritten digits: 1,797 gray 8×8 images in ten classes, offline.

    Values 0..16 become 0..255, rounded. The split is fixed and stratified by class: 1,437 train, 360 test.

    Args: split: train, test or all.
    Raises: ConfigError for another split.
    """
    if split not in ("train", "test", "all"):
        raise ConfigError(f"option 'split' of data source 'digits' must be train, test or all; got {split!r}")
    from sklearn.datasets import load_digits

    raw = load_digits()
    images = np.rint(raw.images * (255 / 16)).astype(np.uint8)[:, :, :, None]
    rows = _rows(raw.target.astype(np.int64), split)
    pixels = images[rows]

    def read(i: int) -> UInt8[np.ndarray, "h w c"]:
        return pixels[i]

    return ImageSource(
        spec=f"digits[split={split}]",
        names=_names(rows),
        read=read,
        digest=array_digest(pixels),
        labels=raw.target[rows].astype(np.int64),
        classes=tuple(str(digit) for digit in range(10)),
        held_out={"train": "digits[split=test]", "test": "digits[split=train]"}.get(split, ""),
    )


def _names(rows: Int64[np.ndarray, " n"]) -> Sequence[str]:
    return [f"digits#{row}" for row in rows]


def _rows(labels: Int64[np.ndarray, " n"], split: str) -> Int64[np.ndarray, " m"]:
    if split == "all":
        return np.arange(len(labels))
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(np.arange(len(labels)), test_size=TEST, stratify=labels, random_state=0)
    return np.sort(train if split == "train" else test)
