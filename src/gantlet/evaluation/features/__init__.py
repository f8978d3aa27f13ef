"""One feature extractor per file: uint8 images → [n, d] float32 features (and class probabilities)."""

from gantlet.core.interfaces.extractors import Cautious, Extractor, TakesPoints, Tapped, TrainedOnLabels
from gantlet.core.interfaces.metadata import ExtractorMetadata
from gantlet.core.registry import Registry

EXTRACTORS = Registry(
    "extractor",
    __name__,
    metadata=ExtractorMetadata,
    protocols=(Extractor, Cautious, TakesPoints, Tapped, TrainedOnLabels),
    group="extractors",
)
