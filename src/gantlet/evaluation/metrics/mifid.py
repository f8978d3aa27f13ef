"""MiFID: the Fréchet distance with a penalty for fakes that memorise real images."""

import numpy as np
import torch
from jaxtyping import Float32, Float64

from gantlet.core.errors import NonFiniteError
from gantlet.core.numerics.distances import as_tensor, dot_tiles, tile_side
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import quantile
from gantlet.evaluation.measurement import NO_BOUNDS, Measurement, Undefined
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
    """Return the influence of the Fréchet distance over the cosine distance at every row; the training images are given."""
    cosine = _memorisation(evidence)
    scale, fake = mifid(1.0, cosine), evidence.potentials.fake
    if cosine < THRESHOLD:
        distance = frechet_distance(evidence.real.moments, evidence.fake.moments)
        fake = fake - distance / cosine * (_distances(evidence) - cosine)
    return Influence(scale * evidence.potentials.real, scale * fake)


def _memorisation(evidence: Evidence) -> float:
    return float(_distances(evidence).mean())


def _distances(evidence: Evidence) -> Float64[np.ndarray, " m"]:
    real, fake = evidence.training.features, evidence.fake.features
    return evidence.shared("cosine", lambda: memorisation_distances(real, fake, evidence.memory))


def over_memorisation(
    bounds: tuple[float, float, float], cosines: Float64[np.ndarray, " m"], level: float
) -> tuple[float, float] | None:
    """Return the interval of MiFID from low end, value and high end of the distance; None where the penalty is open.

    Where the fakes' mean cosine distance d is penalised its own noise comes on top, to first order independent of the distance's:
    each arm is (arm²/d² + (z·se(d)·FD/d²)²)^½. The penalty is open where d ± z·se(d) holds the threshold: the number may be
    either of two, up to 1/d apart.
    """
    mean = float(cosines.mean())
    reach = quantile(level) * float(cosines.std(ddof=1)) / len(cosines) ** 0.5 if len(cosines) > 1 else np.inf
    if abs(mean - THRESHOLD) <= reach:
        return None
    low, value, high = (mifid(part, mean) for part in bounds)
    further = value * reach / mean if mean < THRESHOLD else 0.0
    return max(0.0, value - float(np.hypot(value - low, further))), value + float(np.hypot(high - value, further))


@METRICS.register(
    "mifid",
    source="Bai et al. 2021, arXiv:2106.03062",
    needs=("features",),
    unit="squared feature units, over the cosine distance",
    lower_is_better=True,
    version=3,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Memorisation-informed Fréchet distance (MiFID in Inception features): FD divided by how far the fakes keep off
    the real images.

    MiFID = FD / d where d = mean over fakes of min over the training images of (1 − |cos|) is below 0.1, else FD. ``details``: both
    parts, and whether the penalty applies.

    Interval: that of FD (delta, or permutation at the null), divided by d, with d's noise over fresh fakes where it is below 0.1. None
    where d's own interval holds 0.1: a fresh draw may be penalised or not, and the two numbers are tenfold apart.

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
    bounds = over_memorisation((max(low, 0.0), distance, high), _distances(evidence), evidence.level)
    details |= {"frechet_distance": distance, "cosine": memorisation, "penalised": memorisation < THRESHOLD}
    value = mifid(distance, memorisation)
    if bounds is None:
        notes += (f"no interval: the cosine distance, {memorisation:.3g}, is too near the threshold {THRESHOLD}",)
        return Measurement(value, NO_BOUNDS, evidence.rows, details=details, notes=notes)
    return Measurement(value, (kind, *bounds), evidence.rows, details=details, notes=notes)
