"""Sure modes: the number of classes that the fake images hit beyond the classifier's doubt."""

import numpy as np
from jaxtyping import Float32, Int64

from gantlet.core.errors import TooFewSamples
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.modes import modes, same_modes

SURE = 0.9
"""The probability that an image's class, or each symbol of its class's name, has to exceed."""


def symbols(classes: tuple[str, ...]) -> int:
    """Return m where the classes are all m-letter words over one sorted alphabet, in order, as 000 … 999 are; else 1."""
    alphabet = sorted(set("".join(classes)))
    m = len(classes[0]) if classes else 1
    if m < 2 or len(alphabet) < 2 or len(alphabet) ** m != len(classes):
        return 1
    index = np.stack(np.unravel_index(np.arange(len(classes)), (len(alphabet),) * m), axis=1)
    return m if all(name == "".join(alphabet[i] for i in row) for name, row in zip(classes, index, strict=True)) else 1


def sure_class(probabilities: Float32[np.ndarray, "n k"], m: int) -> Int64[np.ndarray, " n"]:
    """Return the class of each image of which the classifier is sure, and −1 for the others.

    k = b^m classes are words of m symbols: sure means that the most probable symbol of each place has p > 0.9, p by the
    sum over the other places. m = 1: the most probable class has.
    """
    n, k = probabilities.shape
    b = round(k ** (1 / m))
    whole = probabilities.astype(np.float64).reshape((n,) + (b,) * m)
    places = [whole.sum(axis=tuple(axis for axis in range(1, m + 1) if axis != place + 1)) for place in range(m)]
    sure = np.all([place.max(axis=1) > SURE for place in places], axis=0)
    index = np.ravel_multi_index([place.argmax(axis=1) for place in places], (b,) * m)
    return np.where(sure, index, -1)


@METRICS.register(
    "sure_modes",
    source="Metz et al. 2017, arXiv:1611.02163 (the count; that only sure images count is ours)",
    needs=("probabilities",),
    unit="classes",
    lower_is_better=False,
    margin=0.1,
    version=2,
    unpaired="a count of modes has no influence function",
    no_difference=same_modes,
)
def estimate(evidence: Evidence) -> Measurement:
    """Number of classes that at least one fake image is surely classified as: with p > 0.9.

    #{j : some fake x has p(j|x) = max_y p(y|x) > 0.9}. Where classes are words of m symbols (stacked MNIST's 000 … 999), each symbol's
    p has to be above 0.9, p of a symbol being the sum over the other places. ``details`` hold the counts of sure fake and real
    images of each class, and the ``share`` of sure images of each side. It stands beside `modes`, which counts whatever
    class is the most probable one, so that blobs find modes too.

    Interval: that of `modes`: how many classes a new draw of as many fakes would surely hit, those that this draw missed included.

    When it lies: a classifier can be sure of what is no image of its classes, and one sure image counts as a class found. An
    overconfident classifier, or one that is sure of few real images (see the real side's share), moves the bar.

    Source: Metz et al. 2017, arXiv:1611.02163, Sec. 3.3 (the count; that only sure images count is ours).
    """
    if evidence.fake.n == 0:
        raise TooFewSamples("sure_modes needs 1 fake sample; got 0. Give more images")
    sides = {"fake": evidence.fake, "real": evidence.real}
    details: dict[str, object] = {}
    counts: dict[str, Int64[np.ndarray, " k"]] = {}
    for side, bank in sides.items():
        assert bank.probabilities is not None  # the need
        k = bank.probabilities.shape[1]
        found = sure_class(bank.probabilities, symbols(evidence.classes) if len(evidence.classes) == k else 1)
        counts[side] = np.bincount(found[found >= 0], minlength=k)
        details |= {side: counts[side].tolist(), f"{side}_share": float((found >= 0).mean()) if bank.n else 0.0}
    hit, low, high = modes(counts["fake"], evidence.level)
    note = f"sure of {details['fake_share']:.1%} of fake and {details['real_share']:.1%} of real images"
    return Measurement(float(hit), ("delta", low, high), evidence.rows, details=details, notes=(note,))
