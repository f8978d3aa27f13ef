"""ImageSource: one opened set of images. Every kind of source opens to this one type."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Int64, UInt8


@dataclass(frozen=True, eq=False)
class LatentImages:
    """A generator behind a source: ``images(z, labels)`` for z ~ N(0, I) [n, dim] are float32 in 0..255, not rounded.

    ``class_counts``: training images of each class where labels must be given, else ().
    """

    dim: int
    images: Callable[[Float32[np.ndarray, "n k"], Int64[np.ndarray, " n"] | None], Float32[np.ndarray, "n h w c"]]
    class_counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class ImageSource:
    """A finite, ordered set of images, decoded one at a time on demand.

    ``read(i)`` returns image i as uint8 [h, w, c], c = 1 (gray) or 3 (RGB), and may be called from several threads;
    it raises ``data.decode.Undecodable`` with a short reason for a broken file.
    """

    spec: str
    """The source string that opened it, with every option that matters."""
    names: Sequence[str]
    """One name an image: its file's path inside the source, or ``spec#index``."""
    read: Callable[[int], UInt8[np.ndarray, "h w c"]]
    digest: str
    """SHA-256 over the content (not over names of folders or times)."""
    labels: Int64[np.ndarray, " n"] | None = None
    classes: tuple[str, ...] = ()
    """Names of the classes; labels index it."""
    held_out: str = ""
    """The source string of the other split (train ↔ test), or ''."""
    notes: tuple[str, ...] = field(default=())
    """What the user should know about how the data was read, e.g. a float range."""
    latents: LatentImages | None = None
    """The generator that draws the images, for sources that have one."""
    inputs: Callable[[UInt8[np.ndarray, "h w c"], int | None], UInt8[np.ndarray, "h w i"]] | None = None
    """For pairs: (image, its label or None) → the input image of the same size that belongs to it."""
    statistics: str = ""
    """Path of the statistics file that stands for the images; then there are none, and ``names`` is empty."""

    def __len__(self) -> int:
        return len(self.names)
