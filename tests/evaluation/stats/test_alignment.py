"""The search for copies among pixels against brute force, and what it finds of changed copies."""

import io

import numpy as np
import pytest
from PIL import Image

from gantlet.evaluation.stats.alignment import CANDIDATES, FLAT, REACH, AlignedSearch


def pictures(n: int, seed: int) -> np.ndarray:
    """Return n smooth random gray pictures, uint8 [n, 32, 32]."""
    noise = np.random.default_rng(seed).standard_normal((n, 8, 8)).astype(np.float32)
    return np.stack(
        [
            np.asarray(Image.fromarray((110 + 45 * each).clip(0, 255).astype(np.uint8)).resize((32, 32)))
            for each in noise
        ]
    )


def apart(query: np.ndarray, image: np.ndarray) -> float:
    """Return the least root mean square difference, by loops."""
    size, found = 32 - 2 * REACH, []
    for turned in (query, query[:, ::-1]):
        inner = turned[REACH:-REACH, REACH:-REACH].astype(float) / 255
        for y in range(2 * REACH + 1):
            for x in range(2 * REACH + 1):
                found.append(np.sqrt(np.mean((inner - image[y : y + size, x : x + size] / 255.0) ** 2)))
    return float(min(found))


def test_distances_equal_brute_force_where_every_image_is_a_candidate() -> None:
    train, query = pictures(CANDIDATES, 0), pictures(5, 1)
    found = AlignedSearch(train)(query)
    for i in range(5):
        each = [apart(query[i], image) for image in train]
        assert found.nearest[i] == int(np.argmin(each))
        assert found.distance[i] == pytest.approx(min(each), abs=1e-4)


def changed(image: np.ndarray, kind: str) -> np.ndarray:
    if kind == "jpeg":
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=60)
        return np.asarray(Image.open(file))
    if kind == "shifted":
        return np.pad(image, 2, mode="edge")[4:36, 1:33]
    return image[:, ::-1] if kind == "flipped" else image


@pytest.mark.parametrize("kind", ["exact", "flipped", "jpeg", "shifted"])
def test_copies_are_found_however_they_were_changed(kind: str) -> None:
    train = pictures(600, 0)
    search = AlignedSearch(train)
    found = search(np.stack([changed(image, kind) for image in train[100:140]]))
    assert (found.nearest == np.arange(100, 140)).all()
    assert found.ratio.max() < 0.2
    assert search(pictures(100, 7)).ratio.min() > 0.35


def test_a_training_image_is_not_its_own_neighbour_and_flat_pictures_are_no_copies() -> None:
    train = pictures(300, 0)
    search = AlignedSearch(train)
    own = search(train[:50], np.arange(50))
    assert (own.nearest != np.arange(50)).all() and own.ratio.min() > 0.35
    flat = search(np.full((3, 32, 32), 90, np.uint8))
    assert flat.ratio.min() > 0.5
    same = AlignedSearch(np.full((20, 32, 32), 90, np.uint8))(np.full((2, 32, 32), 90, np.uint8))
    assert same.ratio == pytest.approx(1.0) and FLAT > 0


def strokes(n: int, seed: int) -> np.ndarray:
    """Return n pictures of three bright strokes on black, as small digits are: many are near each other."""
    rng, found = np.random.default_rng(seed), np.zeros((n, 32, 32), np.uint8)
    for image in found:
        for _ in range(3):
            ends = rng.integers(8, 24, (2, 2))
            for t in np.linspace(0, 1, 40):
                y, x = np.round(ends[0] + t * (ends[1] - ends[0])).astype(int)
                image[y : y + 2, x : x + 2] = 255
    return found


@pytest.mark.parametrize("shift", [(2, -2), (3, 0)])
def test_a_shifted_copy_of_a_sharp_picture_is_among_the_candidates(shift: tuple[int, int]) -> None:
    # By the blurred thumbnails at rest 89 of these 100 were not at (2, −2), and the copies went unseen.
    train = strokes(2000, 0)
    found = AlignedSearch(train)(np.roll(train[:100], shift, axis=(1, 2)))
    assert (found.nearest == np.arange(100)).mean() >= 0.98
    assert np.quantile(found.ratio, 0.9) < 0.2
