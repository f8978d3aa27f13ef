"""What the labs on mixtures share: training points, and what a generator found of the modes."""

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
"""Samples that are counted: VEEGAN's and PacGAN's number."""
MANY = 1_000_000


class Found(NamedTuple):
    """The modes of a mixture as a generator made them: how many (by one high-quality sample or more), the share of
    high-quality samples (within 3σ), reverse KL of all samples' nearest modes, and the high-quality counts.
    """

    modes: int
    quality: float
    kl: float
    counts: Int64[np.ndarray, " k"]


def mixture_points(spec: str) -> tuple[TrainingPoints, Mixture]:
    """Open a mixture as training data, with its distribution."""
    source = open_source(spec)
    assert isinstance(source, PointSource) and isinstance(source.distribution, Mixture)  # a mixture is
    return TrainingPoints(source.points, source.labels, source.classes, source.digest, source.spec), source.distribution


def found(points: Float[np.ndarray, "n d"], distribution: Mixture) -> Found:
    """Return what points found of a mixture's modes."""
    good, mode = high_quality(points, distribution)
    counts = np.bincount(mode[good], minlength=distribution.n_modes)
    expected = np.round(distribution.shares * MANY).astype(np.int64)
    kl, _ = mode_kl(expected, np.bincount(mode, minlength=distribution.n_modes))
    return Found(int((counts > 0).sum()), float(good.mean()), kl, counts)
