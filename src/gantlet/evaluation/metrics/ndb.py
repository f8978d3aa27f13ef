"""NDB: the share of bins of the real images in which the fakes' share is statistically different."""

import numpy as np
from jaxtyping import Bool, Float64, Int64

from gantlet.core.errors import TooFewSamples
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.holm import holm
from gantlet.evaluation.inference.intervals import quantile, wilson
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.clusters import clusters

BINS = 100
PER_BIN = 10


def bin_scores(real: Int64[np.ndarray, " k"], fake: Int64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
    """Return z = (q − p)/√(s(1 − s)(1/n + 1/m)) of each bin, s the pooled share; 0 where a bin has all or none.

    Args: real, fake: how many images fall in each of k bins. Source: Richardson & Weiss 2018, arXiv:1805.12462, Sec. 2.
    """
    n, m = int(real.sum()), int(fake.sum())
    pooled = (real + fake) / (n + m)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return np.divide(fake / m - real / n, spread, out=np.zeros(len(real)), where=spread > 0)


def ndb(scores: Float64[np.ndarray, " k"], significance: float = 0.05) -> Bool[np.ndarray, " k"]:
    """Return which bins differ at this significance, each tested by itself."""
    return np.asarray(np.abs(scores) > quantile(1 - significance))


@METRICS.register(
    "ndb",
    source="Richardson & Weiss 2018, arXiv:1805.12462",
    needs=("features",),
    unit="share of bins that differ; 0.05 is ideal",
    lower_is_better=True,
    version=1,
    unpaired="a count of bins has no influence function",
)
def estimate(evidence: Evidence) -> Measurement:
    """NDB/K: the share of bins, cells of the real images, that hold a different share of fakes than of real images.

    K = 100 k-means cells of the real images (fewer where there are fewer than 1,000); a two-proportion z-test at 5 %
    in each. ``details``: both counts per bin, and which bins are missing, under- and over-produced (all at 5 %, and
    ``after_holm``: those still significant after Holm's correction). About 0.05 where real and fake agree.

    Interval: Wilson with the K bins as independent trials.

    When it lies: with many images every small difference is significant, with few none is: compare at equal n only.
    It sees shares of cells, not quality: bad images fall into some cell too. The bins are fitted to the very real
    images that are counted, which favours them a little.

    Source: Richardson & Weiss 2018, arXiv:1805.12462, Sec. 2; Holm 1979.
    """
    from scipy.stats import norm

    real, fake, notes = evidence.sample(evidence.real.n + evidence.fake.n)
    k = min(BINS, real.n // PER_BIN)
    if k < 2:
        raise TooFewSamples(f"ndb needs {2 * PER_BIN} real samples for two bins; got {real.n}. Give more images")
    cells = clusters(real.features, (real.features, fake.features), k, numpy_stream(evidence.seed, "ndb"))
    counts = [np.bincount(side, minlength=k) for side in cells]
    scores = bin_scores(counts[0], counts[1])
    different = ndb(scores)
    details = {
        "bins": k,
        "real": counts[0].tolist(),
        "fake": counts[1].tolist(),
        "missing": np.flatnonzero(different & (counts[1] == 0)).tolist(),
        "under": np.flatnonzero(different & (scores < 0) & (counts[1] > 0)).tolist(),
        "over": np.flatnonzero(different & (scores > 0)).tolist(),
        "after_holm": np.flatnonzero(holm(2 * norm.sf(np.abs(scores)), 1 - evidence.level)).tolist(),
    }
    interval = wilson(int(different.sum()), k, evidence.level)
    return Measurement(
        float(different.mean()), ("wilson", *interval), Rows(real.n, fake.n), details=details, notes=notes
    )
