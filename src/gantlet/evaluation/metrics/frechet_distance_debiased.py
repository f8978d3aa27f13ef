"""The Fréchet distance without its small-sample bias, its interval, and what is done where the sides differ in size."""

from dataclasses import replace

import numpy as np

from gantlet.core.words import counted
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.frechet_distance import Spread, transport_interval
from gantlet.evaluation.stats.debiasing import debiased


def equal_sides(evidence: Evidence) -> tuple[Evidence, tuple[str, ...]]:
    """Return the evidence with the larger side cut at random (seeded) to the size of the smaller, and a note where it was."""
    counts = [bank.n for bank in (evidence.real_bank, evidence.fake_bank)]
    if None in counts or counts[0] == counts[1]:
        return evidence, ()
    n = min(count for count in counts if count is not None)
    banks = [
        bank if bank.rows is None or bank.n == n else bank.rows.take(order[:n])
        for bank, order in zip((evidence.real_bank, evidence.fake_bank), evidence.orders, strict=True)
    ]
    if banks[0] is evidence.real_bank and banks[1] is evidence.fake_bank:
        return evidence, ("the sides differ in size and the larger is a statistics file: the interval is wider for it",)
    cut = evidence.shared("equal sides", lambda: replace(evidence, real_bank=banks[0], fake_bank=banks[1]))
    return cut, (
        f"computed on {counted(n, 'image')} of each side, the larger cut at random (seeded): its bias is known there",
    )


def influence(evidence: Evidence) -> Influence:
    """Return the Kantorovich potentials at the rows that the distance is computed on, 0 at those that are left out.

    Potentials of a part of N rows count N/n times, so that their variance over N is that of the part.
    """
    cut, _ = equal_sides(evidence)
    found = []
    for whole, order, values in zip(
        (evidence.real_bank, evidence.fake_bank),
        evidence.orders,
        (cut.potentials.real, cut.potentials.fake),
        strict=True,
    ):
        if whole.rows is not None and len(values) < whole.rows.n:
            spread = np.zeros(whole.rows.n)
            spread[order[: len(values)]] = values * (whole.rows.n / len(values))
            values = spread
        found.append(values)
    return Influence(found[0], found[1])


@METRICS.register(
    "frechet_distance_debiased",
    source="Chong & Forsyth 2020, arXiv:1911.07023",
    needs=("moments",),
    unit="squared feature units",
    lower_is_better=True,
    beyond="copies of real images do that",
    misled="it sees means and covariances only",
    version=4,
    influence=influence,
    estimand="fresh draws of both sides as n grows: the distance of the populations",
)
def estimate(evidence: Evidence) -> Measurement:
    """Fréchet distance of the populations: the plain one less its bias, which is measured where the distance is 0.

    The bias is in tr (S_r S_g)^½, which comes out too small. Mixtures of half the real and half the fake rows show by which share
    ρ: two of them have one covariance. That term over ρ, at n and at n/2, extrapolated in 1/n; the other terms are unbiased as
    they are. From moments of four disjoint random quarters (seeded), of as many rows per side: the larger side is cut.

    Interval: for the distance of the populations. That of the plain distance (same influence function to first order)
    about this value, with the spread of the same combination under 999 relabellings, widened on both sides by
    ``details.bias_left`` = 3/2 (1 − ρ) · value, and more where sizes differ. None below n = d/2. ``details``: ``plain``, the distance
    with its bias; ``first``, before the extrapolation; ``lost`` = 1 − ρ.

    When it lies: far from the null and with n below d some bias is left, of the order of (1 − ρ) · value (a tenth of the
    distance at n = 0.8 d where 1 − ρ is a tenth); the interval has room for it. The factors 3/2 and those of the spread are
    measured, not derived (benchmarks.debiased_fd). Near the null it may be negative: read that as zero. It sees means and
    covariances only.

    Source: that the bias goes with 1/n and can be extrapolated: Chong & Forsyth 2020, arXiv:1911.07023. The
    mixtures are this package's own.
    """
    evidence, cut = equal_sides(evidence)
    result = debiased(*evidence.quarters)
    low, high, kind, details, notes = transport_interval(
        evidence, result.value, Spread(result.contrasts, bias=result.bias)
    )
    left = result.bias_left
    if low is not None and high is not None:
        low, high = low - left, high + left
    n = min(int(side) for side in evidence.rows if side is not None)
    if low is not None and n < evidence.real_bank.dim / 2:
        low, high, kind = None, None, "none"
        notes += (
            f"no interval: n = {n} is below half of the {counted(evidence.real_bank.dim, 'dimension')}, where none was found to hold",
        )
    details |= {"plain": result.plain, "first": result.first, "lost": 1 - result.kept, "bias_left": left}
    return Measurement(result.value, (kind, low, high), evidence.rows, details=details, notes=(*cut, *notes))
