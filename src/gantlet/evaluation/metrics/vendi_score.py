"""The Vendi Score: the effective number of different images, by the entropy of a similarity matrix."""

from typing import Any

import numpy as np
import scipy.linalg
from jaxtyping import Float, Float64, Int64
from scipy.special import xlogy

from gantlet.core.errors import NonFiniteError, TooFewSamples
from gantlet.core.numerics.distances import row_chunks
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import NO_BOUNDS, Measurement, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.feature_bank import FeatureBank

GROUPS = 20
FEWEST = 50
"""Images below which there is no interval: equal generators of ten differ beyond 95 % intervals in one of five comparisons."""


def log_vendi_score(features: Float[np.ndarray, "n d"]) -> tuple[float, float]:
    """Return log VS = −Σ λ log λ over the eigenvalues of XXᵀ/n (X: rows of unit length), and its variance.

    The smaller of XXᵀ/n [n, n] and XᵀX/n [d, d] is solved; both have the same positive eigenvalues. Influence
    function of a row x: −xᵀ(log ρ)x − log VS, ρ = XᵀX/n.

    Returns: (nats in [0, log min(n, d)], variance). Raises: TooFewSamples (n < 2), NonFiniteError (a row of zeros).
    Source: Friedman & Dieng 2022, arXiv:2210.02410, Def. 3.1 and Sec. 3 (dual form).
    """
    value, of_rows = _log_score(features)
    return value, float(of_rows.var(ddof=1) / len(of_rows))


def _log_score(features: Float[np.ndarray, "n d"]) -> tuple[float, Float64[np.ndarray, " n"]]:
    """Return log VS and −xᵀ(log ρ)x of every row."""
    n, d = features.shape
    if n < 2:
        raise TooFewSamples(f"the Vendi Score needs 2 samples; got {n}. Give more images")
    if not features.any(axis=1).all():
        row = int(np.flatnonzero(~features.any(axis=1))[0])
        raise NonFiniteError(f"feature row {row} is all zeros and has no direction; leave it out or use other features")
    if d < n:
        values, vectors = scipy.linalg.eigh(_second_moment(features), driver="evd", check_finite=False)
        kept = values > d * np.finfo(np.float64).eps
        logs = np.log(values[kept])
        of_rows = np.concatenate(
            [-np.square(_unit(features[rows]) @ vectors[:, kept]) @ logs for rows in row_chunks(n)]
        )
    else:
        x = _unit(features)
        values, vectors = scipy.linalg.eigh(x @ x.T / n, driver="evd", check_finite=False)
        of_rows = -n * np.square(vectors) @ _entropies(values)
    return max(0.0, float(-_entropies(values).sum())), of_rows


def vendi_score(features: Float[np.ndarray, "n d"]) -> float:
    """Return VS alone, from eigenvalues only; otherwise as `log_vendi_score`."""
    n, d = features.shape
    x = _unit(features) if n <= d else None
    matrix = _second_moment(features) if x is None else x @ x.T / n
    return float(np.exp(-_entropies(scipy.linalg.eigvalsh(matrix, check_finite=False)).sum()))


