"""Wavelet packets against an explicit Haar basis, and the Fréchet Wavelet Distance against its definition."""

import numpy as np
import pytest
import scipy.linalg
import torch

from gantlet.core.errors import ConfigError
from gantlet.core.numerics.feature_maps import haar_packets
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.stats.feature_bank import FeatureBank


def basis(side: int, level: int) -> np.ndarray:
    """Return Haar packets of a line as rows [2^level, side/2^level, side], by repeated filtering with (1, ±1)/√2."""
    rows = np.eye(side)[None]
    for _ in range(level):
        low, high = (rows[:, 0::2] + rows[:, 1::2]) / 2**0.5, (rows[:, 0::2] - rows[:, 1::2]) / 2**0.5
        rows = np.stack([low, high], axis=1).reshape(-1, low.shape[1], side)
    return rows


@pytest.mark.parametrize("level", [1, 2, 3])
def test_packets_are_products_of_packets_of_a_line(level: int) -> None:
    image = np.random.default_rng(0).standard_normal((16, 16))
    found = haar_packets(torch.from_numpy(image)[None, None], level)[0, :, 0].numpy()
    lines = basis(16, level)
    for packet in range(4**level):
        digits = [packet // 4**k % 4 for k in reversed(range(level))]
        row = int("".join("01"[digit in (1, 3)] for digit in digits), 2)  # 1: a difference between rows
        column = int("".join("01"[digit in (2, 3)] for digit in digits), 2)
        np.testing.assert_allclose(found[packet], lines[row] @ image @ lines[column].T, atol=1e-12)
    assert np.square(found).sum() == pytest.approx(np.square(image).sum())


def test_the_logarithm_is_pooled_over_cells() -> None:
    extractor = build_extractor("wavelet[size=16,level=1,grid=2,channels=1]")
    batch = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 1), dtype=np.uint8)
    features, probabilities = extractor.extract(batch)
    assert probabilities is None
    assert features.shape == (3, extractor.dim) == (3, 16)
    lines = basis(16, 1)
    x = batch[1, :, :, 0] / 255
    edge = np.log(np.abs(lines[1] @ x @ lines[0].T) + 1 / 255)  # packet 1: differences between rows
    np.testing.assert_allclose(features[1, 4:8], [edge[:4, :4].mean(), edge[:4, 4:].mean(), edge[4:, :4].mean(), edge[4:, 4:].mean()], atol=1e-5)  # fmt: skip


def frechet(x: np.ndarray, y: np.ndarray) -> float:
    a, b = np.cov(x.T), np.cov(y.T)
    return float(
        np.square(x.mean(0) - y.mean(0)).sum() + np.trace(a + b) - 2 * np.trace(scipy.linalg.sqrtm(a @ b)).real
    )


def test_the_mean_over_packets_is_the_frechet_wavelet_distance() -> None:
    rng = np.random.default_rng(1)
    real, fake = (rng.integers(0, top, (80, 8, 8, 1), dtype=np.uint8) for top in (256, 200))
    lines = basis(8, 1)
    expected = []
    for row in (0, 1):
        for column in (0, 1):
            sides = [(lines[row] @ (side[..., 0] / 255) @ lines[column].T).reshape(80, -1) for side in (real, fake)]
            expected.append(frechet(*sides))
    found = []
    for packet in range(4):
        extractor = build_extractor(f"wavelet[size=8,level=1,grid=1,channels=1,form=coefficients,packet={packet}]")
        banks = [FeatureBank(extractor.extract(side)[0]) for side in (real, fake)]
        found.append(compute(Evidence(*banks), ["frechet_distance"])[0].value)
    assert np.mean(found) == pytest.approx(np.mean(expected), rel=1e-5)
    whole = build_extractor("wavelet[size=8,level=1,grid=1,channels=1,form=coefficients]").extract(real)[0]
    assert np.square(whole).sum() == pytest.approx(np.square(real / 255).sum(), rel=1e-5)  # a rotation of the pixels


def test_blur_is_seen_where_the_pixels_hardly_change() -> None:
    rng = np.random.default_rng(2)
    sharp = rng.integers(0, 256, (120, 32, 32, 3), dtype=np.uint8)
    blurred = ((sharp.astype(float) + np.roll(sharp, 1, axis=2)) / 2).astype(np.uint8)
    extractor = build_extractor("wavelet[size=32,level=2,grid=1]")
    sides = [FeatureBank(extractor.extract(side)[0]) for side in (sharp[:60], sharp[60:], blurred[60:])]
    same, other = (compute(Evidence(sides[0], side), ["frechet_distance"])[0].value for side in sides[1:])
    assert same is not None and other is not None and other > 10 * same


@pytest.mark.parametrize(
    "options",
    ["size=4", "level=6", "grid=0", "channels=2", "size=20", "form=db4", "packet=3", "form=coefficients,packet=64"],
)
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ConfigError, match="wavelet: "):
        build_extractor(f"wavelet[{options}]")


def test_more_features_than_can_be_measured_are_refused() -> None:
    with pytest.raises(ConfigError, match="49,152 features are more than 16,384"):
        build_extractor("wavelet[size=128,form=coefficients]")
