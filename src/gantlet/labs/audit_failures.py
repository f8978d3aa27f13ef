"""The failures that the metric audit plants: each fake set is a list of rows of the real images and of a few made ones."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64, UInt8
from scipy import ndimage

from gantlet.rng import numpy_stream
from gantlet.stats.clusters import clusters

STRENGTHS: dict[str, tuple[float, ...]] = {
    "mixing": (0.05, 0.1, 0.2, 0.4, 0.7, 1.0),
    "collapse": (0.1, 0.2, 0.4, 0.7, 1.0),
    "dropping": (0.1, 0.2, 0.3, 0.45, 0.6),
    "shift": (0.015, 0.03, 0.045, 0.06),
    "overfitting": (0.1, 0.25, 0.5, 0.75, 1.0),
}
"""Share of noise images; of clusters collapsed; of clusters dropped; shift as a share of the side; share of copies."""
MODES_PER_CLASS = 2
NOISE_SHARE = 0.25
"""How much noise the sample-efficiency test has to find."""


@dataclass(frozen=True)
class Plan:
    """Row numbers into [all images, extra images]: ``real`` and ``held_out`` are disjoint from every honest fake.

    ``fakes``: one row array a strength of STRENGTHS. ``mixed``: the set with a quarter of noise, in random order.
    ``nulls``: pairs of disjoint honest sets, for the metric's own spread.
    """

    extra: UInt8[np.ndarray, "m s s c"]
    real: Int64[np.ndarray, " n"]
    held_out: Int64[np.ndarray, " n"]
    fakes: dict[str, list[np.ndarray]]
    mixed: Int64[np.ndarray, " n"]
    nulls: list[tuple[np.ndarray, np.ndarray]]


def plan(
    pixels: UInt8[np.ndarray, "total s s c"], labels: Int64[np.ndarray, " total"], n: int, nulls: int, seed: int
) -> Plan:
    """Plant every failure once, for sets of n images; n ≤ total/5, so that dropped modes can be filled up by others."""
    chance = numpy_stream(seed, "audit")
    order = chance.permutation(len(pixels))
    real, held_out, reservoir = order[:n], order[n : 2 * n], order[2 * n :]
    fresh, total = reservoir[:n], len(pixels)
    extra = np.concatenate([noise(pixels, n, chance), *(shifted(pixels[fresh], s, chance) for s in STRENGTHS["shift"])])
    modes, medoids = modes_of(pixels, labels, seed)
    noisy = [np.concatenate([total + np.arange(round(t * n)), fresh[round(t * n) :]]) for t in STRENGTHS["mixing"]]
    blocks = total + n + np.arange(len(STRENGTHS["shift"]) * n).reshape(-1, n)
    copies = [np.concatenate([real[: round(t * n)], fresh[round(t * n) :]]) for t in STRENGTHS["overfitting"]]
    fakes = {
        "mixing": noisy,
        "collapse": [collapsed(fresh, modes, medoids, t, chance) for t in STRENGTHS["collapse"]],
        "dropping": [dropped(reservoir, modes, t, n, chance) for t in STRENGTHS["dropping"]],
        "shift": list(blocks),
        "overfitting": copies,
    }
    some = round(NOISE_SHARE * n)
    mixed = chance.permutation(np.concatenate([total + np.arange(some), fresh[some:]]))
    pairs = [np.split(chance.permutation(len(pixels))[: 2 * n], 2) for _ in range(nulls)]
    return Plan(extra, real, held_out, fakes, mixed, [(a, b) for a, b in pairs])


def noise(
    pixels: UInt8[np.ndarray, "total s s c"], n: int, chance: np.random.Generator
) -> UInt8[np.ndarray, "n s s c"]:
    """Return n images whose every pixel comes from another real image: right brightness everywhere, no structure."""
    _, height, width, _ = pixels.shape
    rows = chance.integers(0, len(pixels), (n, height, width))
    return pixels[rows, np.arange(height)[None, :, None], np.arange(width)[None, None, :]]


def shifted(
    pixels: UInt8[np.ndarray, "n s s c"], share: float, chance: np.random.Generator
) -> UInt8[np.ndarray, "n s s c"]:
    """Return each image shifted by a random vector of at most ``share`` of the side (cubic interpolation, edges repeated)."""
    reach = share * pixels.shape[1]
    out = np.empty_like(pixels)
    for i, image in enumerate(pixels):
        by = (*chance.uniform(-reach, reach, 2), 0.0)
        moved = ndimage.shift(image.astype(np.float64), by, order=3, mode="nearest")
        out[i] = np.rint(moved.clip(0, 255)).astype(np.uint8)
    return out


def modes_of(
    pixels: UInt8[np.ndarray, "total s s c"], labels: Int64[np.ndarray, " total"], seed: int
) -> tuple[Int64[np.ndarray, " total"], Int64[np.ndarray, " modes"]]:
    """Return the mode of each image (k-means on pixels inside each class) and each mode's medoid."""
    flat: Float32[np.ndarray, "total d"] = pixels.reshape(len(pixels), -1).astype(np.float32)
    modes = np.empty(len(pixels), np.int64)
    medoids: list[int] = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        (found,) = clusters(flat[rows], (flat[rows],), MODES_PER_CLASS, numpy_stream(seed, f"modes {label}"))
        for part in np.unique(found):
            members = rows[found == part]
            modes[members] = len(medoids)
            apart = np.square(flat[members] - flat[members].mean(axis=0)).sum(axis=1)
            medoids.append(int(members[apart.argmin()]))
    return modes, np.array(medoids, np.int64)


def collapsed(
    rows: Int64[np.ndarray, " n"],
    modes: Int64[np.ndarray, " total"],
    medoids: Int64[np.ndarray, " modes"],
    share: float,
    chance: np.random.Generator,
) -> Int64[np.ndarray, " n"]:
    """Return the rows with a share of the modes replaced by copies of their medoids."""
    chosen = chance.permutation(len(medoids))[: max(1, round(share * len(medoids)))]
    return np.where(np.isin(modes[rows], chosen), medoids[modes[rows]], rows)


def dropped(
    rows: Int64[np.ndarray, " m"], modes: Int64[np.ndarray, " total"], share: float, n: int, chance: np.random.Generator
) -> Int64[np.ndarray, " n"]:
    """Return n rows without a share of the modes, filled up by different images of the others (repeated only if they run out)."""
    count = int(modes.max()) + 1
    gone = chance.permutation(count)[: max(1, round(share * count))]
    return np.resize(rows[~np.isin(modes[rows], gone)], n)
