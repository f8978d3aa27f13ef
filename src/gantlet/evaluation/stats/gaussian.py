"""The Gaussian transport problem between two feature sets: potentials for intervals, and the null distribution by
permuting groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg
import torch
from jaxtyping import Float32, Float64, Int64

from gantlet.core.errors import TooFewSamples
from gantlet.core.numerics.covariance import optimal_maps
from gantlet.core.numerics.distances import row_chunks
from gantlet.core.numerics.mapped import forget_pages
from gantlet.evaluation.stats.moments import Gaussian, Moments

GROUPS = 20
PERMUTATIONS = 999
COLUMNS = 128
POTENTIAL_ROWS = 1024


@dataclass(frozen=True, eq=False)
class Potentials:
    """Values of the two Kantorovich potentials at the real [n] and the fake [m] rows, each with mean 0.

    They are the influence function of the squared Fréchet distance; empty on a side without rows.
    ``singular``: an inverse root was a pseudo-inverse.
    """

    real: Float64[np.ndarray, " n"]
    fake: Float64[np.ndarray, " m"]
    singular: bool

    @property
    def variance(self) -> float:
        """Return the squared standard error var ψ_r / n_r + var ψ_g / n_g."""
        return sum(float(side.var(ddof=1) / len(side)) for side in (self.real, self.fake) if len(side) > 1)


def potentials(
    real: Float32[np.ndarray, "n d"], fake: Float32[np.ndarray, "m d"], real_moments: Gaussian, fake_moments: Gaussian
) -> Potentials:
    """Return ψ_g(x) = 2(m_g − m_r)·(x − m_g) + (x − m_g)ᵀ(I − T_{g→r})(x − m_g), centred, and its mirror image ψ_r.

    Source: Rippl, Munk & Sturm 2016, arXiv:1507.04090, Theorem 2.2 (limit distribution of W₂ of Gaussians).
    """
    maps = optimal_maps(real_moments.factor, fake_moments.factor)
    shift = real_moments.mean - fake_moments.mean
    return Potentials(
        _potential(real, real_moments.mean, 2 * shift, maps.onto_fake),
        _potential(fake, fake_moments.mean, -2 * shift, maps.onto_real),
        maps.singular,
    )


def _potential(
    features: Float32[np.ndarray, "n d"],
    mean: Float64[np.ndarray, " d"],
    linear: Float64[np.ndarray, " d"],
    root: Float64[np.ndarray, "d r"],
) -> Float64[np.ndarray, " n"]:
    values = np.empty(len(features))
    for rows in row_chunks(len(features), POTENTIAL_ROWS):
        x = features[rows] - mean
        values[rows] = x @ linear + np.square(x).sum(axis=1) - np.square(x @ root).sum(axis=1)
    forget_pages(features)
    return values - values.mean() if len(values) else values


@dataclass(frozen=True, eq=False)
class GaussianNull:
    """Fréchet distances under random relabelling of groups, to second order about the pooled Gaussian.

    ``means``, ``covariances`` [g, g]: FD ≈ aᵀ(means + covariances)a, where a is +1/(groups) on one side and −1/(groups) on the other.
    ``scale`` corrects for rows omitted when the sides differ in size.
    """

    means: Float64[np.ndarray, "g g"]
    covariances: Float64[np.ndarray, "g g"]
    n_real_groups: int
    scale: float

    def distances(self, rng: np.random.Generator) -> Float64[np.ndarray, " p"]:
        """Return the FD for the given labelling and 999 relabellings."""
        return self.combined(PLAIN, PLAIN, rng)

    def combined(
        self, of_means: Float64[np.ndarray, "8 8"], of_covariances: Float64[np.ndarray, "8 8"], rng: np.random.Generator
    ) -> Float64[np.ndarray, " p"]:
        """Return, for the given labelling and 999 relabellings, Σ_j w_j a_jᵀ M a_j of both parts M of the distance, summed.

        Args: Σ_j w_j a_j a_jᵀ over four quarters of the real and four of the fake rows, in this order (`contrast`).
        """
        g, n = len(self.means), self.n_real_groups
        spread = np.zeros((g, 8))
        for side, first in ((np.arange(n), 0), (np.arange(n, g), 4)):
            spread[side, first + side % 4] = 1.0
        spread /= spread.sum(axis=0)
        parts = [(spread @ w @ spread.T, m) for w, m in ((of_means, self.means), (of_covariances, self.covariances))]
        out = np.empty(PERMUTATIONS + 1)
        for p in range(PERMUTATIONS + 1):
            order = np.arange(g) if p == 0 else rng.permutation(g)
            out[p] = self.scale * sum(float((w * m[np.ix_(order, order)]).sum()) for w, m in parts)
        return out

    def within(self) -> "GaussianNull":
        """Return the distribution with each side's groups about their own mean: the noise alone, however far apart the sides are.

        Relabelled groups of two different sides differ by their mixture too, which is no noise of the distance.
        """
        return replace(self, means=self._centred(self.means), covariances=self._centred(self.covariances))

    def _centred(self, gram: Float64[np.ndarray, "g g"]) -> Float64[np.ndarray, "g g"]:
        """Return the Gram matrix about each side's mean, with average noise along the difference of the means.

        Without that, groups of one side would be more unlike than groups of two, and relabelling would count this as spread.
        """
        g, n = len(gram), self.n_real_groups
        centre, along = np.eye(g), np.concatenate([np.full(n, 1 / n), np.full(g - n, -1 / (g - n))])
        for side in (slice(0, n), slice(n, g)):
            centre[side, side] -= 1 / len(centre[side])
        within: Float64[np.ndarray, "g g"] = centre @ gram @ centre.T
        return within + np.outer(along, along) / (along @ along) * np.trace(within) / (g - 2)


def contrast(plus: Sequence[int], minus: Sequence[int]) -> Float64[np.ndarray, "8 8"]:
    """Return a aᵀ for the difference a between two sets of quarters: 0 to 3 are the real ones, 4 to 7 the fake ones."""
    a = np.zeros(8)
    a[list(plus)], a[list(minus)] = 1 / len(plus), -1 / len(minus)
    return np.outer(a, a)


PLAIN = contrast(range(4), range(4, 8))
"""The contrast of the plain distance: all real quarters against all fake ones."""


def gaussian_null(
    real: Float32[np.ndarray, "n d"],
    fake: Float32[np.ndarray, "m d"],
    pooled: Moments,
    orders: tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " m"]],
    memory: int = 2 * 10**9,
) -> GaussianNull:
    """Return the Gram matrices of group deviations for a permutation test of equal mean and covariance.

    |Δm|² + ½ Σ_ij H_ij² / (λ_i + λ_j), H = S_r − S_g in the eigenbasis of the pooled covariance: the expansion of FD
    to second order. Rows, in the random ``orders``, are cut into groups of equal size, 20 or more per side; relabelling
    whole groups leaves the null's distribution unchanged, so the test is exact (Hemerik & Goeman 2018, arXiv:1411.7565).
    Rows that a quarter of ``memory`` does not hold are left out.
    Raises TooFewSamples (fewer than 20 rows per side).
    """
    fewest = min(len(real), len(fake))
    if fewest < GROUPS:
        raise TooFewSamples(
            f"the permutation test needs {GROUPS} samples per side; got real={len(real)}, fake={len(fake)}"
        )
    counts = [min(3 * GROUPS, len(side) // (fewest // GROUPS)) // 4 * 4 for side in (real, fake)]
    values, vectors = eigenbasis(pooled)
    basis, mean = vectors.astype(np.float32), pooled.mean.astype(np.float32)
    del vectors
    size = min(fewest // GROUPS, max(1, memory // 4 // (4 * basis.shape[1] * sum(counts))))
    groups = np.empty((sum(counts), basis.shape[1], size), dtype=np.float32)
    for g in range(len(groups)):
        side, order, first = (real, orders[0], 0) if g < counts[0] else (fake, orders[1], counts[0])
        groups[g] = ((side[order[(g - first) * size : (g - first + 1) * size]] - mean) @ basis).T
    forget_pages(real)
    forget_pages(fake)
    scale = (1 / len(real) + 1 / len(fake)) / (1 / (counts[0] * size) + 1 / (counts[1] * size))
    return GaussianNull(*_group_grams(groups, values), counts[0], scale)


def eigenbasis(
    moments: Moments, top: int | None = None
) -> tuple[Float64[np.ndarray, " r"], Float64[np.ndarray, "d r"]]:
    """Return the (``top`` largest) positive eigenvalues of a covariance, rising, and their eigenvectors.

    They come from the rows where these are fewer than dimensions. Raises TooFewSamples (n < 2).
    """
    rows = moments.centred
    matrix = moments.cov if rows is None else rows @ rows.T / max(1, moments.n - 1)
    if top is None or top >= len(matrix):
        values, vectors = scipy.linalg.eigh(matrix, driver="evd", check_finite=False)
    else:
        part = [len(matrix) - top, len(matrix) - 1]
        values, vectors = scipy.linalg.eigh(matrix, subset_by_index=part, driver="evr", check_finite=False)
    positive = values > len(moments.mean) * np.finfo(np.float64).eps * max(float(values[-1]), 0.0)
    values, vectors = values[positive], vectors[:, positive]
    return values, vectors if rows is None else rows.T @ (vectors / np.sqrt(values * (moments.n - 1)))


def _group_grams(
    groups: Float32[np.ndarray, "g r size"], values: Float64[np.ndarray, " r"]
) -> tuple[Float64[np.ndarray, "g g"], Float64[np.ndarray, "g g"]]:
    """Return the parts of means and covariances; scales ``groups`` in place.

    Sum over blocks of H's upper triangle, so that a group's whole matrix is never in memory.
    """
    means = groups.mean(axis=2, dtype=np.float64)
    gram = torch.zeros(len(groups), len(groups), dtype=torch.float64)
    columns = torch.from_numpy(groups)
    columns /= groups.shape[2] ** 0.5
    spectrum = torch.from_numpy(values)
    for start in range(0, len(values), COLUMNS):
        stop = min(start + COLUMNS, len(values))
        weights = (spectrum[start:stop, None] + spectrum[None, start:]).rsqrt()
        weights[:, : stop - start] *= 0.5**0.5
        deviations = torch.bmm(columns[:, start:stop], columns[:, start:].transpose(1, 2))
        deviations -= deviations.mean(dim=0)
        deviations *= weights.float()
        flat = deviations.view(len(columns), -1)
        gram += (flat @ flat.T).double()
    return means @ means.T, gram.numpy()


def canonical_order(
    features: Float32[np.ndarray, "n d"], seed_row: Float64[np.ndarray, " d"]
) -> Int64[np.ndarray, " n"]:
    """Return an order of the rows that depends on their values only, not on their positions."""
    if not len(features):
        return np.zeros(0, np.int64)
    keys = np.concatenate([(features[rows] * seed_row).sum(axis=1) for rows in row_chunks(len(features))])
    return np.lexsort((features[:, 0], keys))
