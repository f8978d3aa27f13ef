"""Features of stacked MNIST: one classifier of gray digits looks at each colour, and a thousand modes can be told apart."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float32, UInt8

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.extractors import Extractor
from gantlet.data.reading import PixelBatch, Pixels, fit_square, native_shape
from gantlet.data.source import ImageSource
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.classifier import ClassifierFeatures
from gantlet.evaluation.features.small_cnn import FEATURES

COLOURS = 3
DIGITS = tuple("0123456789")
TRAINED_ON = 40_000
"""Stacked images, the first ones, whose three digits each the classifier learns: two passes over 120,000 digits."""


@EXTRACTORS.register(
    "stacked-digits",
    source="Metz et al. 2017, arXiv:1611.02163, §3.3.1",
    dim=COLOURS * FEATURES,
    trained=True,
    unrounded=True,
)
@dataclass(frozen=True)
class StackedDigits(Extractor):
    """A digit classifier trained in minutes on the colours of stacked MNIST and asked about each colour of an image.

    Features: the 64 of `classifier` for red, green and blue, side by side; p(100r + 10g + b | x) = p(r | red) ·
    p(g | green) · p(b | blue), a thousand class probabilities. With them ``modes`` and ``mode_kl`` are the figures that
    papers report for stacked MNIST.

    When it lies: a digit that the classifier takes for another one counts as a mode found, so noise finds modes; its
    accuracy on held-out digits is part of its identity.

    Args: seed: of its training. ``train`` (stacked-mnist, labelled), ``held_out`` and ``progress`` are given by the
    caller; users write stacked-digits[data=SOURCE].
    Raises: ConfigError when the classes of ``train`` are not the thousand of stacked MNIST, or its images not coloured.
    Source: Metz et al. 2017, arXiv:1611.02163, §3.3.1.
    """

    train: ImageSource
    held_out: ImageSource | None = None
    progress: Callable[[str, int, int], None] | None = None
    seed: int = 0
    on_bad: str = "fail"
    name = "stacked-digits"
    dim = COLOURS * FEATURES

    def __post_init__(self) -> None:
        if self.train.labels is None or self.train.classes != tuple(f"{mode:03d}" for mode in range(1000)):
            raise ConfigError(
                f"extractor 'stacked-digits' needs the thousand classes 000 … 999 of stacked-mnist; {self.train.spec} has "
                f"{len(self.train.classes)}: give the training images by stacked-digits[data=stacked-mnist[root=DIR]]"
            )
        if native_shape(self.train)[1] != COLOURS:
            raise ConfigError(
                f"extractor 'stacked-digits' needs images with 3 colours; those of {self.train.spec} are gray"
            )

    @cached_property
    def _digits(self) -> ClassifierFeatures:
        """Return the classifier of one colour."""
        held_out = self.held_out if self.held_out is not None and self.held_out.classes == self.train.classes else None
        return ClassifierFeatures(
            colours_of(self.train),
            None if held_out is None else colours_of(held_out),
            self.progress,
            self.seed,
            self.on_bad,
        )

    @property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        return {**self._digits.identity, "name": self.name}

    def prepare(self, image: Pixels) -> Pixels:
        """Bring each colour to the classifier's size as a gray image: 28 pixels are padded to 32."""
        size = self._digits.shape[0]
        coloured = image if image.shape[2] == COLOURS else np.repeat(image, COLOURS, axis=2)
        return np.concatenate([fit_square(coloured[:, :, c : c + 1], size, 1) for c in range(COLOURS)], axis=2)

    def extract(self, batch: PixelBatch) -> tuple[Float32[np.ndarray, "b d"], Float32[np.ndarray, "b k"]]:
        """Return features [b, 192] and class probabilities [b, 1000]."""
        n, size = batch.shape[:2]
        gray = np.ascontiguousarray(batch.transpose(0, 3, 1, 2)).reshape(n * COLOURS, size, size, 1)
        features, digits = self._digits.extract(gray)
        red, green, blue = digits.reshape(n, COLOURS, len(DIGITS)).transpose(1, 0, 2)
        stacked = red[:, :, None, None] * green[:, None, :, None] * blue[:, None, None, :]
        return features.reshape(n, self.dim), stacked.reshape(n, -1)


def colours_of(source: ImageSource) -> ImageSource:
    """Return the colours of the first stacked images as gray digits with their labels: image 3i + c is colour c of image i."""
    n = min(len(source), TRAINED_ON)
    assert source.labels is not None  # the caller's classes are stacked-mnist's
    hundreds = source.labels[:n, None] // np.array([100, 10, 1])

    def read(i: int) -> UInt8[np.ndarray, "h w 1"]:
        colour = i % COLOURS
        return source.read(i // COLOURS)[:, :, colour : colour + 1]

    return replace(
        source,
        names=[f"{source.names[i // COLOURS]}/{'rgb'[i % COLOURS]}" for i in range(n * COLOURS)],
        read=read,
        digest=hashlib.sha256(f"{source.digest} colours of {n}".encode()).hexdigest(),
        labels=(hundreds % 10).ravel(),
        classes=DIGITS,
        held_out="",
    )
