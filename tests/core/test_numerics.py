"""Roots of covariances against SciPy; tiles and exact distances against NumPy."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from gantlet.core.errors import NonFiniteError, ShapeError
from gantlet.core.numerics import covariance as roots
from gantlet.core.numerics import distances


def covariance(d: int, rank: int, seed: int) -> np.ndarray:
    factor = np.random.default_rng(seed).standard_normal((d, rank))
    return factor @ factor.T / rank


@pytest.mark.parametrize("d", [1, 3, 40])
def test_trace_root_product_is_scipys(d: int) -> None:
    a, b = covariance(d, 2 * d + 3, 0), covariance(d, 2 * d + 3, 1)
    # sqrtm of a well-conditioned 40 × 40 product: relative 1e-12.
    assert roots.trace_root_product(a, b) == pytest.approx(np.trace(sqrtm(a @ b)).real, rel=1e-10)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.integers(1, 8), st.integers(1, 8), st.integers(1, 8))
def test_trace_root_product_of_singular_covariances(seed: int, d: int, r: int, s: int) -> None:
    # tr (A Aᵀ B Bᵀ)^½ is the nuclear norm of AᵀB, an independent route that needs no root of a singular matrix.
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((d, r)), rng.standard_normal((d, s))
    expected = np.linalg.norm(a.T @ b, "nuc")
    # √ of eigenvalues that are 0 but for rounding: √(2⁻⁵²·λ_max)·d ≈ 1e-7·scale.
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    assert roots.trace_root_product(a @ a.T, b @ b.T) == pytest.approx(expected, rel=1e-9, abs=1e-6 * scale)


def test_optimal_maps_transport_one_covariance_to_the_other() -> None:
    a, b = covariance(10, 30, 0), covariance(10, 30, 1)
    maps = roots.optimal_maps(roots.psd_factor(a), roots.psd_factor(b))
    assert not maps.singular
    np.testing.assert_allclose(maps.fake_to_real @ b @ maps.fake_to_real, a, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(maps.real_to_fake @ a @ maps.real_to_fake, b, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(maps.real_to_fake @ maps.fake_to_real, np.eye(10), atol=1e-9)


def test_optimal_maps_of_singular_covariances_stay_on_their_range() -> None:
    a = np.diag([4.0, 1.0, 0.0])
    b = np.diag([1.0, 9.0, 0.0])
    maps = roots.optimal_maps(roots.psd_factor(a), roots.psd_factor(b))
    assert maps.singular
    np.testing.assert_allclose(maps.fake_to_real, np.diag([2.0, 1 / 3, 0.0]), atol=1e-12)
    np.testing.assert_allclose(maps.real_to_fake, np.diag([0.5, 3.0, 0.0]), atol=1e-12)


def test_zero_covariance_has_an_empty_factor() -> None:
    factor, full = roots.psd_factor(np.zeros((3, 3)))
    assert factor.shape == (3, 0)
    assert not full
    assert roots.trace_root_product(np.zeros((3, 3)), np.eye(3)) == 0.0


def test_what_is_not_a_covariance_is_refused() -> None:
    with pytest.raises(NonFiniteError, match="negative eigenvalue"):
        roots.psd_factor(np.diag([1.0, -1.0]))
    with pytest.raises(NonFiniteError, match=r"\(0, 1\)"):
        roots.psd_factor(np.array([[1.0, np.nan], [0.0, 1.0]]))
    with pytest.raises(ShapeError, match="square"):
        roots.psd_factor(np.ones((2, 3)))


@pytest.mark.parametrize("upper", [False, True])
def test_tiles_cover_the_product(upper: bool) -> None:
    left = torch.randn(23, 4, generator=torch.Generator().manual_seed(0))
    right = left if upper else torch.randn(17, 4, generator=torch.Generator().manual_seed(1))
    product = torch.full((23, len(right)), torch.nan, dtype=torch.float64)
    for i, j, tile in distances.dot_tiles(left, right, 8, upper=upper, dtype=torch.float64):
        product[i : i + len(tile), j : j + tile.shape[1]] = tile
    expected = left.double() @ right.double().T
    done = ~torch.isnan(product)
    block = torch.arange(23) // 8
    assert torch.equal(done, block[:, None] <= block if upper else torch.ones_like(done))
    # Float64 sums of four products.
    torch.testing.assert_close(product[done], expected[done], rtol=1e-12, atol=1e-12)


def test_exact_distances_of_pairs_are_symmetric_and_zero_for_copies() -> None:
    rng = np.random.default_rng(0)
    a = (rng.standard_normal((50, 33)) * 1e3).astype(np.float32)
    i, j = rng.integers(0, 50, 400), rng.integers(0, 50, 400)
    result = distances.squared_distances_of_pairs(a, a, i, j)
    assert np.array_equal(result, distances.squared_distances_of_pairs(a, a, j, i))
    assert (result[i == j] == 0).all()
    np.testing.assert_allclose(result, ((a.astype(np.float64)[i] - a[j]) ** 2).sum(axis=1), rtol=1e-14)


def test_tiles_fit_the_memory_budget() -> None:
    assert distances.tile_side(10**7) ** 2 * 16 <= 10**6
    assert distances.tile_side(2 * 10**9) <= distances.LARGEST_TILE
    assert distances.tile_side(1) == 64
