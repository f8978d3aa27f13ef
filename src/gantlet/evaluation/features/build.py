"""Build the extractor that a spec names, and choose one where none is named."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gantlet.core.errors import ConfigError
from gantlet.core.specs import format_spec, parse_spec

if TYPE_CHECKING:
    from gantlet.data.kinds import Source
from gantlet.core.interfaces.extractors import Extractor
from gantlet.evaluation.features import EXTRACTORS


def build_extractor(
    spec: str,
    train: "Source | None" = None,
    held_out: "Source | None" = None,
    progress: Callable[[str, int, int], None] | None = None,
    on_bad: str = "fail",
) -> Extractor:
    """Build the extractor that ``spec`` names; raises UnknownName, ConfigError, WeightsError.

    Args: spec: e.g. ``efficientnet-lite0``, ``classifier[seed=1]``, ``classifier[data=mnist[root=DIR]]``, or ``auto``:
    coordinates for points, classifier where ``train`` has labels and small gray images (up to 32 pixels), else
    efficientnet-lite0; train: the
    labelled images for extractors that are trained; held_out: labelled images that give its accuracy; ``data=`` in the
    spec takes the place of both; progress: called with (stage, done, total).
    """
    from gantlet.data.opening import open_source
    from gantlet.data.points import PointSource

    name, options = parse_spec(automatic(train) if spec == "auto" else spec)
    training: dict[str, Any] = {}
    if isinstance(train, PointSource) and name != "coordinates":
        raise ConfigError(f"extractor {name!r} looks at images, and {train.spec} holds points; use coordinates or auto")
    if EXTRACTORS.entry(name).meta.trained:
        if "data" in options:
            train = open_source(options.pop("data"))
            held_out = open_source(train.held_out) if train.held_out else None
        if train is None:
            raise ConfigError(f"extractor {name!r} needs labelled training images: write {name}[data=SOURCE]")
        training = {"train": train, "held_out": held_out, "progress": progress, "on_bad": on_bad}
    extractor: Extractor = EXTRACTORS.build(format_spec(name, options), **training)
    if EXTRACTORS.entry(name).origin != "gantlet":
        _check_identity(name, extractor)
    return extractor


def _check_identity(name: str, extractor: Extractor) -> None:
    """Raise ConfigError for an identity that cannot tell two states of an extractor apart: features are cached by it."""
    identity = extractor.identity
    texts = isinstance(identity, dict) and all(isinstance(part, str) for pair in identity.items() for part in pair)
    if not texts or not all(identity.get(key) for key in ("name", "version")):
        raise ConfigError(
            f"extractor {name!r}: expected its identity to be texts by name, with a name and a version that are not empty; "
            f"got {identity!r}"
        )


def automatic(train: "Source | None") -> str:
    """Return the spec that ``auto`` stands for, by the labelled training images."""
    from gantlet.data.points import PointSource
    from gantlet.data.reading import native_shape

    if isinstance(train, PointSource):
        space = f",space={train.space}" if train.space else ""
        return f"coordinates[dim={train.points.shape[1]}{space}]"
    if train is None or train.labels is None or len(train.classes) < 2:
        return "efficientnet-lite0"
    size, channels = native_shape(train)
    return "classifier" if size <= 32 and channels == 1 else "efficientnet-lite0"
