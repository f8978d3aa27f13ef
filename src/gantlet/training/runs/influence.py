"""Directions of the latent along which a generator's images change most."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor, nn

from gantlet.core.rng import torch_stream

AT_ONCE, STEP = 64, 0.05
"""Rows of one forward pass, and h."""


class Influence(NamedTuple):
    """Unit ``directions`` [m, k], the strongest first, and the ``shares`` [m] in [0, 1] of the influence that lie along them."""

    directions: Float64[np.ndarray, "m k"]
    shares: Float64[np.ndarray, " m"]


def influence(
    generator: nn.Module, latent: int, n_classes: int, *, most: int = 8, rows: int = 16, seed: int = 0
) -> Influence:
    """Return the principal directions of z's influence on G(z): eigenvectors of M = E_z[J(z)ᵀ J(z)], J = ∂G/∂z.

    A step ε along a unit vector v changes the images by ε² vᵀMv + O(ε³) in mean squared norm, so the first direction changes
    them most, each next one most among those at right angles to it; the share of v_j is λ_j / Σ_i λ_i. Columns of J are central
    differences, (G(z + h e_i) − G(z − h e_i)) / 2h with h = 0.05 standard deviations of a latent; the mean is over ``rows``
    latents from N(0, I), with the classes in turn.

    Args: latent: k; n_classes: 0 where the generator takes no labels; most: how many directions at most. Returns: the sign of
    a direction makes its largest entry positive. Shares of a generator that ignores z are 0.
    Convention: differences and not derivatives, which some layers have in one direction alone; pixels before clamping and
    without any perceptual weighting; not the principal components of activations.
    Source: Constantine, Dow & Wang 2014, arXiv:1304.2070, Eq. 2 (active subspaces), for a function of many values.
    """
    z = torch.randn(rows, latent, generator=torch_stream(seed, "influence"))
    total = np.zeros((latent, latent))
    for row in range(rows):
        label = row % n_classes if n_classes else None
        jacobian = torch.cat([_columns(generator, z[row], part, label) for part in torch.eye(latent).split(AT_ONCE)])
        matrix = jacobian.double().numpy()
        total += matrix @ matrix.T / rows
    values, vectors = np.linalg.eigh(total)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1].T
    signs = np.sign(vectors[np.arange(latent), np.abs(vectors).argmax(axis=1)])
    whole = values.sum()
    return Influence((vectors * signs[:, None])[:most], (values / whole if whole else values)[:most])


@torch.no_grad()
def _columns(generator: nn.Module, z: Tensor, directions: Tensor, label: int | None) -> Tensor:
    """Return J(z)·v for each of the directions [n, k], as [n, d]."""
    labels = None if label is None else torch.full((len(directions),), label)
    ahead, behind = (generator(z + sign * STEP * directions, labels) for sign in (1, -1))
    return ((ahead - behind) / (2 * STEP)).flatten(1)
