"""GAN-train and GAN-test: classifiers trained on one side and applied to the other."""

import time
from functools import lru_cache

import numpy as np

from gantlet.data.kinds import Source
from gantlet.data.reading import to_array
from gantlet.data.source import ImageSource
from gantlet.evaluation.evidence import Predictions
from gantlet.evaluation.features.classifier import Classifier, fit_classifier
from gantlet.evaluation.sides import Side, Space


def of_fakes(space: Space, fake: Side | None) -> Predictions | None:
    """Return what a classifier trained on the training images says of the fakes; of the held-out images for ``fake`` None.

    None where one of the two has no labels, the training images have fewer than two classes, or the classes differ.
    """
    train = _images(space.train.source)
    tested = _images(fake.source) if fake is not None else _test(space)
    if train is None or tested is None or (fake is not None and tested.classes != train.classes):
        return None
    return _timed(space, train, train, tested, "real training images")


def of_held_out(space: Space, fake: Side | None) -> Predictions | None:
    """Return what a classifier trained on the fakes says of the held-out real images; trained on real for ``fake`` None.

    None where one of the two has no labels or fewer than two classes, or the classes differ.
    """
    train, test = _images(space.train.source), _test(space)
    learnt = train if fake is None else _images(fake.source)
    if train is None or test is None or learnt is None or learnt.classes != train.classes:
        return None
    if fake is not None and learnt.labels is not None and len(np.unique(learnt.labels)) < 2:
        return None
    return _timed(space, train, learnt, test, "real training images" if fake is None else "generated images")


def _images(source: Source) -> ImageSource | None:
    """Return a source of labelled images of two classes or more; None for anything else."""
    labelled = isinstance(source, ImageSource) and source.labels is not None and len(source.classes) > 1
    return source if labelled and isinstance(source, ImageSource) else None


def _test(space: Space) -> ImageSource | None:
    return None if space.test is None else _images(space.test.source)


def _timed(space: Space, train: ImageSource, learnt: ImageSource, tested: ImageSource, trained_on: str) -> Predictions:
    started = time.perf_counter()
    space.progress("classifiers for gan_train and gan_test", 0, 2)
    settings = space.config
    predictions = predict(train, learnt, tested, trained_on, seed=settings.seed, on_bad=settings.on_bad)
    space.seconds["classifiers"] = space.seconds.get("classifiers", 0.0) + time.perf_counter() - started
    return predictions


def predict(
    train: ImageSource, learnt: ImageSource, tested: ImageSource, trained_on: str, *, seed: int, on_bad: str = "fail"
) -> Predictions:
    """Return what a classifier trained on ``learnt`` says of ``asked``, at the geometry of the training images ``train``.

    Args: all three labelled, with the same classes; trained_on: ``learnt`` in words. Raises: BadFiles under on_bad = fail.
    """
    geometry = _geometry(train)
    classifier = _fitted(_Key(learnt), *geometry, seed, on_bad)
    images, labels = _labelled(tested, *geometry, on_bad)
    return Predictions(labels, classifier.predict(images), trained_on, len(learnt))


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


def _labelled(source: ImageSource, size: int, channels: int, on_bad: str) -> tuple[np.ndarray, np.ndarray]:
    batch = to_array(source, size, channels, on_bad=on_bad)
    assert batch.labels is not None  # only labelled sources come here
    return batch.pixels, batch.labels


def _geometry(train: ImageSource) -> tuple[int, int]:
    """Return side and channels at which the classifiers look: 8, 16 or 32 pixels, gray where the data are gray."""
    height, width, channels = train.first_shape
    return next((side for side in (8, 16, 32) if side >= max(height, width)), 32), channels
