"""What a feature extractor promises."""

from collections.abc import Hashable
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np
from jaxtyping import Float32, Shaped


@runtime_checkable
class Extractor(Protocol):
    """What turns images into features: preparation in worker threads, then the network on whole batches."""

    @property
    def name(self) -> str:
        """Return the name under which it is registered."""

    @property
    def dim(self) -> int:
        """Return the dimension d of the features."""

    @property
    def identity(self) -> dict[str, str]:
        """Return what decides the values: name, version, weights_sha256, preprocessing, precision, decoder."""

    def prepare(self, image: Any) -> Shaped[np.ndarray, "..."]:
        """Preprocess one decoded image, uint8 [h, w, c]; runs in worker threads; every image gives the same shape.

        An extractor that is registered as ``unrounded`` takes float32 in 0..255 too.
        """

    def extract(
        self, batch: Shaped[np.ndarray, "b ..."]
    ) -> tuple[Float32[np.ndarray, "b d"], Float32[np.ndarray, "b k"] | None]:
        """Return features [b, d] and class probabilities [b, k] (or None) of prepared images."""


@runtime_checkable
class Cautious(Protocol):
    """An extractor that has something to say about how it was given."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what its user should know, as sentences; the report shows them."""


@runtime_checkable
class TrainedOnLabels(Protocol):
    """An extractor that is trained on the labelled real images of the evaluation."""

    @property
    def shape(self) -> tuple[int, int]:
        """Return side and channels of the images that it is trained on."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the classes whose probabilities it gives."""

    @property
    def trained(self) -> Any:
        """Return the trained network with its accuracy; trains it when first called."""


@runtime_checkable
class TakesPoints(Protocol):
    """An extractor whose features are the points themselves, which are then neither copied nor cached."""

    def points(self, points: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "n d"]:
        """Return the features of all points; raises ConfigError where they do not fit."""


class Tapped(Extractor, Protocol):
    """An extractor that is one tap of a network: taps of one ``trunk`` are read from one pass."""

    @property
    def trunk(self) -> Hashable:
        """Return what decides the network and its input; equal for two taps of one pass."""

    def forward(self, batch: Shaped[np.ndarray, "b ..."]) -> Any:
        """Return what any tap of this trunk can be read from."""

    def read(self, output: Any) -> tuple[Float32[np.ndarray, "b d"], Float32[np.ndarray, "b k"] | None]:
        """Return this tap's features and class probabilities (or None)."""


def is_tapped(extractor: Extractor) -> TypeGuard[Tapped]:
    """Return whether an extractor is one tap of a network: whether its class names the protocol, since properties may load networks."""
    return Tapped in type(extractor).__mro__
