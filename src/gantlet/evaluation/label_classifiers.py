"""GAN-train and GAN-test: classifiers trained on one side and applied to the other."""

import time
from dataclasses import replace
from functools import lru_cache

import numpy as np

from gantlet.core.rng import numpy_stream
from gantlet.data.kinds import Source
from gantlet.data.reading import to_array
from gantlet.data.source import ImageSource
from gantlet.data.subset import cut
from gantlet.evaluation.evidence import Predictions
from gantlet.evaluation.features.classifier import Classifier, fit_classifier
from gantlet.evaluation.labels import ClassMap, match_classes, match_fakes, only_classes
from gantlet.evaluation.measurement import Absent
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.subsets import CLASSIFIERS, LARGEST

TRAIN, TEST = "training", "held-out real"
_Labels = tuple[np.ndarray, np.ndarray]
"""Images [n, h, w, c] and their labels [n]."""


def of_fakes(space: Space, fake: Side | None) -> Predictions | Absent:
    """Return what a classifier trained on the training images says of the fakes; of the held-out images for ``fake`` None.

    Classes are matched by name; fakes of a class that the training images lack are left out, which a note says. Where
    one of the two has no labels, or no class in common, the reason is returned.
    """
    train = _images(TRAIN, space.train.source)
    tested = _test(space) if fake is None else _images("generated", fake.source)
    if isinstance(train, Absent) or isinstance(tested, Absent):
        return train if isinstance(train, Absent) else tested  # type: ignore[return-value]  # one of them is
    classes = (
        match_classes((TRAIN, train), (TEST, tested)) if fake is None else match_fakes(space, (TRAIN, train), tested)
    )
    if isinstance(classes, Absent):
        return classes
    predictions = _timed(space, train, train, _shared(tested, classes), "real training images")
    return replace(predictions, notes=classes.left_out)


def of_held_out(space: Space, fake: Side | None) -> Predictions | Absent:
    """Return what a classifier trained on the fakes says of the held-out real images; trained on real for ``fake`` None.

    It learns from as many fakes as there are training images at most; for ``fake`` None from as many real ones as there
    are fakes. Classes are matched by name; images of a class that the other side does not name are left out, which a note
    says. Where one of the two has no labels, or the fakes have fewer than two of the classes, the reason is returned.
    """
    train, test = _images(TRAIN, space.train.source), _test(space)
    learnt = train if fake is None else _images("generated", fake.source)
    for images in (train, test, learnt):
        if isinstance(images, Absent):
            return images
    assert isinstance(train, ImageSource) and isinstance(test, ImageSource) and isinstance(learnt, ImageSource)
    known = match_classes((TRAIN, train), (TEST, test))
    classes = known if fake is None else match_fakes(space, (TRAIN, train), learnt)
    if isinstance(known, Absent) or isinstance(classes, Absent):
        return known if isinstance(known, Absent) else classes  # type: ignore[return-value]  # one of them is
    asked = _shared(test, known)
    if fake is None:
        learnt = cut(train, space.compared_n or len(train), space.config.seed)
        return _timed(space, train, learnt, asked, "real training images", fresh=True)
    learnt = cut(_shared(learnt, classes), len(train), space.config.seed)
    if learnt.labels is None or len(np.unique(learnt.labels)) < 2:
        return Absent(
            "the generated images show fewer than two of the training images' classes; a classifier needs two"
        )
    assert asked.labels is not None
    named = np.isin(asked.labels, classes.renumber)
    if not named.any():
        return Absent("the held-out real images have no class in common with the generated ones")
    asked = only_classes(asked, np.where(named, asked.labels, -1), train.classes)
    found = _timed(space, train, learnt, asked, "generated images", fresh=True)
    return replace(
        found, notes=(*classes.left_out, *(learnt.notes[-1:] if len(learnt) == len(train) < len(fake.source) else ()))
    )


def _shared(source: ImageSource, classes: ClassMap) -> ImageSource:
    """Return the images of the second set whose class the first one names too, with the first one's labels."""
    assert source.labels is not None
    return only_classes(source, classes.renumber[source.labels], classes.names[: classes.first])


