"""MiFID: the Fréchet distance with a penalty for fakes that memorise real images."""

import numpy as np
import torch
from jaxtyping import Float32, Float64

from gantlet.core.errors import NonFiniteError
from gantlet.core.numerics.distances import as_tensor, dot_tiles, tile_side
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.measurement import Measurement, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.frechet_distance import Spread, frechet_distance, transport_interval

THRESHOLD = 0.1


def memorisation_distances(
    real: Float32[np.ndarray, "n d"], fake: Float32[np.ndarray, "m d"], memory: int = 2 * 10**9
) -> Float64[np.ndarray, " m"]:
    """Return for each fake the least 1 − |cos(fake, real)| over the real rows, in [0, 1].

    Float32 products: absolute error about 1e-6, below which a distance counts as 0. Raises: NonFiniteError (a row of
    zeros has no direction). Source: Bai et al. 2021, arXiv:2106.03062, Eq. 1–2.
    """
    sides = []
    for side in (fake, real):
        norms = torch.linalg.vector_norm(as_tensor(side), dim=1, keepdim=True)
        if len(side) and float(norms.min()) == 0:
            raise NonFiniteError("a feature row is all zeros and has no direction; leave it out or use other features")
        sides.append(as_tensor(side) / norms)
    most = torch.zeros(len(fake))
    for i, _, tile in dot_tiles(sides[0], sides[1], tile_side(memory)):
        part = most[i : i + len(tile)]
        torch.maximum(part, tile.abs_().amax(dim=1), out=part)
    distances = 1 - most.double().numpy()
    return np.where(distances < 1e-6, 0.0, distances)


def mifid(distance: float, memorisation: float, threshold: float = THRESHOLD) -> float:
    """Return the Fréchet distance over the memorisation distance where that is below the threshold, else as it is.

    Raises: NonFiniteError (memorisation 0). Source: Bai et al. 2021, arXiv:2106.03062, Eq. 3–4.
    """
    if memorisation <= 0:
        raise NonFiniteError("every fake has the direction of a real row: MiFID is infinite")
    return distance / memorisation if memorisation < threshold else distance


def influence(evidence: Evidence) -> Influence:
    """Return the influence of the Fréchet distance at every row, divided by the cosine distance taken as known."""
    scale = mifid(1.0, _memorisation(evidence))
    return Influence(scale * evidence.potentials.real, scale * evidence.potentials.fake)


def _memorisation(evidence: Evidence) -> float:
    real, fake = evidence.training.features, evidence.fake.features
    return evidence.shared("cosine", lambda: float(memorisation_distances(real, fake, evidence.memory).mean()))


@METRICS.register(
    "mifid",
    source="Bai et al. 2021, arXiv:2106.03062",
    needs=("features",),
    unit="squared feature units, over the cosine distance",
    lower_is_better=True,
    version=2,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Memorisation-informed Fréchet distance (MiFID in Inception features): FD divided by how far the fakes keep off
    the real images.

    MiFID = FD / d where d = mean over fakes of min over the training images of (1 − |cos|) is below 0.1, else FD. ``details``: both
    parts, and whether the penalty applies.

    Interval: that of FD (delta, or permutation at the null), divided by d taken as known.

    When it lies: the threshold 0.1 was set for Inception features and other spaces lie wholly above or below it: read
    ``details``. Where the training images are not named, the real ones stand for them. Division mixes two questions: a small FD hides copies.

    Source: Bai et al. 2021, arXiv:2106.03062, Eq. 1–4; threshold 0.1 as in the Kaggle competition and torchmetrics.
    """
    if not all(side.features.any(axis=1).all() for side in (evidence.training, evidence.fake)):
        raise Undefined("some feature rows are all zeros and have no direction")
    distance = frechet_distance(evidence.real.moments, evidence.fake.moments)
    memorisation = _memorisation(evidence)
    if memorisation == 0:
        raise Undefined("every fake has the direction of a training image: all are copies")
    low, high, kind, details, notes = transport_interval(evidence, distance, Spread())
    assert low is not None and high is not None  # this metric needs rows on both sides
    low, value, high = (mifid(part, memorisation) for part in (max(low, 0.0), distance, high))
    details |= {"frechet_distance": distance, "cosine": memorisation, "penalised": memorisation < THRESHOLD}
    return Measurement(value, (kind, low, high), evidence.rows, details=details, notes=notes)
