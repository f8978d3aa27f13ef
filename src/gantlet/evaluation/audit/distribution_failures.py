"""Failures of a generator's distribution: the fakes are real images, but the wrong ones."""

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.evaluation.audit import FAILURES
from gantlet.evaluation.audit.pool import Pool

XU = "Xu et al. 2018, arXiv:1806.07755, section 3"


@FAILURES.register(
    "dropping", source=XU, title="modes dropped", unit="share of modes", strengths=(0.1, 0.2, 0.3, 0.45, 0.6)
)
def dropping(pool: Pool, strength: float, chance: np.random.Generator) -> Int64[np.ndarray, " n"]:
    """Drop a share of the modes; further images of the other modes replace them (repeated only if they run out)."""
    remaining = pool.reservoir[~np.isin(pool.modes[pool.reservoir], _some(pool, strength, chance))]
    return np.resize(remaining, pool.n)


@FAILURES.register(
    "collapse", source=XU, title="modes collapsed", unit="share of modes", strengths=(0.1, 0.2, 0.4, 0.7, 1.0)
)
def collapse(pool: Pool, strength: float, chance: np.random.Generator) -> Int64[np.ndarray, " n"]:
    """Replace every image of a share of the modes by the mode's medoid: the class remains, its variety is lost."""
    modes = pool.modes[pool.fresh]
    return np.where(np.isin(modes, _some(pool, strength, chance)), pool.medoids[modes], pool.fresh)


@FAILURES.register(
    "copies", source=XU, title="training images copied", unit="share of copies", strengths=(0.1, 0.25, 0.5, 0.75, 1.0)
)
def copies(pool: Pool, strength: float, _chance: np.random.Generator) -> Int64[np.ndarray, " n"]:
    """Replace a share of the fakes by training images (the pool's ``real``)."""
    count = round(strength * pool.n)
    return np.concatenate([pool.real[:count], pool.fresh[count:]])


@FAILURES.register(
    "mixing", source=XU, title="unreal images mixed in", unit="share of images", strengths=(0.05, 0.1, 0.2, 0.4, 1.0)
)
def mixing(pool: Pool, strength: float, chance: np.random.Generator) -> UInt8[np.ndarray, "n h w c"]:
    """Replace a share of the fakes by images without structure: every pixel comes from another real image."""
    count = round(strength * pool.n)
    _, height, width, _ = pool.pixels.shape
    rows = chance.integers(0, len(pool.pixels), (count, height, width))
    unreal = pool.pixels[rows, np.arange(height)[None, :, None], np.arange(width)[None, None, :]]
    return np.concatenate([unreal, pool.pixels[pool.fresh[count:]]])


def _some(pool: Pool, share: float, chance: np.random.Generator) -> Int64[np.ndarray, " modes"]:
    count = len(pool.medoids)
    return chance.permutation(count)[: max(1, round(share * count))]
