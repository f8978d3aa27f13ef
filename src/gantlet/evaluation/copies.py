"""Copies and outliers: how close a fake lies to its nearest training image, measured against unseen real images."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from gantlet.core.rng import numpy_stream
from gantlet.evaluation.inference.holm import ALPHA
from gantlet.evaluation.stats.extremes import at_one_depth, detectable, extremes_test
from gantlet.evaluation.stats.neighbours import Nearest, neighbours

CLOSE, MOST = 0.25, 0.9
"""The ratio of features below which an image counts as a close copy. In pixels copies of training images are made, and the ratio below
which this share of the worst kind of them lies is taken."""
APART = 0.5
"""The ratio of pixels from which on images are no copies and are not told apart: blurred pictures of their own have lower
ratios than sharp ones, but few below it."""
AGREE = 0.02
"""The p-value below which held-out and training images are taken to lie differently close to the training images."""


@dataclass(frozen=True)
class CopyRatios:
    """For m queries: ratio [m], distance [m] to the nearest training row, and that row's index [m].

    ``own`` [h]: the ratios of about half of the training rows, each against the others.
    """

    ratio: Float64[np.ndarray, " m"]
    distance: Float64[np.ndarray, " m"]
    nearest: Int64[np.ndarray, " m"]
    own: Float64[np.ndarray, " h"]


@dataclass(frozen=True)
class Closeness:
    """How close images lie to the training images in one space (features or pixels): ratios that are low for copies.

    ``fake`` [n]; ``held_out`` [m]: of real images that the generator has not seen; ``own`` [h]: of training images, each
    against the others, as independent as `thinned` leaves them; ``planted`` [k, p]: of p copies of training images of each of k kinds,
    made for this test; empty where none could be made; ``draws`` [n]: which fakes are tested, None: all.
    """

    space: Literal["features", "pixels"]
    fake: Float64[np.ndarray, " n"]
    held_out: Float64[np.ndarray, " m"]
    own: Float64[np.ndarray, " h"]
    planted: Float64[np.ndarray, "k p"] = field(default_factory=lambda: np.zeros((0, 0)))
    draws: Bool[np.ndarray, " n"] | None = None

    @property
    def tested(self) -> Float64[np.ndarray, " k"]:
        """Return the ratios of the fakes that are one draw each (`evaluation.stats.draws`); a picture that is repeated counts once."""
        return self.fake if self.draws is None else self.fake[self.draws]

    @property
    def close(self) -> float:
        """Return the ratio below which close copies lie."""
        return float(np.quantile(self.planted, MOST, axis=1).max()) if self.planted.size else CLOSE

    @property
    def capped(self) -> "Closeness":
        """Return the ratios with those of pixels that are no copies made equal: ties count for the honest images."""
        if self.space == "features":
            return self
        fake, held_out, own, planted = (
            np.minimum(r, APART) for r in (self.fake, self.held_out, self.own, self.planted)
        )
        return Closeness(self.space, fake, held_out, own, planted, self.draws)


@dataclass(frozen=True)
class TailTest:
    """``suspicious`` of ``n_fake`` fakes lie beyond ``threshold``; p_value of so many by chance.

    ``held_out_suspicious`` of ``n_held_out`` honest images do: the false-alarm rate. Of a test of copies also: ``space``,
    in which the evidence is strongest; ``n_training``: how many training images stood beside the held-out ones;
    ``thresholds``: how many were tried, in all spaces (p_value is corrected for them); ``unseen``: the least share of
    close copies among the fakes that the test finds with a power of 0.9; None: not even copies alone would be found;
    ``pixels``: pixels were compared too, so that shifted and compressed copies are close; ``closer``: the chance that so many fakes lie
    below the held-out images' own ``threshold``, be they near enough for copies or not; ``pictures``:
    how many different pictures the suspicious ones are versions of, ``tested``: all fakes (None: not looked at).
    """

    suspicious: int
    n_fake: int
    held_out_suspicious: int
    n_held_out: int
    threshold: float
    p_value: float
    space: Literal["features", "pixels"] = "features"
    n_training: int = 0
    thresholds: int = 1
    unseen: float | None = None
    pixels: bool = False
    closer: float = 1.0
    pictures: int | None = None
    tested: int | None = None

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
    against the median of the training rows' nearest distances. For a training row q, t' is another row than q.
    """
    k = min(2, len(train) - 1, len(query) - 1)
    facts = neighbours(train, query, k=max(k, 1), memory=memory)
    own = facts.real.distances[:, 0]
    typical = float(np.median(own[own > 0])) if (own > 0).any() else 1.0
    scale = np.where(own > 0, own, typical)
    nearest, distance = facts.fake_to_real.indices[:, 0], facts.fake_to_real.distances[:, 0]
    return CopyRatios(distance / scale[nearest], distance, nearest, _own_ratios(facts.real, typical))


