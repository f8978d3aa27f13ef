"""Sure modes: only sure images count, a word of symbols is sure where each is."""

import itertools

import draws
import numpy as np
import pytest
from covering import Case, covers

from gantlet.data.stacked_mnist import CLASSES
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.sure_modes import sure_class, symbols
from gantlet.evaluation.stats.feature_bank import FeatureBank


def bank(classes: list[int], p: float, k: int = 4) -> FeatureBank:
    """Images of which the classifier says these classes, each with probability p."""
    probabilities = np.full((len(classes), k), (1 - p) / (k - 1), dtype=np.float32)
    probabilities[np.arange(len(classes)), classes] = p
    return FeatureBank(np.arange(len(classes) * 2, dtype=np.float32).reshape(-1, 2), probabilities)


def stacked(digits: np.ndarray, sure: np.ndarray) -> FeatureBank:
    """Three digits [n, 3] an image, each named with its own probability [n, 3]."""
    tens = np.repeat((1 - sure)[:, :, None] / 9, 10, axis=2)
    np.put_along_axis(tens, digits[:, :, None], sure[:, :, None], axis=2)
    red, green, blue = tens.transpose(1, 0, 2)
    product = red[:, :, None, None] * green[:, None, :, None] * blue[:, None, None, :]
    return FeatureBank(
        np.arange(2.0 * len(digits), dtype=np.float32).reshape(-1, 2),
        product.reshape(len(digits), -1).astype(np.float32),
    )


def test_only_sure_images_find_a_class() -> None:
    real = bank([0, 1, 2, 3] * 5, 0.95)
    found = compute(Evidence(real, bank([0, 0, 1], 0.95)), ["sure_modes"])[0]
    assert found.value == 2 and found.details["fake"] == [2, 1, 0, 0] and found.details["real_share"] == 1
    doubtful, plain = compute(Evidence(real, bank([0, 1, 2, 3], 0.85)), ["sure_modes", "modes"])
    assert (doubtful.value, doubtful.details["fake_share"], plain.value) == (0, 0, 4)


def test_a_word_is_sure_where_each_symbol_is() -> None:
    """(.95, .95, .95) is sure though its product is .857; (1, 1, .85) is not though its product is nearly that."""
    digits, sure = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[0.95, 0.95, 0.95], [0.9999, 0.9999, 0.85]])
    probabilities = stacked(digits, sure).probabilities
    assert probabilities is not None
    assert sure_class(probabilities, 3).tolist() == [123, -1]
    assert sure_class(probabilities, 1).tolist() == [-1, -1]


def test_symbols_of_class_names() -> None:
    assert symbols(CLASSES) == 3
    assert symbols(tuple("".join(word) for word in itertools.product("ab", repeat=2))) == 2
    assert symbols(tuple("0123456789")) == symbols(()) == symbols(("cat", "dog")) == 1
    assert symbols(("aa", "ab", "bb", "ba")) == 1, "not in order"


def test_blobs_of_which_every_mode_is_named_fail_the_bar_of_stacked_mnist() -> None:
    """26,000 images, all thousand modes, digits sure in .22 as after 1,000 steps: plain modes pass 867, sure ones do not."""
    rng = np.random.default_rng(0)
    digits = rng.integers(0, 10, (26_000, 3))
    blobs, real = np.where(rng.random((26_000, 3)) < 0.22, 0.95, 0.5), np.full((26_000, 3), 0.99)
    options = {"classes": CLASSES}
    sure, plain = compute(Evidence(stacked(digits, real), stacked(digits, blobs), **options), ["sure_modes", "modes"])
    assert plain.value == 1000
    assert sure.value is not None and sure.value < 300  # expected: 1000 (1 − e^(−26 · .22³)) = 242
    whole = compute(Evidence(stacked(digits, real), stacked(digits, real), **options), ["sure_modes"])[0]
    assert whole.value == 1000


def test_no_images() -> None:
    estimate = compute(Evidence(bank([0, 1], 0.95), bank([], 0.95)), ["sure_modes"])[0]
    assert estimate.value is None and "needs 1 fake sample" in estimate.notes[0]


@pytest.mark.parametrize("n", [60, 120, 200])
@covers("sure_modes")
def test_the_interval_covers_the_expected_number_of_classes_hit(n: int) -> Case:
    """Forty even classes, one image in two sure: class j is missed with (1 − 1/80)^n."""

    def draw(repeat: int) -> Evidence:
        rng = np.random.default_rng([6, n, repeat])
        sides = []
        for _ in range(2):
            plain = draws.classes(rng, n, np.full(40, 1 / 40))
            assert plain.probabilities is not None
            named, sure = plain.probabilities.argmax(axis=1), rng.random(n) < 0.5
            probabilities = np.where(sure[:, None], 0.02 / 39, 0.5 / 39) * np.ones((n, 40))
            probabilities[np.arange(n), named] = np.where(sure, 0.98, 0.5)
            sides.append(FeatureBank(plain.features, probabilities.astype(np.float32)))
        return Evidence(*sides, seed=repeat)

    return Case(draw, float(40 * (1 - (1 - 1 / 80) ** n)))