def _entropies(values: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
    """Return λ log λ; eigenvalues below 0 are rounding and count as 0."""
    positive = np.maximum(values, 0.0)
    return np.asarray(xlogy(positive, positive))


def _second_moment(features: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "d d"]:
    rho = np.zeros((features.shape[1], features.shape[1]))
    for rows in row_chunks(len(features)):
        x = _unit(features[rows])
        rho += x.T @ x / len(features)
    return rho


def _unit(features: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n d"]:
    x = features.astype(np.float64)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def second_order(features: Float[np.ndarray, "n d"], variance: float, order: Int64[np.ndarray, " n"]) -> float:
    """Return the variance of log VS with the noise of second order, from ``variance``, that of the delta method.

    The mean of it and of the jackknife's over 20 random groups of equal size, (G − 1)/G Σ (θ₍g₎ − θ̄)²: the delta method leaves the noise of second
    order out, the jackknife counts it twice. It matters where rows are few for the dimension; from n = 8d on ``variance`` as it is.
    Source: Efron & Stein 1981, "The jackknife estimate of variance".
    """
    n, d = features.shape
    if n >= 8 * d or n < 4:
        return variance
    groups = min(GROUPS, n // 2)
    size = n // groups  # all equal: the score grows with the number of rows, and one row more would count as noise
    parts = [order[g * size : (g + 1) * size] for g in range(groups)]
    left = np.log([vendi_score(np.delete(features, part, axis=0)) for part in parts])
    return (variance + (groups - 1) / groups * float(np.square(left - left.mean()).sum())) / 2


def influence(evidence: Evidence) -> Influence:
    """Return VS·(−xᵀ(log ρ)x) at every fake x, stretched about its mean to the variance with that of second order."""
    value, of_rows = _log_score(evidence.fake.features)
    centred, variance = of_rows - of_rows.mean(), float(of_rows.var(ddof=1) / len(of_rows))
    stretch = (
        (second_order(evidence.fake.features, variance, evidence.orders[1]) / variance) ** 0.5 if variance > 0 else 1.0
    )
    return Influence(fake=float(np.exp(value)) * stretch * centred)


@METRICS.register(
    "vendi_score",
    source="Friedman & Dieng 2022, arXiv:2210.02410",
    needs=("features",),
    unit="effective images",
    lower_is_better=False,
    margin=0.1,
    beyond="images more unlike each other than real ones do that, be they good or bad",
    misled="it rises when images spread out, be they good or bad",
    version=4,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Vendi Score: the effective number of different fake images, by cosine similarity of their features.

    VS = exp(−Σ λ log λ), λ the eigenvalues of XXᵀ/n, rows of X of length 1; in [1, min(n, d)]. ``details`` hold the
    score of the real images and, where there are labels, of each class.

    Interval: delta method on log VS (the influence function is −xᵀ log(XᵀX/n) x, centred), then exponentiated; for
    the expectation at this number of images; none below 50. Below n = 8d the mean of its variance and the jackknife's over 20 groups.

    When it lies: it never looks at the real images, so noise scores highest of all: read it beside the real score.
    It grows with n until n ≫ d. Features that are all ≥ 0 point the same way and keep it small.

    Source: Friedman & Dieng 2022, arXiv:2210.02410, Def. 3.1; order q = 1, cosine kernel.
    """
    zero = [side for side in (evidence.real, evidence.fake) if not side.features.any(axis=1).all()]
    if zero:
        raise Undefined("some feature rows are all zeros and have no direction")
    value, variance = log_vendi_score(evidence.fake.features)
    variance = second_order(evidence.fake.features, variance, evidence.orders[1])
    interval, notes = NO_BOUNDS, tuple[str, ...]()
    if evidence.fake.n >= FEWEST:
        low, high = np.exp(normal(value, variance, evidence.level))
        interval = ("delta", float(low), float(high))
    else:
        notes = (
            f"no interval below {FEWEST} images: the score is nearly their number, and its spread cannot be estimated",
        )
    details: dict[str, Any] = {"log_standard_error": variance**0.5}
    if evidence.real.n >= 2:
        details["real"] = vendi_score(evidence.real.features)
    details |= {side: _by_class(bank) for side, bank in _sides(evidence) if bank.labels is not None}
    return Measurement(float(np.exp(value)), interval, evidence.rows, details=details, notes=notes)


def _sides(evidence: Evidence) -> tuple[tuple[str, FeatureBank], ...]:
    return ("fake_by_class", evidence.fake), ("real_by_class", evidence.real)


def _by_class(bank: FeatureBank) -> dict[str, float]:
    assert bank.labels is not None
    classes, counts = np.unique(bank.labels, return_counts=True)
    return {str(label): vendi_score(bank.features[bank.labels == label]) for label in classes[counts >= 2]}
