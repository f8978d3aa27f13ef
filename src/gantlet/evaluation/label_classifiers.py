"""GAN-train and GAN-test: classifiers trained on one side and asked about the other."""

from functools import lru_cache

import numpy as np

from gantlet.data.reading import to_array
from gantlet.data.source import ImageSource
from gantlet.evaluation.evidence import Predictions
from gantlet.evaluation.features.classifier import Classifier, fit_classifier


def predictions(
    train: ImageSource, test: ImageSource | None, fake: ImageSource | None, seed: int, on_bad: str
) -> dict[str, Predictions]:
    """Return ``train_on_real`` and ``train_on_fake`` as far as there are labels for them.

    With ``fake`` None both are the reference: trained on the training images, applied to the held-out ones.
    """
    if train.labels is None or len(train.classes) < 2:
        return {}
    geometry = _geometry(train)
    answers: dict[str, Predictions] = {}
    if fake is None:
        if test is not None and test.labels is not None:
            answer = _ask(_fitted(_Key(train), *geometry, seed, on_bad), test, geometry, on_bad, "real training images")
            answers = {"train_on_real": answer, "train_on_fake": answer}
        return answers
    if fake.labels is None or fake.classes != train.classes:
        return {}
    answers["train_on_real"] = _ask(
        _fitted(_Key(train), *geometry, seed, on_bad), fake, geometry, on_bad, "real training images"
    )
    if test is not None and test.labels is not None and len(np.unique(fake.labels)) > 1:
        answers["train_on_fake"] = _ask(
            _fitted(_Key(fake), *geometry, seed, on_bad), test, geometry, on_bad, "generated images"
        )
    return answers


class _Key:
    """A source, hashed by its content, so that each set of images trains its classifier once."""

    def __init__(self, source: ImageSource) -> None:
        self.source = source

    def __hash__(self) -> int:
        return hash(self.source.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.source.digest == self.source.digest


@lru_cache(maxsize=2)
def _fitted(key: _Key, size: int, channels: int, seed: int, on_bad: str) -> Classifier:
    images, labels = _labelled(key.source, size, channels, on_bad)
    return fit_classifier(images, labels, len(key.source.classes), seed=seed)


def _ask(
    classifier: Classifier, source: ImageSource, geometry: tuple[int, int], on_bad: str, trained_on: str
) -> Predictions:
    images, labels = _labelled(source, *geometry, on_bad)
    return Predictions(labels, classifier.predict(images), trained_on)


def _labelled(source: ImageSource, size: int, channels: int, on_bad: str) -> tuple[np.ndarray, np.ndarray]:
    found = to_array(source, size, channels, on_bad=on_bad)
    assert found.labels is not None  # the callers ask labelled sources only
    return found.pixels, found.labels


def _geometry(train: ImageSource) -> tuple[int, int]:
    """Return side and channels at which the classifiers look: 8, 16 or 32 pixels, gray where the data are gray."""
    first = train.read(0)
    side = next((s for s in (8, 16, 32) if s >= max(first.shape[:2])), 32)
    return side, first.shape[2]
