"""FDr: the Fréchet distance of the fakes over that of as many held-out real images."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from gantlet.core.errors import ConfigError, TooFewSamples
from gantlet.core.interfaces.metadata import NO_INFLUENCE
from gantlet.core.words import counted
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import NO_BOUNDS, Bounds, Measurement, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.frechet_distance import Spread, frechet_distance, squared_parts
from gantlet.evaluation.stats.debiasing import debiased
from gantlet.evaluation.stats.gaussian import GROUPS

FORMS = ("plain", "debiased")


@dataclass(frozen=True, eq=False)
class Distance:
    """One of the two distances: its value, its standard error (None: not known), and the potentials of the real rows it shares."""

    value: float
    error: float | None
    real: Float64[np.ndarray, " n"]


@METRICS.register(
    "frechet_ratio",
    source="Yang et al. 2026, arXiv:2604.28190",
    needs=("features",),
    unit="times the held-out real images' own distance",
    lower_is_better=True,
    margin=0.1,
    beyond="copies of real images do that",
    misled="it sees means and covariances only",
    unpaired=NO_INFLUENCE,
    estimand="fresh draws of both sides and of the held-out real images at this n",
)
def estimate(evidence: Evidence, form: str = "plain") -> Measurement:
    """FDr: how many times farther than held-out real images the fakes lie from the real ones, by the Fréchet distance.

    FDr = FD(fake, real) / FD(held-out real, real), both at one n: the larger of fakes and held-out images is cut at random (seeded).
    1 is real images' own distance. Without held-out images the real ones are split at random into two halves, one of which stands for
    them. As a ratio it has no unit, so feature spaces can be averaged (FDr-k, `--protocol fdr6`).

    Option: ``form`` = plain, as published: both distances hold their sampling bias, so that it falls towards the bias' own ratio, 1,
    where n is small; debiased: both without their bias. ``details`` say which, and hold both distances. Held-out images of the real ones'
    own population have distance 0 without the bias: then there is no debiased ratio, and the metric says so.

    Interval: delta method on the logarithm: (se F/F)² + (se V/V)² less the share that both owe to the same real rows, se as in
    frechet_distance; over fresh draws of fakes, real and held-out images at this n.

    When it lies: its denominator is mostly sampling bias, so FDr of one n says nothing about another n; published values are of 50,000
    images and other denominators. What FD does not see, it does not see. A generator trained on this distance reaches 1 in its own space
    and nowhere else: look in several.

    Source: Yang et al. 2026, arXiv:2604.28190; the formula is read from the paper's public program (eval_all_fds.py).
    """
    if form not in FORMS:
        raise ConfigError(f"frechet_ratio: option 'form' must be one of {', '.join(FORMS)}; got {form!r}")
    fakes, held_out, notes = sides(evidence)
    top, bottom = (_distance(side, form, evidence.level) for side in (fakes, held_out))
    details: dict[str, Any] = {
        "form": form,
        "n": fakes.fake.n,
        "n_reference": fakes.real.n,
        "distance": top.value,
        "held_out_distance": bottom.value,
    }
    if bottom.value <= 0:
        raise Undefined(
            f"the held-out real images' own distance, without its bias, is {bottom.value:.3g}, not above 0: no ratio to it. "
            "Use form=plain, or frechet_distance_debiased beside its reference"
        )
    value = top.value / bottom.value
    interval, error = _interval(top, bottom, evidence.level)
    if error is not None:
        details["log_standard_error"] = error
    return Measurement(value, interval, evidence.rows, details=details, notes=notes)


def sides(evidence: Evidence) -> tuple[Evidence, Evidence, tuple[str, ...]]:
    """Return fakes against real and held-out against real, as many of each, and notes; raises TooFewSamples."""
    real, held_out, notes = evidence.real, evidence.given.get("held_out"), tuple[str, ...]()
    order, fake_order = evidence.orders
    if held_out is None:
        half = real.n // 2
        real, held_out = evidence.real.take(order[half:]), evidence.real.take(order[:half])
        notes = (f"no held-out images: one half of the real ones ({half}, seeded) stands for them",)
    n = min(evidence.fake.n, held_out.n)
    if min(n, real.n) < 2:
        raise TooFewSamples(
            f"a ratio of Fréchet distances needs 2 fake, 2 held-out and 2 real images; got {evidence.fake.n}, {held_out.n} and {real.n}"
        )
    fake = evidence.fake if evidence.fake.n == n else evidence.fake.take(fake_order[:n])
    if held_out.n > n:
        held_out = held_out.take(replace(evidence, fake_bank=held_out).orders[1][:n])
    if n < evidence.fake.n:
        notes += (f"computed on {counted(n, 'fake')}, as many as there are held-out images",)
    given = {name: value for name, value in evidence.given.items() if name == "labels"}
    pair = [replace(evidence, real_bank=real, fake_bank=side, given=given) for side in (fake, held_out)]
    return pair[0], pair[1], notes


def _distance(side: Evidence, form: str, level: float) -> Distance:
    """Return a distance with its standard error: that of relabelled rows where these are not told apart.

    None below 8 rows per side, where there is no permutation test.
    """
    if form == "plain":
        value, spread = frechet_distance(side.real_bank.moments, side.fake_bank.moments), Spread()
    else:
        found = debiased(*side.quarters)
        value, spread = found.value, Spread(found.contrasts, bias=found.bias)
    error = None
    if min(side.real.n, side.fake.n) >= GROUPS:
        parts, p_value = squared_parts(side, value, spread)
        error = (parts.null_variance if p_value > 1 - level else parts.variance) ** 0.5
    return Distance(value, error, side.potentials.real)


def _interval(top: Distance, bottom: Distance, level: float) -> tuple[Bounds, float | None]:
    """Return the interval of the ratio, and the standard error of its logarithm.

    The real rows' potentials of a distance near 0 are noise: their covariance counts half, as their variance counts twice. The mean of a
    ratio lies above the exponential of its logarithm's mean, by half the variance.
    """
    if top.value <= 0 or top.error is None or bottom.error is None:
        return NO_BOUNDS, None
    n = len(top.real)
    shared = float(np.cov(top.real, bottom.real)[0, 1]) / (2 * n)
    own = (top.error / top.value) ** 2 + (bottom.error / bottom.value) ** 2
    variance = max(own - 2 * max(shared, 0.0) / (top.value * bottom.value), own / 4)
    low, high = np.exp(normal(float(np.log(top.value / bottom.value)) + variance / 2, variance, level))
    value = top.value / bottom.value
    return ("delta", min(float(low), value), max(float(high), value)), variance**0.5