def _images(role: str, source: Source) -> ImageSource | Absent:
    """Return a source of labelled images of two classes or more (fakes: of one), or what is wanting."""
    if not isinstance(source, ImageSource):
        return Absent(f"the classifiers need images, and {source.spec} holds {source.kind}")
    if source.labels is None:
        return Absent(f"the {role} images have no labels; give labelled images")
    if role == TRAIN and len(source.classes) < 2:
        return Absent("the training images have fewer than two classes; a classifier needs two")
    return source


def _test(space: Space) -> ImageSource | Absent:
    if space.test is not None:
        return _images(TEST, space.test.source)
    return Absent(space.no_test or "there are no held-out real images; give them by --held-out")


def _timed(
    space: Space, train: ImageSource, learnt: ImageSource, tested: ImageSource, trained_on: str, *, fresh: bool = False
) -> Predictions:
    started = time.perf_counter()
    space.progress("classifiers for gan_train and gan_test", 0, 2)
    settings = space.config
    predictions = predict(train, learnt, tested, trained_on, seed=settings.seed, on_bad=settings.on_bad, fresh=fresh)
    space.seconds["classifiers"] = space.seconds.get("classifiers", 0.0) + time.perf_counter() - started
    return predictions


def predict(
    train: ImageSource,
    learnt: ImageSource,
    tested: ImageSource,
    trained_on: str,
    *,
    seed: int,
    on_bad: str = "fail",
    fresh: bool = False,
) -> Predictions:
    """Return what a classifier trained on ``learnt`` says of ``tested``, at the geometry of the training images ``train``.

    Args: all three labelled, with the same classes; trained_on: ``learnt`` in words; fresh: whether to train six more, on
    random halves of ``learnt``, for the variance of the accuracy over fresh images to learn from, and over seeds.
    Raises: BadFiles under on_bad = fail.
    """
    geometry = _geometry(train)
    classifier = _fitted(_Key(learnt), *geometry, seed, on_bad)
    images, labels = _labelled(tested, *geometry, on_bad)
    spread = None
    if fresh:
        spread = _spread(_labelled(learnt, *geometry, on_bad), (images, labels), len(learnt.classes), seed)
    return Predictions(labels, classifier.predict(images), trained_on, len(learnt), spread=spread)


def _spread(known: _Labels, tested: _Labels, count: int, seed: int) -> float | None:
    """Return the variance of the accuracy over fresh training images and seeds: that of classifiers of random halves.

    It sums the seed's part, and (1 − share)/share = 1 times the images' part. None where a half has fewer than two classes.
    Source: as `evaluation.subsets`.
    """
    pixels, wanted = known
    share, right = min(0.5, LARGEST / len(pixels)), []
    for i in range(CLASSIFIERS):
        rows = numpy_stream(seed, f"classifier {i}").permutation(len(pixels))[: int(share * len(pixels))]
        if len(np.unique(wanted[rows])) < 2:
            return None
        fitted = fit_classifier(pixels[rows], wanted[rows], count, seed=seed + 1 + i)
        right.append(float((fitted.predict(tested[0]) == tested[1]).mean()))
    return float(np.var(right, ddof=1))


class _Key:
    """A source, hashed by its images and labels, so that each set trains its classifier once."""

    def __init__(self, source: ImageSource) -> None:
        self.source = source
        labels = b"" if source.labels is None else source.labels.tobytes()
        self.content = (source.digest, source.classes, labels)

    def __hash__(self) -> int:
        return hash(self.content)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.content == self.content


@lru_cache(maxsize=2)
def _fitted(key: _Key, size: int, channels: int, seed: int, on_bad: str) -> Classifier:
    images, labels = _labelled(key.source, size, channels, on_bad)
    return fit_classifier(images, labels, len(key.source.classes), seed=seed)


def _labelled(source: ImageSource, size: int, channels: int, on_bad: str) -> _Labels:
    batch = to_array(source, size, channels, on_bad=on_bad)
    assert batch.labels is not None  # only labelled sources come here
    return batch.pixels, batch.labels


def _geometry(train: ImageSource) -> tuple[int, int]:
    """Return side and channels at which the classifiers look: 8, 16 or 32 pixels, gray where the data are gray."""
    height, width, channels = train.first_shape
    return next((side for side in (8, 16, 32) if side >= max(height, width)), 32), channels
