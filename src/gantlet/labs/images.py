"""Helpers of the labs on real images: a labelled source, its classifier, feature banks, rows class by class."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.core.errors import ConfigError, TooFewSamples
from gantlet.core.interfaces.extractors import Extractor
from gantlet.core.specs import format_spec, parse_spec
from gantlet.core.words import counted
from gantlet.data.arrays import array_source
from gantlet.data.opening import open_images
from gantlet.data.reading import native_shape, to_array
from gantlet.data.source import ImageSource
from gantlet.evaluation.features.classifier import ClassifierFeatures
from gantlet.evaluation.features.extract import extract
from gantlet.evaluation.stats.feature_bank import FeatureBank

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class LabelledImages:
    """A labelled source in memory with the classifier trained on it; ``pixels`` [n, s, s, c] at the classifier's size."""

    source: ImageSource
    classifier: ClassifierFeatures
    pixels: UInt8[np.ndarray, "n s s c"]
    labels: Int64[np.ndarray, " n"]


def open_labelled(spec: str, seed: int, progress: Progress) -> LabelledImages:
    """Open labelled images and train (or fetch from the cache) their classifier; raises ConfigError without labels."""
    source = open_images(spec)
    if source.labels is None or len(source.classes) < 2:
        raise ConfigError(f"this lab needs labelled images of at least two classes; {source.spec} has none")
    held_out = open_images(source.held_out) if source.held_out else None
    classifier = ClassifierFeatures(source, held_out, progress, seed)
    read = to_array(source, *classifier.shape)
    assert read.labels is not None  # checked above
    return LabelledImages(source, classifier, read.pixels, read.labels)


def short(spec: str) -> str:
    """Return a source string for figures, without folders."""
    name, options = parse_spec(spec)
    return format_spec(Path(name).name, {key: value for key, value in options.items() if "/" not in value})


def square_pixels(spec: str) -> UInt8[np.ndarray, "n s s c"]:
    """Return a source's images as one array, at the smallest usual size that holds them, at most 32 pixels."""
    source = open_images(spec)
    size, channels = native_shape(source)
    return to_array(source, min(size, 32), channels).pixels


def features_of(
    pixels: UInt8[np.ndarray, "n s s c"], extractor: Extractor, labels: Int64[np.ndarray, " n"] | None = None
) -> FeatureBank:
    """Return the features of a lab's images, without using the cache."""
    classes = () if labels is None else tuple(str(k) for k in range(int(labels.max()) + 1))
    return extract(array_source("lab", pixels, labels, classes), extractor, cache=False)[0]


def by_class(labels: Int64[np.ndarray, " n"], least: int, what: str) -> list[Int64[np.ndarray, " m"]]:
    """Return the rows of each class; raises TooFewSamples naming the smallest class below ``least``."""
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    smallest = min(len(group) for group in groups)
    if smallest < least:
        raise TooFewSamples(f"{what} has a class of {counted(smallest, 'image')}; this size needs {least} per class")
    return groups


def repeated(rows: Int64[np.ndarray, " m"], n: int) -> Int64[np.ndarray, " n"]:
    """Return n rows, each of ``rows`` in turn."""
    return np.resize(rows, n)
