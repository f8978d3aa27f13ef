"""The classifier: accurate on real held-out digits, deterministic, cached with its accuracy."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gantlet.core.errors import CacheError, ConfigError, ShapeError, TooFewSamples, UnknownName
from gantlet.data.arrays import array_source
from gantlet.data.opening import open_source
from gantlet.data.source import ImageSource
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.features.cache import cache_path
from gantlet.evaluation.features.classifier import ClassifierFeatures
from gantlet.evaluation.features.small_cnn import fit_classifier


def blobs(n: int, size: int = 8, channels: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Bright top or bright bottom, with noise: separable classes."""
    labels = np.arange(n) % 2
    images = np.random.default_rng(n).integers(0, 100, (n, size, size, channels), dtype=np.uint8)
    images[labels == 0, : size // 2] += 100
    images[labels == 1, size // 2 :] += 100
    return images, labels


def source(n: int, name: str = "blobs") -> ImageSource:
    images, labels = blobs(n)
    return array_source(name, images, labels, ("top", "bottom"))


@pytest.fixture(autouse=True)
def _fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path / "cache"))


def test_held_out_digits_are_recognised() -> None:
    train = open_source("digits")
    extractor = build_extractor("auto", train=train, held_out=open_source(train.held_out))
    trained = extractor.trained  # type: ignore[attr-defined]
    assert (extractor.name, trained.n_test) == ("classifier", 360)
    assert trained.accuracy >= 0.97
    batch = np.stack([extractor.prepare(train.read(i)) for i in range(50)])
    features, probabilities = extractor.extract(batch)
    assert features.shape == (50, 64)
    assert probabilities is not None
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert "0.9" in extractor.identity["accuracy"]


@pytest.mark.slow
@pytest.mark.shared
def test_held_out_mnist_is_recognised(shared: Path) -> None:
    extractor = build_extractor(f"classifier[data=mnist[root={shared / 'data/mnist'}]]")
    assert extractor.trained.accuracy >= 0.985  # type: ignore[attr-defined]


def test_equal_seeds_give_equal_weights_and_leave_global_chance_alone() -> None:
    images, labels = blobs(60)
    state = torch.random.get_rng_state()
    first, second, other = (fit_classifier(images, labels, 2, seed=seed, epochs=2) for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), state)
    np.testing.assert_array_equal(first.probabilities(images), second.probabilities(images))
    assert not np.array_equal(first.probabilities(images), other.probabilities(images))


@pytest.mark.parametrize(("size", "channels"), [(8, 1), (16, 3), (28, 1), (32, 3), (64, 3), (45, 1)])
def test_all_sizes_are_learned(size: int, channels: int) -> None:
    images, labels = blobs(120, size, channels)
    classifier = fit_classifier(images, labels, 2, epochs=6)
    assert (classifier.predict(images) == labels).mean() > 0.95
    assert classifier.predict(images).dtype == np.int64
    with pytest.raises(ShapeError, match="expects images of"):
        classifier.predict(images[:, 1:, 1:])


def test_it_is_trained_once_and_read_from_the_cache() -> None:
    steps: list[str] = []
    first = build_extractor(
        "classifier", train=source(80), held_out=source(40, "test"), progress=lambda *s: steps.append(s[0])
    )
    identity = first.identity
    assert steps
    steps.clear()
    again = build_extractor(
        "classifier", train=source(80), held_out=source(40, "test"), progress=lambda *s: steps.append(s[0])
    )
    assert again.identity == identity
    assert not steps
    batch = blobs(10)[0]
    np.testing.assert_array_equal(again.extract(batch)[0], first.extract(batch)[0])
    relabelled = replace(source(80), labels=1 - (np.arange(80) % 2))
    others = (build_extractor("classifier[seed=1]", train=source(80)), build_extractor("classifier", train=relabelled))
    assert len({identity["weights_sha256"], *(other.identity["weights_sha256"] for other in others)}) == 3


def test_without_a_held_out_set_a_tenth_is_left_out() -> None:
    trained = build_extractor("classifier", train=source(80)).trained  # type: ignore[attr-defined]
    assert (trained.n_test, trained.tested_on) == (8, "blobs left out")


def test_a_damaged_cached_classifier_is_refused() -> None:
    assert ClassifierFeatures(source(80)).trained.n_test == 8
    (path,) = cache_path("classifiers", {}).parent.iterdir()
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(CacheError, match="delete it"):
        ClassifierFeatures(source(80)).identity


def test_what_it_cannot_be_trained_on() -> None:
    unlabelled = array_source("plain", blobs(10)[0])
    with pytest.raises(ConfigError, match=r"classifier\[data=SOURCE\]"):
        build_extractor("classifier", train=unlabelled)
    with pytest.raises(ConfigError, match="needs labelled training images"):
        build_extractor("classifier")
    assert build_extractor("auto", train=unlabelled).name == "efficientnet-lite0"
    with pytest.raises(UnknownName, match="did you mean 'seed'"):
        build_extractor("classifier[sed=1]", train=source(10))
    images, labels = blobs(6)
    with pytest.raises(TooFewSamples, match="two classes"):
        fit_classifier(images, np.zeros(6, np.int64), 2)
    with pytest.raises(ShapeError, match=r"labels in 0\.\.1"):
        fit_classifier(images, labels + 1, 2)
