"""KEN: kernel entropic novelty, the modes that the fakes have and the real images lack, and the reverse."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
from jaxtyping import Float64, Int64

from gantlet.core.errors import ConfigError, TooFewSamples
from gantlet.core.interfaces.metadata import NO_INFLUENCE
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.rke import SIGMA, squared_distances, width
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.subsets import SHARE, SUBSETS, mean_interval, subsets

CAP = 1000
FEWEST = 10
NAMED = 5
"""Modes that are named, and images that are named of each."""


class Novelty(NamedTuple):
    """KEN, the positive eigenvalues (largest first), and each image's part in their modes [rows of the tested side, modes]."""

    value: float
    eigenvalues: Float64[np.ndarray, " k"]
    parts: Float64[np.ndarray, "n k"]


def novelty(tested: FeatureBank, reference: FeatureBank, squared_width: float, eta: float) -> Novelty:
    """Return KEN of ``tested`` given ``reference``: Σ λ log(S/λ) over the positive eigenvalues of C_X − η C_Y, S = Σ λ.

    C are the kernel's second moments. With G = LLᵀ the joint kernel matrix and w the weights 1/n and −η/m of its rows, these are the
    eigenvalues of Lᵀ diag(w) L, and (L v)_i is the part of row i in the mode v.
    """
    rows = np.concatenate([tested.features, reference.features])
    kernel = np.exp(-squared_distances(rows, rows) / (2 * squared_width))
    kernel[np.diag_indices(len(rows))] = 1 + 1e-10
    root = scipy.linalg.cholesky(kernel, lower=True, check_finite=False)
    weights = np.concatenate([np.full(tested.n, 1 / tested.n), np.full(reference.n, -eta / reference.n)])
    values, vectors = scipy.linalg.eigh(root.T @ (weights[:, None] * root), check_finite=False)
    kept = np.flatnonzero(values > 1e-9)[::-1]
    positive = values[kept]
    parts = np.abs(root[: tested.n] @ vectors[:, kept[:NAMED]])
    value = float((positive * np.log(positive.sum() / positive)).sum()) if len(kept) else 0.0
    return Novelty(max(value, 0.0), positive, parts)


@METRICS.register(
    "kernel_entropy_novelty",
    source="Zhang, Li & Farnia 2024, arXiv:2402.17287",
    needs=("features",),
    unit="nats, weighted by share",
    lower_is_better=True,
    margin=0.1,
    misled="it rises with anything that real images lack, be it good or bad",
    unpaired=NO_INFLUENCE,
)
def estimate(evidence: Evidence, eta: float = 1.0, sigma: float = SIGMA) -> Measurement:
    """KEN: how much the fakes show that the real images lack, and which images those are; and the reverse.

    KEN = Σ λ log(S/λ), S = Σ λ, over the positive eigenvalues λ of C_fake − η·C_real, the second moments of a Gaussian kernel's features
    (width as in rke). Each eigenvalue is a mode that the fakes show more than η times as often as the real images. 0: none; real
    images' own value is not 0 but what chance gives. ``details.modes``: the five largest, each with its λ and the five images that
    stand for it; ``details.missing``: the modes that real images show and the fakes lack, with real images; ``reverse``: their KEN.
    Of two models: `gantlet evaluate A --real B --metrics kernel_entropy_novelty` names what A has and B lacks, and the reverse.

    Options: ``eta``, how many times as frequent; ``sigma``, the relative width of the kernel.

    Interval: Student's, from the variance over 12 random subsets of 60 % of both sides, at most 1,000 images of each; over fresh draws of
    both at this n.

    When it lies: a novel mode may be a blunder: look at the images. What a kernel of this width does not part is one mode. The value grows
    as n falls, because chance makes modes: only equal n compare. Eigenvectors of near eigenvalues mix their modes.

    Source: Zhang, Li & Farnia 2024, arXiv:2402.17287 (abstract read; the formula rests on memory); σ is this package's choice.
    """
    if not 0 < sigma < float("inf") or not 0 < eta < float("inf"):
        raise ConfigError(f"kernel_entropy_novelty: expected sigma, eta > 0; got {sigma}, {eta}")
    real, fake, notes = evidence.sample(CAP)
    if min(real.n, fake.n) < FEWEST:
        raise TooFewSamples(
            f"novelty needs {FEWEST} samples per side; got real={real.n}, fake={fake.n}. Give more images"
        )
    squared_width = width(real, sigma)
    found, reverse = novelty(fake, real, squared_width, eta), novelty(real, fake, squared_width, eta)
    parts = subsets(replace(evidence, real_bank=real, fake_bank=fake), SUBSETS, SHARE)
    values = [novelty(some_fake, some, width(some, sigma), eta).value for some, some_fake in parts]
    variance = float(np.var(values, ddof=1)) * SHARE / (1 - SHARE)
    details = {
        "eta": eta,
        "sigma": float(squared_width**0.5),
        "modes": _named(found, fake, evidence.orders[1]),
        "missing": _named(reverse, real, evidence.orders[0]),
        "reverse": reverse.value,
    }
    bounds = mean_interval(found.value, variance, evidence.level, SUBSETS)
    return Measurement(found.value, ("subsampling", *bounds), Rows(real.n, fake.n), details=details, notes=notes)


def _named(found: Novelty, side: FeatureBank, order: Int64[np.ndarray, " n"]) -> list[dict[str, Any]]:
    """Return the largest modes with the images that stand for them, by name or by row."""
    modes = []
    for k, value in enumerate(found.eigenvalues[:NAMED]):
        rows = np.argsort(-found.parts[:, k], kind="stable")[:NAMED]
        images = [str(side.names[int(row)]) if len(side.names) else int(order[row]) for row in rows]
        modes.append({"eigenvalue": float(value), "images": images})
    return modes
