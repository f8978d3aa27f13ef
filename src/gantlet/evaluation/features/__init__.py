"""One feature extractor per file: uint8 images → [n, d] float32 features (and class probabilities)."""

from gantlet.core.registry import Registry

EXTRACTORS = Registry("extractor", __name__)