def _own_ratios(real: Nearest, typical: float) -> Float64[np.ndarray, " h"]:
    """Return d(q, t) / d(t, t') of training rows q, with t and t' from the others; none where no second is known."""
    if real.distances.shape[1] < 2:
        return np.zeros(0)
    nearest, rows = real.indices[:, 0], np.arange(len(real.indices))
    other = np.where(real.indices[nearest, 0] == rows, real.distances[nearest, 1], real.distances[nearest, 0])
    ratio = real.distances[:, 0] / np.where(other > 0, other, typical)
    return ratio[thinned(rows, nearest)]


def thinned(rows: Int64[np.ndarray, " m"], nearest: Int64[np.ndarray, " m"]) -> Bool[np.ndarray, " m"]:
    """Return which training rows to keep so that of two rows nearest to each other one is left, and half of all others.

    Row i stays where it comes before its nearest row in a random order: two near duplicates, which would both be close
    and count as two independent facts, are one, and its chance to stay is 1/2 as every row's is.
    """
    order = numpy_stream(0, "copies").permutation(1 + int(max(rows.max(initial=0), nearest.max(initial=0))))
    return order[rows] < order[nearest]


def copy_test(*spaces: Closeness, quantile: float = 0.01) -> TailTest:
    """Test whether fakes lie closer to the training images than held-out images do, at several thresholds at once.

    In each space the number of fakes below the 1st, 2nd, 3rd, 4th, 6th, 9th, … lowest ratio of the honest images is
    compared with chance (`extremes_test`; its p-value is exact where fakes and held-out images are exchangeable), and the
    least p-value is multiplied by the number of spaces. Honest images are the held-out ones and, where these lie as close
    to the training images as training images do to each other, training images too: the fewer honest images, the more
    copies go unseen. Where nothing is found, the threshold is the held-out ratios' ``quantile``.
    """
    nulls = [_honest(each.capped) for each in spaces]
    found = [extremes_test(each.capped.tested, null) for each, null in zip(spaces, nulls, strict=True)]
    best = int(np.argmin([one.p_value for one in found]))
    each, null, one = spaces[best], nulls[best], found[best]
    p_value = min(1.0, len(spaces) * one.p_value)
    counts = [int((ratios < one.threshold).sum()) for ratios in (each.fake, each.held_out)]
    if p_value >= ALPHA or counts[0] * len(each.held_out) <= counts[1] * len(each.fake):
        one_depth = at_one_depth(each.tested, each.held_out, max(1, round(quantile * len(each.held_out))))
        threshold, p_value, closer = one_depth.threshold, max(p_value, ALPHA), one_depth.p_value
        counts = [int((each.fake < threshold).sum()), int((each.held_out <= threshold).sum())]
    else:
        threshold, closer = one.threshold, p_value
    least = _least_share(spaces[-1].capped, nulls[-1], ALPHA / len(spaces))
    return TailTest(
        counts[0], len(each.fake), counts[1], len(each.held_out), threshold, p_value, each.space,
        n_training=len(null) - len(each.held_out),
        thresholds=sum(len(tried.depths) for tried in found),
        unseen=least,
        pixels=any(each.space == "pixels" for each in spaces),
        closer=closer,
        pictures=int((each.tested < threshold).sum()),
        tested=len(each.tested),
    )  # fmt: skip


def _least_share(each: Closeness, null: Float64[np.ndarray, " k"], level: float) -> float | None:
    """Return the least share of close copies that the test finds with a power of 0.9; None where not even copies alone."""
    n = len(each.tested)
    least = detectable(n, len(null), level, spoiled=int((null <= each.close).sum()))
    needed = None if least is None else int(np.ceil(least / MOST)) if each.planted.size else least
    return None if needed is None or needed > n else needed / n


def _honest(each: Closeness) -> Float64[np.ndarray, " k"]:
    """Return the held-out ratios, and the training images' own with them where the two agree at the lower end."""
    if not len(each.own):
        return each.held_out
    apart = min(extremes_test(each.held_out, each.own).p_value, extremes_test(each.own, each.held_out).p_value)
    return each.held_out if apart < AGREE else np.concatenate([each.held_out, each.own])


def outlier_test(
    fake: CopyRatios, held_out: CopyRatios, draws: Bool[np.ndarray, " m"] | None = None, quantile: float = 0.01
) -> TailTest:
    """Test whether more fakes than held-out images lie suspiciously far from all training images.

    The fakes beyond the j-th highest ratio of the m held-out images, j = ``quantile``·m, against chance: exact where both are
    exchangeable, the threshold being one of the images drawn. ``draws``: the fakes that are tested, None: all.
    """
    tested = fake.ratio if draws is None else fake.ratio[draws]
    one = at_one_depth(-tested, -held_out.ratio, max(1, round(quantile * len(held_out.ratio))))
    far, beyond = int((fake.ratio > -one.threshold).sum()), int((held_out.ratio >= -one.threshold).sum())
    return TailTest(far, len(fake.ratio), beyond, len(held_out.ratio), -one.threshold, one.p_value)
