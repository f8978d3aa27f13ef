"""Passes over a source: order, bad files, memory, and bringing images to one size."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gantlet.core.errors import BadFiles, ConfigError, DataError
from gantlet.data.arrays import array_source
from gantlet.data.decode import Undecodable
from gantlet.data.reading import fit_square, fitted, native_shape, read_all, to_array
from gantlet.data.source import ImageSource

PIXELS = np.random.default_rng(3).integers(0, 256, (100, 6, 6, 3), dtype=np.uint8)


def damaged(bad: set[int]) -> ImageSource:
    source = array_source("set", PIXELS, np.arange(100) % 5, tuple("abcde"))

    def read(i: int) -> np.ndarray:
        if i in bad:
            raise Undecodable("torn")
        return source.read(i)

    return replace(source, read=read)


@pytest.mark.parametrize("workers", [1, 3])
def test_every_image_once_in_order(workers: int) -> None:
    seen: list[tuple[int, int]] = []
    batches = list(read_all(damaged(set()), lambda i: i, workers=workers, progress=lambda *done: seen.append(done)))
    assert [row for batch in batches for row in batch.rows] == list(range(100))
    np.testing.assert_array_equal(np.stack([item for batch in batches for item in batch.items]), PIXELS)
    assert seen[-1] == (100, 100)


def test_all_bad_files_are_named_at_once() -> None:
    with pytest.raises(BadFiles, match="3 of 100") as caught:
        to_array(damaged({3, 50, 99}), 6, 3)
    assert caught.value.files == [("set#3", "torn"), ("set#50", "torn"), ("set#99", "torn")]


def test_skipping_keeps_labels_beside_their_images() -> None:
    images = to_array(damaged({3, 50}), 6, 3, on_bad="skip")
    assert len(images.pixels) == 98
    assert images.skipped == [("set#3", "torn"), ("set#50", "torn")]
    assert images.labels is not None
    np.testing.assert_array_equal(images.labels, images.rows % 5)
    np.testing.assert_array_equal(images.pixels, PIXELS[images.rows])


def test_no_readable_file_and_a_wrong_option() -> None:
    with pytest.raises(DataError, match="none of its 100 files"):
        to_array(damaged(set(range(100))), 6, 3, on_bad="skip")
    with pytest.raises(ConfigError, match="fail or skip"):
        to_array(damaged(set()), 6, 3, on_bad="ignore")


def test_memory_is_bounded_and_an_abandoned_pass_stops() -> None:
    started: set[int] = set()
    lock = threading.Lock()

    def note(image: np.ndarray) -> np.ndarray:
        with lock:
            started.add(len(started))
        return image

    many = array_source("many", np.zeros((2000, 2, 2, 1), np.uint8))
    batches = read_all(many, note, workers=2)
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert len(started) <= 16 * (4 * 2 + 1)  # at most 4 batches of 16 a worker, and the one taken


def test_errors_of_the_transform_are_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(read_all(damaged(set()), lambda i: i // (1 // 0)))


def test_mnists_pad_and_other_sizes() -> None:
    digit = np.full((28, 28, 1), 200, np.uint8)
    padded = fit_square(digit, 32, 1)
    np.testing.assert_array_equal(padded[2:30, 2:30], digit)
    assert padded.sum() == digit.sum()
    assert fit_square(digit, 64, 1).min() > 150  # far smaller: enlarged, not padded
    assert fit_square(digit, 32, 3).min() > 150  # colour: enlarged


def test_downscaling_is_pillows_antialiased_lanczos_of_the_centre() -> None:
    image = np.random.default_rng(4).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    centre = Image.fromarray(image).crop((10, 0, 50, 40)).resize((10, 10), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(fit_square(image, 10, 3), np.asarray(centre))


@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 3]), st.integers(1, 16), st.sampled_from([1, 3]))
def test_a_constant_image_stays_constant_unless_padded(h: int, w: int, c: int, size: int, channels: int) -> None:
    image = np.full((h, w, c), 77, np.uint8)
    fit = fit_square(image, size, channels)
    assert fit.shape == (size, size, channels)
    padded = channels == 1 and 0.75 * size <= min(h, w) < size
    assert set(np.unique(fit)) <= ({0, 77} if padded else {77})


def test_fitted_and_native_shape() -> None:
    source = array_source("gray", np.zeros((3, 28, 20, 1), np.uint8))
    assert native_shape(source) == (32, 1)
    assert native_shape(array_source("big", np.zeros((2, 100, 90, 3), np.uint8))) == (64, 3)
    small = fitted(source, 16, 3)
    assert small.read(0).shape == (16, 16, 3)
    assert small.digest != source.digest
    assert small.digest != fitted(source, 8, 3).digest
    assert "16×16" in small.notes[-1]
