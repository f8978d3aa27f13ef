"""One feature extractor a file: uint8 images → [n, d] float32 features (and class probabilities)."""

from gantlet.registry import Registry

EXTRACTORS = Registry("extractor", __name__)
