"""Stacked digits: one gray classifier, asked about each colour; the thousand probabilities are products of three tens."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gantlet.core.errors import ConfigError
from gantlet.data.arrays import array_source
from gantlet.data.opening import open_source
from gantlet.data.source import ImageSource
from gantlet.data.stacked_mnist import CLASSES
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.features.stacked_digits import StackedDigits, colours_of


def stacked(split: str, n: int, seed: int = 0) -> ImageSource:
    """The built-in 8×8 digits, three an image, as stacked-mnist stacks MNIST's."""
    gray = open_source(f"digits[split={split}]")
    rows = np.random.default_rng(seed).integers(0, len(gray), (n, 3))
    images = np.stack([np.concatenate([gray.read(int(row)) for row in three], axis=2) for three in rows])
    return array_source(f"stacked {split}", images, gray.labels[rows] @ np.array([100, 10, 1]), CLASSES)


@pytest.fixture(autouse=True)
def _fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path / "cache"))


def test_modes_of_held_out_digits_are_recognised() -> None:
    """Each digit is right in 95 % or more (as the gray classifier's test asks: 97 %), so each mode in .95³ = .857."""
    held_out = stacked("test", 300, seed=1)
    extractor = build_extractor("stacked-digits", train=stacked("train", 600), held_out=held_out)
    features, probabilities = extractor.extract(np.stack([extractor.prepare(held_out.read(i)) for i in range(300)]))
    assert features.shape == (300, extractor.dim) == (300, 192)
    assert probabilities is not None
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == held_out.labels).mean() >= 0.857
    # the marginal of each colour is the gray classifier's answer about that colour alone
    classifier = extractor._digits.trained.classifier  # type: ignore[attr-defined]
    green = np.stack([held_out.read(i)[:, :, 1:2] for i in range(300)])
    marginal = probabilities.reshape(300, 10, 10, 10).sum(axis=(1, 3))
    np.testing.assert_allclose(marginal, classifier.probabilities(green), atol=1e-5)
    assert extractor.identity["name"] == "stacked-digits" and "0.9" in extractor.identity["accuracy"]


def test_colours_are_gray_digits_in_order() -> None:
    source = stacked("train", 20)
    colours = colours_of(source)
    assert len(colours) == 60 and colours.classes == tuple("0123456789") and colours.names[4].endswith("/g")
    for i in (0, 4, 59):
        np.testing.assert_array_equal(colours.read(i)[:, :, 0], source.read(i // 3)[:, :, i % 3])
        assert str(colours.labels[i]) == CLASSES[source.labels[i // 3]][i % 3]  # type: ignore[index]


def test_pads_each_colour_as_a_gray_image() -> None:
    """28 pixels become 32 by black pixels, not by enlarging; a gray image counts as three equal colours."""
    image = np.random.default_rng(0).integers(1, 256, (28, 28, 3), dtype=np.uint8)
    images = np.pad(image, ((2, 2), (2, 2), (0, 0)))[None].repeat(2, axis=0)
    extractor = StackedDigits(array_source("two", images, np.array([0, 999]), CLASSES))
    np.testing.assert_array_equal(extractor.prepare(image), images[0])
    np.testing.assert_array_equal(extractor.prepare(image[:, :, :1]), images[0][:, :, :1].repeat(3, axis=2))


def test_refuses_other_classes_and_gray_images() -> None:
    source = stacked("train", 20)
    with pytest.raises(ConfigError, match="needs the thousand classes"):
        StackedDigits(open_source("digits"))
    with pytest.raises(ConfigError, match="needs the thousand classes"):
        StackedDigits(replace(source, labels=None))
    gray = array_source("gray", np.zeros((4, 8, 8, 1), np.uint8), np.arange(4), CLASSES)
    with pytest.raises(ConfigError, match="needs images with 3 colours"):
        StackedDigits(gray)
