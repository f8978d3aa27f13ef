"""Random changes of images that are differentiable twice: affine maps, colours, and a square cut out, each with a probability."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import affine_grid

from gantlet.core.rng import for_rows

Images = Float[Tensor, "b c s s"]
Maps = Float[Tensor, "b 3 3"]
"""Affine maps from places in the changed image to places in the image, each in [−1, 1]², homogeneous."""


class Chance(NamedTuple):
    """What one pass draws for each image: whether a change is made (by its number), and its strength."""

    gates: Float[Tensor, "b k"]
    uniform: Float[Tensor, "b k"]
    normal: Float[Tensor, "b k"]


def chance(images: Images, stream: torch.Generator) -> Chance:
    """Return the draws of one pass, row by row."""
    count = 14
    dtype, device = images.dtype, stream.device
    uniform, normal = (
        for_rows(len(images), lambda n: torch.rand(n, 2 * count, generator=stream, dtype=dtype, device=device)),
        for_rows(len(images), lambda n: torch.randn(n, count, generator=stream, dtype=dtype, device=device)),
    )
    uniform, normal = uniform.to(images.device), normal.to(images.device)
    return Chance(uniform[:, :count], uniform[:, count:], normal)


def _chosen(gate: Bool[Tensor, " b"], maps: Maps) -> Maps:
    return torch.where(gate[:, None, None], maps, torch.eye(3, dtype=maps.dtype, device=maps.device))


def _affine(*first_two_rows: Tensor) -> Maps:
    """Return [[a, b, c], [d, e, f], [0, 0, 1]] of each image from a, …, f, each [b]."""
    zero, one = torch.zeros_like(first_two_rows[0]), torch.ones_like(first_two_rows[0])
    return torch.stack([*first_two_rows, zero, zero, one], dim=1).view(-1, 3, 3)


def _turn(angle: Tensor) -> Maps:
    zero = torch.zeros_like(angle)
    return _affine(angle.cos(), -angle.sin(), zero, angle.sin(), angle.cos(), zero)


def _move(right: Tensor, down: Tensor) -> Maps:
    zero, one = torch.zeros_like(right), torch.ones_like(right)
    return _affine(one, zero, right, zero, one, down)


def _scale(x: Tensor, y: Tensor) -> Maps:
    zero = torch.zeros_like(x)
    return _affine(x, zero, zero, zero, y, zero)


def blit(place: Maps, p: float, dice: Chance, side: int) -> Maps:
    """Return maps with, each with probability p, a mirror (½), quarter turns (0 to 3) and whole pixels up to ⅛ of the side."""
    u, gates, one = dice.uniform, dice.gates < p, torch.ones_like(dice.uniform[:, 0])
    place = place @ _chosen(gates[:, 0] & (u[:, 0] < 0.5), _scale(-one, one))
    place = place @ _chosen(gates[:, 1], _turn((u[:, 1] * 4).floor() * (math.pi / 2)))
    pixels = ((u[:, 2:4] * 2 - 1) * 0.125 * side).round() * (2 / side)
    return place @ _chosen(gates[:, 2], _move(pixels[:, 0], pixels[:, 1]))


def geometry(place: Maps, p: float, dice: Chance) -> Maps:
    """Return maps with, each with probability p, scale 2^N(0, .2²), a turn, a stretch by 2^N(0, .2²) and a move by N(0, ⅛²) sides.

    The turn is made before or after the stretch, each with probability 1 − √(1 − p).
    """
    u, g, gates = dice.uniform, dice.normal, dice.gates < p
    turns = dice.gates < 1 - math.sqrt(1 - p)
    scale, stretch = torch.exp2(0.2 * g[:, 0]), torch.exp2(0.2 * g[:, 1])
    place = place @ _chosen(gates[:, 3], _scale(scale, scale))
    place = place @ _chosen(turns[:, 4], _turn((u[:, 4] * 2 - 1) * math.pi))
    place = place @ _chosen(gates[:, 5], _scale(stretch, 1 / stretch))
    place = place @ _chosen(turns[:, 6], _turn((u[:, 5] * 2 - 1) * math.pi))
    return place @ _chosen(gates[:, 7], _move(0.25 * g[:, 2], 0.25 * g[:, 3]))


def resampled(images: Images, place: Maps) -> Images:
    """Return images read at the places of ``place`` by bilinear interpolation, mirrored at the edge pixels.

    An image whose map is the identity is returned as it is. (torch's grid_sample has no second derivative.)
    """
    b, c, side, _ = images.shape
    grid = affine_grid(place[:, :2], [b, c, side, side], align_corners=False)
    spots = ((grid + 1) * side - 1) / 2
    period = 2 * (side - 1)
    spots = (side - 1) - ((spots % period) - (side - 1)).abs()
    low = spots.floor().clamp(0, side - 2)
    share = (spots - low).flatten(1, 2)
    x, y = low.long().flatten(1, 2).unbind(2)
    flat = images.flatten(2)

    def at(right: int, down: int) -> Tensor:
        index = ((y + down) * side + x + right)[:, None].expand(-1, c, -1)
        across = share[..., 0] if right else 1 - share[..., 0]
        along = share[..., 1] if down else 1 - share[..., 1]
        return flat.gather(2, index) * (across * along)[:, None]

    read = (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)).view_as(images)
    still = (place == torch.eye(3, dtype=place.dtype, device=place.device)).all(2).all(1)
    return torch.where(still[:, None, None, None], images, read)


def color(images: Images, p: float, dice: Chance) -> Images:
    """Return images with, each with probability p: brightness + N(0, .2²), contrast · 2^N(0, .5²), the luma mirrored (½), and of
    three channels the hue turned by U(−π, π) and the saturation · 2^N(0, 1).
    """
    u, g, gates = dice.uniform, dice.normal, dice.gates < p

    def strength(gate: int, value: Tensor, still: float) -> Float[Tensor, "b 1 1 1"]:
        return torch.where(gates[:, gate], value, torch.full_like(value, still))[:, None, None, None]

    changed = (images + strength(8, 0.2 * g[:, 4], 0.0)) * strength(9, torch.exp2(0.5 * g[:, 5]), 1.0)
    luma = changed.mean(1, keepdim=True)
    flipped = strength(10, torch.where(u[:, 6] < 0.5, -torch.ones_like(g[:, 0]), torch.ones_like(g[:, 0])), 1.0)
    if images.shape[1] == 1:
        return changed * flipped
    chroma, angle = changed - luma, strength(11, (u[:, 7] * 2 - 1) * math.pi, 0.0)
    # Rodrigues' turn about the gray axis (1, 1, 1)/√3; chroma is orthogonal to it
    across = (chroma.roll(1, 1) - chroma.roll(-1, 1)) / math.sqrt(3)
    chroma = (chroma * angle.cos() + across * angle.sin()) * strength(12, torch.exp2(g[:, 6]), 1.0)
    touched = gates[:, 8:13].any(1)[:, None, None, None]  # the others stay bit by bit
    return torch.where(touched, luma * flipped + chroma, images)


def cutout(images: Images, p: float, dice: Chance) -> Images:
    """Return images with, with probability p, a square of half the side around a uniform centre set to 0."""
    side = images.shape[-1]
    ticks = (torch.arange(side, device=images.device, dtype=images.dtype) + 0.5) / side
    inside = [(ticks - dice.uniform[:, 8 + axis, None]).abs() < 0.25 for axis in (0, 1)]
    square = inside[0][:, :, None] & inside[1][:, None, :] & (dice.gates[:, 13] < p)[:, None, None]
    return torch.where(square[:, None], torch.zeros_like(images), images)
