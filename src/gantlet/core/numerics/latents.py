"""Latents: the way between two of them, and the normal distribution without its tails."""

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from gantlet.core.errors import NonFiniteError


def slerp(
    a: Float64[np.ndarray, "n k"], b: Float64[np.ndarray, "n k"], t: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, "n k"]:
    """Return sin((1 − t)ω)/sin ω · a + sin(tω)/sin ω · b, ω the angle between a and b.

    Convention: a and b keep their lengths, so that a point between two latents is about as long as they are.
    Source: Shoemake 1985; for latents: White 2016, arXiv:1609.04468.
    """
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    omega = np.arccos(np.clip((a * b).sum(axis=1) / lengths, -1, 1))
    if (np.sin(omega) < 1e-12).any():
        raise NonFiniteError("two latents point in the same or opposite directions; slerp needs two dimensions or more")
    first, second = np.sin((1 - t) * omega) / np.sin(omega), np.sin(t * omega) / np.sin(omega)
    return first[:, None] * a + second[:, None] * b


def closed_walk(keys: Float64[np.ndarray, "m k"], steps: int) -> Float64[np.ndarray, "n k"]:
    """Return ``steps`` latents from each of the keys towards the next, and from the last back to the first: n = m · steps.

    Latent i is `slerp` of the keys i // steps and its successor at t = (i mod steps) / steps, so every key is on the walk.
    """
    t = np.tile(np.arange(steps, dtype=np.float64) / steps, len(keys))
    return slerp(keys.repeat(steps, axis=0), np.roll(keys, -1, axis=0).repeat(steps, axis=0), t)


def truncated_normal(z: Float[Tensor, "b k"], threshold: float) -> Float[Tensor, "b k"]:
    """Return the quantiles of z ~ N(0, 1) in the normal distribution truncated to |z| ≤ ``threshold``, value by value.

    Φ⁻¹(Φ(−T) + Φ(z) (Φ(T) − Φ(−T))): exactly the distribution that drawing values beyond T again has (Brock et al. 2019,
    arXiv:1809.11096, §3.1), as a function of z, so that one seed gives comparable images at every T.
    """
    ends = torch.special.ndtr(torch.tensor([-threshold, threshold], dtype=torch.float64, device=z.device))
    inside = torch.special.ndtri(ends[0] + torch.special.ndtr(z.double()) * (ends[1] - ends[0]))
    return inside.clamp(-threshold, threshold).to(z.dtype)
