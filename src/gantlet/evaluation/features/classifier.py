"""Features of a small classifier that is trained on the real training labels: the honest space for digits-like data."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float32, Int64

from gantlet.core.errors import CacheError, ConfigError
from gantlet.core.interfaces.extractors import Extractor, TrainedOnLabels
from gantlet.core.processes import processes
from gantlet.core.rng import numpy_stream
from gantlet.data import decode
from gantlet.data.reading import PixelBatch, Pixels, fit_square, native_shape, to_array
from gantlet.data.source import ImageSource
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.cache import arrays_digest, cache_path, keep, load
from gantlet.evaluation.features.small_cnn import FEATURES, Classifier, SmallCNN, fit_classifier

__all__ = ["Classifier", "ClassifierFeatures", "fit_classifier"]

VERSION = "1"


class Trained(NamedTuple):
    """A classifier, the SHA-256 of its weights, its accuracy, and on how many images of which set that was measured."""

    classifier: Classifier
    weights_sha256: str
    accuracy: float
    n_test: int
    tested_on: str


@EXTRACTORS.register(
    "classifier",
    source="Shmelkov, Schmid and Alahari 2018, arXiv:1807.09499",
    dim=FEATURES,
    trained=True,
    unrounded=True,
)
@dataclass(frozen=True)
class ClassifierFeatures(Extractor, TrainedOnLabels):
    """A small CNN trained in seconds on the real training labels: 64 features and class probabilities.

    Images are brought to 8, 16 or 32 pixels (``data.reading.fit_square``); the features are the last hidden layer
    before its ReLU. It is trained once and cached with its accuracy on the held-out images, or, where there are none,
    on a stratified tenth of the training images that is left out of training.

    When it lies: it sees what tells the classes apart and misses what does not (background, texture); distances
    depend on the training set and seed, so compare numbers of one classifier (one weights_sha256) only.

    Args: seed: of its training. ``train`` (labelled), ``held_out`` and ``progress`` are given by the caller; users
    write classifier[data=SOURCE].
    Raises: ConfigError when ``train`` has no labels of at least two classes.
    """

    train: ImageSource
    held_out: ImageSource | None = None
    progress: Callable[[str, int, int], None] | None = None
    seed: int = 0
    on_bad: str = "fail"
    name = "classifier"
    dim = FEATURES

    def __post_init__(self) -> None:
        if self.train.labels is None or len(self.train.classes) < 2:
            raise ConfigError(
                f"extractor 'classifier' needs labels of at least two classes; {self.train.spec} has none: "
                "give class folders, other training images by classifier[data=SOURCE], or --features efficientnet-lite0"
            )

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the training images' classes."""
        return self.train.classes

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Return the side (8, 16 or 32) and the channels (1 or 3) at which it looks at images."""
        size, channels = native_shape(self.train)
        return min(size, 32), channels

    @cached_property
    def trained(self) -> Trained:
        """Return the classifier: from the cache, else trained now; raises CacheError, BadFiles.

        Of several processes the first one reads or trains it, and all look through the same weights.
        """
        arrays, facts = processes().first(self._cached)
        size, channels = self.shape
        network = SmallCNN(size, channels, len(self.train.classes))
        try:
            network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
        except RuntimeError as error:
            raise CacheError(
                f"the cached classifier {cache_path('classifiers', self._made_of())} does not fit ({error}); delete it"
            ) from error
        classifier = Classifier(network.eval(), size, channels, len(self.train.classes))
        return Trained(classifier, arrays_digest(arrays), facts["accuracy"], facts["n_test"], facts["tested_on"])

    def _cached(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the weights and what is told of them, which are put into the cache where they were not."""
        made_of = self._made_of()
        path = cache_path("classifiers", made_of)
        found = load(path, made_of)
        if found is None:
            found = self._train()
            keep(path, found[0], made_of, found[1])
        return found

    @property
    def identity(self) -> dict[str, str]:
        """Return all that decides the features' values."""
        size, channels = self.shape
        trained = self.trained
        return {
            "name": self.name,
            "version": VERSION,
            "weights_sha256": trained.weights_sha256,
            "preprocessing": f"fit_square {size}x{size}x{channels}, v/127.5 - 1",
            "precision": "float32",
            "decoder": str(decode.VERSION),
            "trained_on": self.train.spec,
            "accuracy": f"{trained.accuracy:.4f} on {trained.n_test} images of {trained.tested_on}",
        }

    def prepare(self, image: Pixels) -> Pixels:
        """Bring one image to the classifier's size and channels."""
        return fit_square(image, *self.shape)

    def extract(self, batch: PixelBatch) -> tuple[Float32[np.ndarray, "b d"], Float32[np.ndarray, "b k"]]:
        """Return features [b, 64] and class probabilities [b, k]."""
        return self.trained.classifier.outputs(batch)

    def _made_of(self) -> dict[str, Any]:
        made_of: dict[str, Any] = {
            "version": VERSION,
            "decoder": decode.VERSION,
            "seed": self.seed,
            "shape": list(self.shape),
        }
        for role, source in (("train", self.train), ("held_out", self._labelled_test())):
            labels = b"" if source is None or source.labels is None else source.labels.tobytes()
            made_of[role] = source.digest if source else ""
            made_of[f"{role}_labels"] = hashlib.sha256(labels).hexdigest()
        return made_of

    def _labelled_test(self) -> ImageSource | None:
        test = self.held_out
        return test if test is not None and test.labels is not None and test.classes == self.train.classes else None

    def _train(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        test = self._labelled_test()
        data = to_array(self.train, *self.shape, on_bad=self.on_bad)
        assert data.labels is not None  # __post_init__
        if test is not None:
            images, labels = data.pixels, data.labels
            read = to_array(test, *self.shape, on_bad=self.on_bad)
            test_images, test_labels, tested_on = read.pixels, read.labels, test.spec
        else:
            held = _tenth(data.labels, self.seed)
            images, labels = data.pixels[~held], data.labels[~held]
            test_images, test_labels, tested_on = data.pixels[held], data.labels[held], f"{self.train.spec} left out"
        told = self.progress
        step = (lambda done, total: told("training the classifier", done, total)) if told else None
        classifier = fit_classifier(images, labels, len(self.train.classes), seed=self.seed, progress=step)
        right = classifier.predict(test_images) == test_labels
        state = {name: value.numpy() for name, value in classifier.network.state_dict().items()}
        return state, {"accuracy": float(np.mean(right)), "n_test": len(test_images), "tested_on": tested_on}


def _tenth(labels: Int64[np.ndarray, " n"], seed: int) -> np.ndarray:
    """Return a mask of a tenth of the images of each class (at least one where a class has two)."""
    chance = numpy_stream(seed, "classifier-held-out")
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        held[chance.permutation(rows)[: max(len(rows) // 10, int(len(rows) > 1))]] = True
    return held
