"""One feature extractor a file: uint8 images → [n, d] float32 features (and class probabilities)."""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard, runtime_checkable

import numpy as np
from jaxtyping import Float32, Shaped

from gantlet.errors import ConfigError
from gantlet.registry import Registry, format_spec, parse_spec

if TYPE_CHECKING:
    from gantlet.data.points import Source

EXTRACTORS = Registry("extractor", __name__)


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
    """Return whether an extractor is one tap of a network; asks its class, since properties may load networks."""
    return hasattr(type(extractor), "trunk")


def build_extractor(
    spec: str,
    train: "Source | None" = None,
    held_out: "Source | None" = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Extractor:
    """Build the extractor that ``spec`` names; raises UnknownName, ConfigError, WeightsError.

    Args: spec: e.g. ``efficientnet-lite0``, ``classifier[seed=1]``, ``classifier[data=mnist[root=DIR]]``, or ``auto``:
    coordinates for points, classifier where ``train`` has labels and small gray images (up to 32 pixels), else
    efficientnet-lite0; train: the
    labelled images for extractors that are trained; held_out: labelled images that give its accuracy; ``data=`` in the
    spec takes the place of both; progress: called with (stage, done, total).
    """
    from gantlet.data import open_source
    from gantlet.data.points import PointSource

    name, options = parse_spec(automatic(train) if spec == "auto" else spec)
    given: dict[str, Any] = {}
    if isinstance(train, PointSource) and name != "coordinates":
        raise ConfigError(f"extractor {name!r} looks at images, and {train.spec} holds points; use coordinates or auto")
    if EXTRACTORS.entry(name).meta.get("trained"):
        if "data" in options:
            train = open_source(options.pop("data"))
            held_out = open_source(train.held_out) if train.held_out else None
        if train is None:
            raise ConfigError(f"extractor {name!r} needs labelled training images: write {name}[data=SOURCE]")
        given = {"train": train, "held_out": held_out, "progress": progress}
    extractor: Extractor = EXTRACTORS.build(format_spec(name, options), **given)
    return extractor


def automatic(train: "Source | None") -> str:
    """Return the spec that ``auto`` stands for, by the labelled training images."""
    from gantlet.data.points import PointSource
    from gantlet.data.reading import native_shape

    if isinstance(train, PointSource):
        return f"coordinates[dim={train.points.shape[1]}]"
    if train is None or train.labels is None or len(train.classes) < 2:
        return "efficientnet-lite0"
    size, channels = native_shape(train)
    return "classifier" if size <= 32 and channels == 1 else "efficientnet-lite0"
