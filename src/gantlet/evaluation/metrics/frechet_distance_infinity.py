"""FID∞: the Fréchet distance regressed on 1/n over fifteen sample sizes, read off at 1/n = 0."""

import numpy as np

from gantlet.core.errors import TooFewSamples
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.extrapolation import at_infinity, sample_sizes
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.frechet_distance import Spread, frechet_distance, influence, transport_interval
from gantlet.evaluation.stats.moments import Moments


@METRICS.register(
    "frechet_distance_infinity",
    source="Chong & Forsyth 2020, arXiv:1911.07023",
    needs=("features",),
    unit="squared feature units",
    lower_is_better=True,
    version=4,
    influence=influence,
    estimand="fresh draws of both sides as the fakes grow in number, at this number of real images: their share of the bias stays in",
)
def estimate(evidence: Evidence) -> Measurement:
    """Fréchet distance extrapolated to infinitely many fakes by a line in 1/n (FID∞, in Inception features).

    FD(n) ≈ a + b/n by least squares over 15 sizes from 5,000 (from n/2 below 10,000 fakes) to all, each with a fresh
    random subset of the fakes (seeded), the real images all at once; the value is a. ``details``: sizes and distances.

    Interval: for the mean over fresh draws of both sides, at this number of real images. Delta, that of the plain distance
    about this value (same influence function to first order), widened by the standard error ``by_subsets`` that the line
    has from its random subsets. The bias that the real images bring stays in the value, and the interval is about the value
    with it, not about the distance of the populations.

    When it lies: the real images' own share of the bias stays in, so it compares models against one real set;
    frechet_distance_debiased takes both away and costs 10 distances, not 15. Near the null it may be negative.

    Source: Chong & Forsyth 2020, arXiv:1911.07023, Sec. 4; random latents, not their Sobol sequence.
    """
    n = evidence.fake.n
    if min(n, evidence.real.n) < 20:
        raise TooFewSamples(f"fifteen sizes need 20 samples per side; got real={evidence.real.n}, fake={n}")
    rng, order, sizes = numpy_stream(evidence.seed, "infinity"), evidence.orders[1], sample_sizes(n)
    subsets = [evidence.fake.features[order[rng.permutation(n)[:size]]] for size in sizes]
    distances = [frechet_distance(evidence.real.moments, Moments.of(subset)) for subset in subsets]
    value, by_subsets = at_infinity(sizes, np.array(distances))
    low, high, kind, details, notes = transport_interval(evidence, value, Spread(further=by_subsets))
    details |= {"sizes": sizes.tolist(), "distances": distances, "by_subsets": by_subsets**0.5}
    return Measurement(value, (kind, low, high), evidence.rows, details=details, notes=notes)
