"""Helpers of the labs on mixtures: training points, and measures of a generator's modes."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int64

from gantlet.core.mixture import Mixture
from gantlet.data.opening import open_source
from gantlet.data.points import PointSource
from gantlet.evaluation.metrics.high_quality import high_quality
from gantlet.evaluation.metrics.mode_kl import mode_kl
from gantlet.training.data import TrainingPoints

DRAWS = 2_500
"""Number of samples that are counted, as in VEEGAN and PacGAN."""
MANY = 1_000_000


class ModeMeasures(NamedTuple):
    """Measures of a generator on a mixture: its modes (with at least one high-quality sample), the share of
    high-quality samples (within 3σ), reverse KL of all samples' nearest modes, and the high-quality counts.
    """

    modes: int
    quality: float
    kl: float
    counts: Int64[np.ndarray, " k"]


def mixture_points(spec: str) -> tuple[TrainingPoints, Mixture]:
    """Open a mixture as training data, with its distribution."""
    source = open_source(spec)
    assert isinstance(source, PointSource) and isinstance(source.distribution, Mixture)  # true for a mixture
    return TrainingPoints(source.points, source.labels, source.classes, source.digest, source.spec), source.distribution


def measure_modes(points: Float[np.ndarray, "n d"], distribution: Mixture) -> ModeMeasures:
    """Return the measures of points on a mixture's modes."""
    good, mode = high_quality(points, distribution)
    counts = np.bincount(mode[good], minlength=distribution.n_modes)
    expected = np.round(distribution.shares * MANY).astype(np.int64)
    kl, _ = mode_kl(expected, np.bincount(mode, minlength=distribution.n_modes))
    return ModeMeasures(int((counts > 0).sum()), float(good.mean()), kl, counts)
