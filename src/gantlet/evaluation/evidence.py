"""Evidence: all that the metrics of one comparison may look at; shared work is computed once."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8

from gantlet.core.errors import DataError, ShapeError
from gantlet.core.mixture import Mixture
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted, every
from gantlet.evaluation.measurement import Rows
from gantlet.evaluation.stats.bank import Bank
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.gaussian import GaussianNull, Potentials, canonical_order, gaussian_null, potentials
from gantlet.evaluation.stats.latent import LatentSpace
from gantlet.evaluation.stats.moments import Moments
from gantlet.evaluation.stats.neighbours import MANIFOLD_K, Neighbours, neighbours
from gantlet.evaluation.stats.probabilities import ClassProbabilities

T = TypeVar("T")


@dataclass(frozen=True)
class Predictions:
    """What a classifier said about n labelled images: ``true`` [n] against ``predicted`` [n], class indices."""

    true: Int64[np.ndarray, " n"]
    predicted: Int64[np.ndarray, " n"]
    trained_on: str
    n_trained: int | None = None
    """Images that the classifier was trained on, where that is known."""
    notes: tuple[str, ...] = ()
    spread: float | None = None
    """Variance of the accuracy over fresh images to learn from and over seeds, where it was measured."""

    @property
    def correct(self) -> Float64[np.ndarray, " n"]:
        """Return 1 where the prediction is right, else 0."""
        return (self.true == self.predicted).astype(np.float64)


@dataclass(frozen=True)
class Evidence:
    """Real and fake features, in this order, with the settings of the intervals.

    ``train``: what the generator was trained on; ``test``: real images that it has not seen; None where the caller does
    not say. ``classes``: names of the training data's classes; ``label_names``: of those that both sides' labels index.
    ``given``: every further kind of evidence by the name of its need (`evaluation.needs`): mixture, pairs, generator,
    train_on_real, train_on_fake, what other packages add; or `Absent`. ``value_only``: no interval is wanted.
    Raises ShapeError when the dimensions differ, DataError when all real features are equal.
    """

    real_bank: Bank
    fake_bank: Bank
    seed: int = 0
    level: float = 0.95
    memory: int = 2 * 10**9
    classes: tuple[str, ...] = ()
    train: FeatureBank | None = None
    test: FeatureBank | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    label_names: tuple[str, ...] = ()
    value_only: bool = False

    def __post_init__(self) -> None:
        if self.real_bank.dim != self.fake_bank.dim:
            raise ShapeError(
                f"real features have {counted(self.real_bank.dim, 'column')}, fake ones {self.fake_bank.dim}; use one extractor for both"
            )
        real = self.real_bank.rows
        if real is not None and real.n > 1 and (real.features == real.features[0]).all():
            raise DataError(
                f"{every(real.n, 'real feature row', 'are')} equal; expected images that differ. Check the source and the extractor"
            )

    @cached_property
    def real(self) -> FeatureBank:
        """Return the real rows; raises DataError where a statistics file stands for them."""
        return _rows("real", self.real_bank)

    @cached_property
    def fake(self) -> FeatureBank:
        """Return the fake rows; raises DataError where a statistics file stands for them."""
        return _rows("fake", self.fake_bank)

    @property
    def has_rows(self) -> bool:
        """Return whether the rows of both sides are known."""
        return self.real_bank.rows is not None and self.fake_bank.rows is not None

    @property
    def rows(self) -> Rows:
        """Return the number of rows of both sides, for a metric that looks at all of them."""
        return Rows(self.real_bank.n, self.fake_bank.n)

    @property
    def mixture(self) -> Mixture | None:
        """Return the known modes of synthetic data, in the space of the features."""
        return self.given.get("mixture")

    @property
    def pairs(self) -> Int64[np.ndarray, " m"] | None:
        """Return for each fake row the real row that it is meant to reproduce."""
        return self.given.get("pairs")

    @property
    def latents(self) -> LatentSpace | None:
        """Return the generator itself, as the features see it."""
        return self.given.get("generator")

    def predictions(self, need: str) -> Predictions:
        """Return what a classifier said: ``train_on_real`` or ``train_on_fake``."""
        predictions: Predictions = self.given[need]
        return predictions

    @cached_property
    def orders(self) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " m"]]:
        """Return a random order of the real and of the fake rows; it depends on the seed and the rows, not on where
        they stand.
        """
        key = numpy_stream(self.seed, "row-key").standard_normal(self.real_bank.dim)
        real, fake = (canonical_order(_features(bank), key) for bank in (self.real_bank, self.fake_bank))
        return (
            real[numpy_stream(self.seed, "split-real").permutation(len(real))],
            fake[numpy_stream(self.seed, "split-fake").permutation(len(fake))],
        )

    def sample(self, cap: int, balanced: bool = False) -> tuple[FeatureBank, FeatureBank, tuple[str, ...]]:
        """Return at most ``cap`` random rows of each side (as many of each where ``balanced``), and a note if any were
        left out.
        """
        least = min(cap, self.real.n, self.fake.n)
        sizes = [least if balanced else min(cap, side.n) for side in (self.real, self.fake)]
        real, fake = (
            side.take(order[:size])
            for side, order, size in zip((self.real, self.fake), self.orders, sizes, strict=True)
        )
        if sizes == [self.real.n, self.fake.n]:
            return real, fake, ()
        return real, fake, (f"computed on {sizes[0]} real and {sizes[1]} fake images drawn at random (seeded)",)

    @property
    def training(self) -> FeatureBank:
        """Return the training images, as which the real ones count where the caller names none."""
        return self.real if self.train is None else self.train

    @cached_property
    def training_neighbours(self) -> Neighbours:
        """Return the nearest-neighbour statistics of the fakes against the training images."""
        if self.training is self.real:
            return self.neighbours
        return neighbours(self.training.features, self.fake.features, memory=self.memory)

    def train_and_test(self, cap: int) -> tuple[FeatureBank, FeatureBank, tuple[str, ...]]:
        """Return at most ``cap`` training and unseen real rows; two random halves of real where either is not known."""
        if self.train is None or self.test is None:
            real, _, notes = self.sample(2 * cap)
            halves = "the training and the test images are two random halves of the real ones (seeded)"
            rows = np.arange(real.n)
            return real.take(rows[::2]), real.take(rows[1::2]), (*notes, halves)
        sides = []
        for name, bank in (("train", self.train), ("test", self.test)):
            order = numpy_stream(self.seed, f"rows-{name}").permutation(bank.n)
            sides.append(bank if bank.n <= cap else bank.take(order[:cap]))
        return sides[0], sides[1], ()

    @cached_property
    def quarters(self) -> tuple[list[Moments], list[Moments]]:
        """Return the moments of four disjoint random quarters of the real and of the fake rows; halves are merges of
        them. A statistics file brings its own.

        Raises: TooFewSamples where it holds the moments of all its rows only.
        """
        real, fake = self.orders
        return self.real_bank.quarters(real), self.fake_bank.quarters(fake)

    @cached_property
    def potentials(self) -> Potentials:
        """Return the influence function of the Fréchet distance at every row that is known."""
        real, fake = (_features(bank) for bank in (self.real_bank, self.fake_bank))
        return potentials(real, fake, self.real_bank.moments, self.fake_bank.moments)

    @cached_property
    def gaussian_null(self) -> GaussianNull:
        """Return the distribution of the Fréchet distance under random relabelling; raises TooFewSamples."""
        pooled = self.real.moments.merge(self.fake.moments)
        return gaussian_null(self.real.features, self.fake.features, pooled, self.orders, self.memory)

    def of_pairs(
        self, measure: Callable[[UInt8[np.ndarray, "..."], UInt8[np.ndarray, "..."]], float]
    ) -> Float64[np.ndarray, " m"]:
        """Return ``measure(real, fake)`` of the images of each pair; raises what ``measure`` does."""
        assert self.pairs is not None and self.real.images is not None and self.fake.images is not None
        partners = self.real.images.take(self.pairs)
        return np.array([measure(real, fake) for real, fake in zip(partners, self.fake.images, strict=True)])

    @property
    def real_classes(self) -> ClassProbabilities:
        """Return the class statistics of the real images; raises ShapeError when the extractor gives no probabilities."""
        return _classes(self.real_bank)

    @property
    def fake_classes(self) -> ClassProbabilities:
        """Return the class statistics of the fake images; raises ShapeError when the extractor gives no probabilities."""
        return _classes(self.fake_bank)

    @cached_property
    def neighbours(self) -> Neighbours:
        """Return the nearest-neighbour statistics that precision, recall, density, coverage and 1-NN share."""
        return neighbours(self.real.features, self.fake.features, memory=self.memory)

    def manifolds(self, k: int) -> Neighbours:
        """Return the neighbour statistics whose manifolds reach to the k-th neighbour; raises TooFewSamples."""
        if k == MANIFOLD_K:
            return self.neighbours
        sides = self.real.features, self.fake.features
        return self.shared(("manifolds", k), lambda: neighbours(*sides, k=k, manifold=k, memory=self.memory))

    def shared(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` gives, computed once per key: work that a metric's value and its influence share."""
        if key not in self._shared:
            self._shared[key] = make()
        value: T = self._shared[key]
        return value

    @cached_property
    def _shared(self) -> dict[Hashable, Any]:
        return {}


def _rows(side: str, bank: Bank) -> FeatureBank:
    if bank.rows is None:
        raise DataError(f"the {side} side is a statistics file, which holds no rows; give the images")
    return bank.rows


def _features(bank: Bank) -> Float32[np.ndarray, "n d"]:
    return np.empty((0, bank.dim), np.float32) if bank.rows is None else bank.rows.features


def _classes(bank: Bank) -> ClassProbabilities:
    if bank.class_statistics is None:
        raise ShapeError(
            "expected class probabilities beside the features; use an extractor that gives them, e.g. classifier"
        )
    return bank.class_statistics
