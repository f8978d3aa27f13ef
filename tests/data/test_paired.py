"""Paired data: what each task makes of an image, labels and splits carried over, nonsense refused."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.core.errors import ConfigError, DataError, UsageError
from gantlet.data.opening import open_images, open_source
from gantlet.data.paired import downsampled, edges, pair_arrays


def test_edges_are_where_the_brightness_jumps() -> None:
    image = np.zeros((8, 8, 1), np.uint8)
    image[:, 4:] = 200
    result = edges(image)
    # a vertical step between columns 3 and 4: Sobel sees it from both, and nowhere else
    np.testing.assert_array_equal(result[:, :, 0], np.repeat([[0, 0, 0, 255, 255, 0, 0, 0]], 8, axis=0))
    np.testing.assert_array_equal(edges(np.full((8, 8, 3), 7, np.uint8)), 0)
    np.testing.assert_array_equal(edges(np.repeat(image, 3, axis=2)), result)


def test_blocks_hold_their_means() -> None:
    image = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
    result = downsampled(image, 4)
    expected = np.rint([[image[a : a + 4, b : b + 4].mean() for b in (0, 4)] for a in (0, 4)])
    np.testing.assert_array_equal(result[::4, ::4, 0], expected)
    assert len(np.unique(result)) == 4
    with pytest.raises(DataError, match="more than one block of 8×8"):
        downsampled(image, 8)


def test_classes_become_gray_levels() -> None:
    source = open_images("paired[of=digits[split=test],task=class]")
    images, inputs = pair_arrays(source, 8, 1)
    assert images.labels is not None
    np.testing.assert_array_equal(inputs[:, 3, 5, 0], np.rint(255 * images.labels / 9))
    assert (inputs == inputs[:, :1, :1]).all()


def test_images_labels_names_and_the_other_split_are_those_of_the_source() -> None:
    plain = open_images("digits[split=test]")
    source = open_images("paired[of=digits[split=test],task=downsampled,factor=2]")
    assert source.labels is not None
    np.testing.assert_array_equal(source.labels, plain.labels)
    np.testing.assert_array_equal(source.read(5), plain.read(5))
    assert list(source.names) == list(plain.names)
    assert source.held_out == "paired[of=digits[split=train],task=downsampled,factor=2]"
    assert len(open_source(source.held_out)) == 1437
    assert source.digest != open_source("paired[of=digits[split=test],task=edges]").digest


def test_colour_becomes_gray(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", x=pixels)
    _, inputs = pair_arrays(open_images(f"paired[of={tmp_path / 'a.npz'},task=gray]"), 8, 3)
    luma = pixels @ np.array([0.299, 0.587, 0.114])  # ITU-R 601; Pillow's fixed point is at most one level off
    np.testing.assert_allclose(inputs[..., 0], luma, atol=1)
    with pytest.raises(ConfigError, match=r"a\.npz has none; use another task"):
        open_source(f"paired[of={tmp_path / 'a.npz'},task=class]")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("of=digits,task=edge", "one of edges, gray, downsampled, class; got 'edge'"),
        ("of=digits,task=gray", "are gray"),
        ("of=digits,task=downsampled,factor=3", "power of 2"),
        ("of=digits,task=edges,factor=2", "power of 2 for task=downsampled"),
        ("of=paired[of=digits]", "holds pairs already"),
    ],
)
def test_nonsense_is_refused(options: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        open_source(f"paired[{options}]")


def test_points_and_nothing_are_refused() -> None:
    with pytest.raises(DataError, match="needs images"):
        open_source("paired[of=mixture[n=8]]")
    with pytest.raises(UsageError, match="needs the option of"):
        open_source("paired")
