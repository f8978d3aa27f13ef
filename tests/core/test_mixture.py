"""The Gaussian mixture against SciPy's densities and its own draws."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from gantlet.core.errors import ShapeError
from gantlet.core.mixture import Mixture

CENTRES = np.array([[0.0, 1.0], [3.0, -1.0], [-2.0, 0.5]])
COVARIANCES = np.array([[[1.0, 0.3], [0.3, 0.5]], [[0.2, 0.0], [0.0, 2.0]], [[0.7, -0.5], [-0.5, 0.9]]])
WEIGHTS = np.array([2.0, 1.0, 5.0])


@pytest.fixture
def mixture() -> Mixture:
    return Mixture(CENTRES, COVARIANCES, WEIGHTS)


def test_log_density_is_scipys(mixture: Mixture) -> None:
    points = np.random.default_rng(0).normal(scale=3, size=(50, 2))
    parts = [multivariate_normal(c, s) for c, s in zip(CENTRES, COVARIANCES, strict=True)]
    expected = sum(w / 8 * part.pdf(points) for w, part in zip(WEIGHTS, parts, strict=True))
    np.testing.assert_allclose(mixture.log_density(points), np.log(expected), rtol=1e-10)
    posterior = np.exp(mixture.log_densities(points) - mixture.log_density(points)[:, None])
    np.testing.assert_allclose(posterior.sum(axis=1), 1, rtol=1e-12)


def test_density_adds_up_to_one(mixture: Mixture) -> None:
    axis = np.linspace(-12, 12, 241)
    grid = np.stack(np.meshgrid(axis, axis), axis=2).reshape(-1, 2)
    # the trapezoid rule on smooth, decaying functions converges faster than any power; step .1 < every σ/4
    assert np.exp(mixture.log_density(grid)).sum() * 0.1**2 == pytest.approx(1, abs=1e-9)


def test_draws_have_its_moments_and_shares(mixture: Mixture) -> None:
    points, mode = mixture.draw(200_000, np.random.default_rng(0))
    mean, covariance = mixture.moments
    # standard errors: √(6/200,000) ≈ .006 for the mean; the covariance's are below .03
    np.testing.assert_allclose(points.mean(axis=0), mean, atol=0.025)
    np.testing.assert_allclose(np.cov(points.T), covariance, atol=0.12)
    np.testing.assert_allclose(np.bincount(mode) / len(mode), WEIGHTS / 8, atol=0.005)


def test_nearest_mode_is_by_mahalanobis_distance() -> None:
    wide = Mixture(np.array([[0.0, 0.0], [4.0, 0.0]]), np.array([np.eye(2) * 9, np.eye(2) * 0.01]))
    mode, distance = wide.nearest(np.array([[3.0, 0.0], [4.1, 0.0]]))
    assert mode.tolist() == [0, 1]  # 3/3 against 1/.1; 4.1/3 against .1/.1
    np.testing.assert_allclose(distance, [1.0, 1.0])


@pytest.mark.parametrize(
    ("centres", "covariances", "weights", "words"),
    [
        (np.zeros((2, 2)), 0.0, None, "sigma > 0"),
        (np.zeros((2, 2)), np.zeros((2, 2, 2)), None, "positive definite"),
        (np.zeros((2, 2)), np.array([[[1.0, 2.0], [0.0, 1.0]]] * 2), None, "symmetric"),
        (np.zeros((2, 2)), 1.0, np.array([1.0, 0.0]), "positive weights"),
    ],
)
def test_what_is_no_mixture_is_refused(centres: np.ndarray, covariances: object, weights: object, words: str) -> None:
    with pytest.raises(ShapeError, match=words):
        Mixture(centres, covariances, weights)  # type: ignore[arg-type]
