"""Latent inversion: the z whose image is nearest to a given one, by gradient descent from the nearest of many samples."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.training.runs.drawing import CHUNK

RATE = 0.1
"""Adam's learning rate at the start; it falls to 0 by half a cosine."""


class Inverted(NamedTuple):
    """For each of m targets the latent, its class, its mean squared distance, and that of the nearest candidate."""

    z: Float[Tensor, "m k"]
    labels: Int64[Tensor, " m"] | None
    distance: Float[Tensor, " m"]
    before: Float[Tensor, " m"]


def invert(
    generator: nn.Module,
    targets: Float[Tensor, "m c s s"],
    candidates: Float[Tensor, "n k"],
    labels: Int64[Tensor, " n"] | None,
    *,
    steps: int,
    starts: int,
    progress: Callable[[int, int], None],
) -> Inverted:
    """Return argmin_z mean((G(z) − x)²) of each target x in [−1, 1], the best of ``starts`` descents.

    Each begins at one of the nearest candidates and keeps its class. ``steps`` of Adam; the generator is in evaluation mode, so rows do
    not touch each other. Convention: z is not held near N(0, I), and distance is that of pixels (Lipton & Tripathi 2017, arXiv:1702.04782), not LPIPS.
    Raises: RuntimeError where no gradient reaches the latents.
    """
    with torch.no_grad():
        parts = [torch.arange(start, min(start + CHUNK, len(candidates))) for start in range(0, len(candidates), CHUNK)]
        images = torch.cat([generator(candidates[i], None if labels is None else labels[i]) for i in parts])
        apart = torch.stack([_apart(images, target[None].expand_as(images)) for target in targets])
    near = apart.topk(starts, dim=1, largest=False)
    chosen = near.indices.flatten()
    z = candidates[chosen].clone().requires_grad_(True)
    classes = None if labels is None else labels[chosen]
    wanted = targets.repeat_interleave(starts, 0)
    optimizer = torch.optim.Adam([z], RATE)
    best, lowest = z.detach().clone(), near.values.flatten()
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = RATE * (1 + math.cos(math.pi * step / steps)) / 2
        images = generator(z, classes)
        lowest = _keep(best, lowest, z.detach(), _apart(images.detach(), wanted))
        (z.grad,) = torch.autograd.grad(_loss(images, wanted), z)
        optimizer.step()
        progress(step + 1, steps)
    with torch.no_grad():
        lowest = _keep(best, lowest, z.detach(), _apart(generator(z, classes), wanted))
    rows = torch.arange(len(targets)) * starts + lowest.view(-1, starts).argmin(1)
    return Inverted(best[rows], None if classes is None else classes[rows], lowest[rows], near.values[:, 0])


def _apart(images: Float[Tensor, "n c s s"], targets: Float[Tensor, "n c s s"]) -> Float[Tensor, " n"]:
    """Return the mean squared distance of images as they are written, held in [−1, 1]."""
    return (images.clamp(-1, 1) - targets).square().flatten(1).mean(1)


def _loss(images: Float[Tensor, "n c s s"], targets: Float[Tensor, "n c s s"]) -> Float[Tensor, ""]:
    """Return the sum over rows of the mean squared difference, 0 where both lie at or beyond the same end of [−1, 1].

    There it is the distance of the written images; elsewhere beyond the ends it keeps the gradient that clamping would take away.
    """
    beyond = ((targets >= 1) & (images >= 1)) | ((targets <= -1) & (images <= -1))
    return torch.where(beyond, 0, (images - targets).square()).flatten(1).mean(1).sum()


def _keep(
    best: Float[Tensor, "n k"], lowest: Float[Tensor, " n"], z: Float[Tensor, "n k"], apart: Float[Tensor, " n"]
) -> Float[Tensor, " n"]:
    """Put latents that are nearer than the best so far into ``best``; return the lowest distances."""
    nearer = apart < lowest
    best[nearer] = z[nearer]
    return torch.where(nearer, apart, lowest)
