"""The Fréchet distance without its small-sample bias: Richardson extrapolation over halves and quarters."""

from functools import reduce

import numpy as np

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.frechet_distance import frechet_distance, influence, null_of, transport_interval
from gantlet.evaluation.stats.gaussian import GROUPS
from gantlet.evaluation.stats.moments import Moments

FIRST_ORDER = {1: 2.0, 2: -1.0}
SECOND_ORDER = {1: 8 / 3, 2: -2.0, 4: 1 / 3}
LAST_STEP = {1: 2 / 3, 2: -1.0, 4: 1 / 3}
"""Second order less first order: its first-order noise cancels."""
LEAST = 0.75
"""n/d from which on the last step has bounded what is left of the bias (measured: `benchmarks.honesty`, `benchmarks.debiased_fd`)."""


def richardson(real: list[Moments], fake: list[Moments]) -> tuple[float, dict[int, float]]:
    """Return the debiased distance and the mean plain distances at n, n/2 (and n/4), from moments of four quarters.

    Second order: 8/3·F(n) − 2·F(n/2) + 1/3·F(n/4), exact for F = a + b/n + c/n²; where a quarter has fewer than
    two rows, first order: 2·F(n) − F(n/2), exact for F = a + b/n. F(n/k) is the mean over k disjoint parts.

    Args: real, fake: four Moments each. Returns: squared feature units, may be negative near the null.
    Raises: TooFewSamples (fewer than 4 rows per side). Source: Richardson 1911; Chong & Forsyth 2020, arXiv:1911.07023.
    """
    counts = [sum(part.n for part in side) for side in (real, fake)]
    if min(counts) < 4:
        raise TooFewSamples(f"halves need 4 samples per side; got real={counts[0]}, fake={counts[1]}. Give more images")
    coefficients = SECOND_ORDER if min(part.n for part in real + fake) >= 2 else FIRST_ORDER
    plain = {parts: _mean_distance(real, fake, parts) for parts in coefficients}
    return sum(coefficients[parts] * plain[parts] for parts in coefficients), plain


def bias_left(evidence: Evidence, plain: dict[int, float]) -> float:
    """Return the bound on the bias that is left: the last step of the extrapolation, as far as it is no noise.

    |F₂ − F₁| less two of its standard deviations under relabelling, F₁, F₂ the distances to first and to second order: in a series
    that converges the last step exceeds the error after it. 0 where there is no second order.
    """
    if 4 not in plain:
        return 0.0
    step = abs(sum(LAST_STEP[parts] * plain[parts] for parts in LAST_STEP))
    if not evidence.has_rows or min(evidence.real.n, evidence.fake.n) < GROUPS:
        return step
    return max(0.0, step - 2 * float(null_of(evidence, evidence.gaussian_null.within(), LAST_STEP).std()))


def _mean_distance(real: list[Moments], fake: list[Moments], parts: int) -> float:
    pieces = [[reduce(Moments.merge, side[part::parts]) for part in range(parts)] for side in (real, fake)]
    return float(np.mean([frechet_distance(r, f) for r, f in zip(*pieces, strict=True)]))


@METRICS.register(
    "frechet_distance_debiased",
    source="Chong & Forsyth 2020, arXiv:1911.07023",
    needs=("moments",),
    unit="squared feature units",
    lower_is_better=True,
    beyond="copies of real images do that",
    misled="it sees means and covariances only",
    version=2,
    influence=influence,
    estimand="fresh draws of both sides as n grows: the distance of the populations",
)
def estimate(evidence: Evidence) -> Measurement:
    """Fréchet distance extrapolated to infinitely many samples by Richardson's rule over halves and quarters.

    8/3·F(n) − 2·F(n/2) + 1/3·F(n/4): exact for a bias b/n + c/n². The parts are disjoint and random (seeded).

    Interval: for the distance of the populations. That of the plain distance (same influence function to first order)
    about this value, with the spread of the same combination under 999 relabellings, widened on both sides by
    ``details.bias_left``: the last step of the extrapolation, less two of its standard deviations. Below n = ¾ d the last step
    bounds nothing, and the interval goes from 0 to the upper end of the plain distance, whose bias is upwards.

    When it lies: for n well below d the expansion in 1/n has not set in and some bias remains (a tenth, where the plain
    value is a third too large). Near the null it may be negative: read that as zero. It sees means and covariances
    only.

    Source: the idea of extrapolating in 1/n: Chong & Forsyth 2020, arXiv:1911.07023 (FID∞ regresses on 15 sizes; this
    is not it).
    """
    value, plain = richardson(*evidence.quarters)
    low, high, kind, details, notes = transport_interval(evidence, value, SECOND_ORDER if 4 in plain else FIRST_ORDER)
    left, known = (
        bias_left(evidence, plain),
        min(n for n in evidence.rows if n is not None) >= LEAST * evidence.real_bank.dim,
    )
    if low is not None and high is not None and known:
        low, high = low - left, high + left
    elif low is not None and high is not None:
        upper = transport_interval(evidence, plain[1], {1: 1.0})[1]
        low, high = min(0.0, value), max(upper or plain[1], value)
        notes += (
            "n < ¾ d: what is left of the bias is not known; the interval goes from 0 to the plain distance's end",
        )
    details |= {"plain": plain[1], "halves": plain[2], "order": len(plain) - 1, "bias_left": left}
    details |= {"quarters": plain[4]} if 4 in plain else {}
    return Measurement(value, (kind, low, high), evidence.rows, details=details, notes=notes)
