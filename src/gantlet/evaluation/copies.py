"""Copies and outliers: how close a fake lies to its nearest training image, measured against unseen real images."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from gantlet.evaluation.stats.neighbours import neighbours


@dataclass(frozen=True)
class CopyRatios:
    """For m queries: ratio [m], distance [m] to the nearest training row, and that row's index [m]."""

    ratio: Float64[np.ndarray, " m"]
    distance: Float64[np.ndarray, " m"]
    nearest: Int64[np.ndarray, " m"]


@dataclass(frozen=True)
class TailTest:
    """``suspicious`` of ``n_fake`` fakes lie beyond the held-out images' ``threshold``; p_value of that many by chance.

    ``held_out_suspicious`` of ``n_held_out`` honest images do: the false-alarm rate.
    """

    suspicious: int
    n_fake: int
    held_out_suspicious: int
    n_held_out: int
    threshold: float
    p_value: float

    @property
    def share(self) -> float:
        """Return the share of fakes that lie beyond the threshold."""
        return self.suspicious / self.n_fake

    @property
    def false_alarms(self) -> float:
        """Return the share of held-out real images that do."""
        return self.held_out_suspicious / self.n_held_out


def copy_ratios(train: Float32[np.ndarray, "n d"], query: Float32[np.ndarray, "m d"], memory: int) -> CopyRatios:
    """Return for each query row its distance to the nearest training row over that row's own nearest distance.

    ratio = d(q, t) / d(t, t'), t the training row nearest to q, t' the one nearest to t; a ratio far below 1 marks a
    copy, one far above 1 an outlier. Where t has an exact duplicate in the training set (d(t, t') = 0) the ratio is taken
    against the median of the training rows' nearest distances.
    """
    facts = neighbours(train, query, k=1, memory=memory)
    own = facts.real.distances[:, 0]
    typical = float(np.median(own[own > 0])) if (own > 0).any() else 1.0
    nearest, distance = facts.fake_to_real.indices[:, 0], facts.fake_to_real.distances[:, 0]
    return CopyRatios(distance / np.where(own > 0, own, typical)[nearest], distance, nearest)


def copy_test(fake: CopyRatios, held_out: CopyRatios, quantile: float = 0.01) -> TailTest:
    """Test whether more fakes than held-out images lie suspiciously close to the training images.

    Threshold: the held-out ratios' ``quantile`` (so that share of honest images is suspected by mistake); Fisher's
    exact one-sided test compares both counts.
    """
    return _tail_test(fake.ratio, held_out.ratio, quantile)


def outlier_test(fake: CopyRatios, held_out: CopyRatios, quantile: float = 0.01) -> TailTest:
    """Test whether more fakes than held-out images lie suspiciously far from all training images.

    Threshold: the held-out ratios' 1 − ``quantile``; else as `copy_test`.
    """
    found = _tail_test(-fake.ratio, -held_out.ratio, quantile)
    return TailTest(**{**vars(found), "threshold": -found.threshold})


def _tail_test(fake: Float64[np.ndarray, " m"], held_out: Float64[np.ndarray, " n"], quantile: float) -> TailTest:
    from scipy.stats import fisher_exact

    threshold = float(np.quantile(held_out, quantile))
    counts = [int((ratios <= threshold).sum()) for ratios in (fake, held_out)]
    sizes = [len(fake), len(held_out)]
    table = [[counts[0], sizes[0] - counts[0]], [counts[1], sizes[1] - counts[1]]]
    p_value = float(fisher_exact(table, alternative="greater").pvalue)
    return TailTest(counts[0], sizes[0], counts[1], sizes[1], threshold, p_value)
