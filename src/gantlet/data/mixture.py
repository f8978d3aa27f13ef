"""Gaussian mixtures in any dimension: every point's density and mode are known exactly."""

import math

import numpy as np
from jaxtyping import Float64

from gantlet.core.errors import ConfigError, DataError, ShapeError, nearest
from gantlet.core.mixture import Mixture
from gantlet.core.rng import numpy_stream
from gantlet.core.specs import format_spec
from gantlet.data import SOURCES
from gantlet.data.numpy_files import read_arrays
from gantlet.data.points import PointSource, point_array

SIGMA = {"ring": 0.01, "grid": 0.05, "two-modes": 0.3, "swiss-roll": 0.033}
"""Standard deviation of each mode, by kind, before ``scale``."""
ROLL = 1_000
"""Equal Gaussians along the swiss roll."""


@SOURCES.register(
    "mixture",
    source="ring and grid: Srivastava et al. 2017, arXiv:1705.07761, §4.1; swiss roll: Gulrajani et al. 2017, arXiv:1704.00028",
)
def mixture(
    kind: str = "ring",
    path: str = "",
    *,
    sigma: float = 0.0,
    scale: float = 1.0,
    n: int = 100_000,
    split: str = "train",
    seed: int = 0,
) -> PointSource:
    """Points of a Gaussian mixture: 8-ring, 25-grid, swiss roll, two modes, or any mixture from a file.

    ``ring``: 8 distinct modes on the unit circle, σ = .01; ``grid``: 25 modes at {−4, −2, 0, 2, 4}², σ = .05;
    ``two-modes``: (±2, 0), σ = .3; ``swiss-roll``: 1,000 equal Gaussians, σ = .033, along (t·cos t, t·sin t)/7.5,
    t ∈ [1.5π, 4.5π] (a density without countable modes). A sample within 3σ of a mode is of high quality; so are
    1 − e^−4.5 = 98.89 % of the mixture's own points in the plane.

    Args: kind: one of the four above; path: instead of a kind, an .npz with ``centres`` [k, d] and optionally ``covariances``
    [k, d, d] and ``weights`` [k]; sigma: another σ, in the units before ``scale`` (0: the kind's default); scale: a factor
    for all coordinates (no mode metric changes); n: number of points (the test split has a tenth, at least 1,000);
    split: train or test; seed: of the points.
    Raises: ConfigError for an unknown kind or a number out of range; DataError for a file that is no mixture.
    Convention: the ring's 8 modes are distinct (the often-copied inclusive linspace puts two of them in one place).
    """
    if split not in ("train", "test"):
        raise ConfigError(f"option 'split' of data source 'mixture' must be train or test; got {split!r}")
    if n < 2 or seed < 0 or not 0 < scale < math.inf or not 0 <= sigma < math.inf:
        raise ConfigError(
            f"mixture: expected n ≥ 2, seed ≥ 0, scale > 0 and sigma ≥ 0; got {n}, {seed}, {scale} and {sigma}"
        )
    distribution = mixture_from(path, sigma, scale) if path else mixture_of(kind, sigma, scale)
    options: dict[str, str | float] = {"path": path} if path else {"kind": kind}
    options |= {k: v for k, v, usual in (("sigma", sigma, 0.0), ("scale", scale, 1.0)) if v != usual}
    count = n if split == "train" else max(1_000, n // 10)
    points, mode = distribution.draw(count, numpy_stream(seed, f"mixture-{split}"))
    countable = bool(path) or kind != "swiss-roll"

    def spec(which: str) -> str:
        return format_spec("mixture", {**options, "n": n, "split": which, "seed": seed})

    return PointSource(
        spec(split),
        points.astype(np.float32),
        labels=mode if countable and distribution.n_modes > 1 else None,
        classes=tuple(f"mode {j}" for j in range(distribution.n_modes))
        if countable and distribution.n_modes > 1
        else (),
        held_out=spec("test" if split == "train" else "train"),
        distribution=distribution,
        modes=distribution if countable else None,
    )


def mixture_of(kind: str, sigma: float = 0.0, scale: float = 1.0) -> Mixture:
    """Return a named mixture; ``sigma`` 0: its default; raises ConfigError for an unknown kind."""
    if kind not in SIGMA:
        raise ConfigError(
            f"option 'kind' of data source 'mixture' must be {', '.join(SIGMA)}; got {kind!r}{nearest(kind, list(SIGMA))}"
        )
    return Mixture(_centres(kind) * scale, (sigma or SIGMA[kind]) * scale)


def _centres(kind: str) -> Float64[np.ndarray, "k 2"]:
    if kind == "ring":
        angle = 2 * np.pi * np.arange(8) / 8
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    if kind == "grid":
        ticks = np.array([-4.0, -2.0, 0.0, 2.0, 4.0])
        return np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=2).reshape(-1, 2)
    if kind == "two-modes":
        return np.array([[-2.0, 0.0], [2.0, 0.0]])
    t = 1.5 * np.pi * (1 + 2 * (np.arange(ROLL) + 0.5) / ROLL)
    return np.stack([t * np.cos(t), t * np.sin(t)], axis=1) / 7.5


def mixture_from(path: str, sigma: float = 0.0, scale: float = 1.0) -> Mixture:
    """Read a mixture from an .npz file; raises DataError with the reason."""
    try:
        arrays = read_arrays(path)
    except DataError as error:
        raise DataError(
            f"{path} cannot be read as a mixture, an .npz with the array centres [k, d]: {error}"
        ) from error
    unknown = sorted(set(arrays) - {"centres", "covariances", "weights"})
    if "centres" not in arrays or unknown:
        raise DataError(
            f"{path} holds {', '.join(sorted(arrays)) or 'nothing'}; a mixture has centres [k, d] and optionally "
            "covariances [k, d, d] and weights [k]"
        )
    if "covariances" not in arrays and not sigma:
        raise DataError(f"{path} has no covariances; add them, or set the option sigma")
    centres = point_array(f"{path}:centres", arrays["centres"]).astype(np.float64) * scale
    spread = arrays["covariances"].astype(np.float64) * scale**2 if "covariances" in arrays else sigma * scale
    if "covariances" in arrays and sigma:
        raise DataError(f"{path} has covariances; omit the option sigma")
    try:
        weights = arrays["weights"].astype(np.float64) if "weights" in arrays else None
        return Mixture(centres, spread, weights)
    except ShapeError as error:
        raise DataError(f"{path}: {error}") from error
