"""The Fréchet distance class by class: what a collapse inside a class hides from the whole."""

import numpy as np
from jaxtyping import Int64

from gantlet.core.errors import TooFewSamples
from gantlet.core.words import counted
from gantlet.evaluation.class_differences import differences
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import NO_BOUNDS, Measurement, Undefined
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.gaussian import potentials

FEWEST = 10
"""Images of a class and side below which the potentials' variance is too small."""


def class_distance(real: FeatureBank, fake: FeatureBank) -> tuple[float, float]:
    """Return the Fréchet distance of two sets and the variance of its estimate; raises TooFewSamples (n < 2)."""
    value = frechet_distance(real.moments, fake.moments)
    return value, potentials(real.features, fake.features, real.moments, fake.moments).variance


def shared_classes(real: Int64[np.ndarray, " n"], fake: Int64[np.ndarray, " m"]) -> Int64[np.ndarray, " k"]:
    """Return the classes that both sides show.

    Raises: Undefined where there is none; TooFewSamples where one has a single image on a side.
    """
    classes = np.intersect1d(real, fake)
    if not len(classes):
        raise Undefined("no class has both real and generated images; give fakes of the real images' classes")
    thin = [int(c) for c in classes if min((real == c).sum(), (fake == c).sum()) < 2]
    if thin:
        raise TooFewSamples(
            f"intra_class_frechet needs 2 samples per class and side; classes {', '.join(map(str, thin[:10]))} have "
            "fewer. Give more images of them"
        )
    return classes


def influence(evidence: Evidence) -> Influence:
    """Return the potential of a row's class times n/(n_c·k), 0 where its class is not shared: class means have variance in k rows."""
    banks = evidence.real, evidence.fake
    labels = [bank.labels for bank in banks]
    assert labels[0] is not None and labels[1] is not None
    classes = shared_classes(labels[0], labels[1])
    found = [np.zeros(bank.n) for bank in banks]
    for c in classes:
        rows = [np.flatnonzero(side == c) for side in labels]
        real, fake = (bank.take(part) for bank, part in zip(banks, rows, strict=True))
        psi = potentials(real.features, fake.features, real.moments, fake.moments)
        for values, part, of_class in zip(found, rows, (psi.real, psi.fake), strict=True):
            values[part] = of_class * len(values) / (len(part) * len(classes))
    return Influence(*found)


@METRICS.register(
    "intra_class_frechet",
    source="Miyato & Koyama 2018, arXiv:1802.05637",
    needs=("labels",),
    unit="squared feature units",
    lower_is_better=True,
    version=3,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Intra-class Fréchet distance: the mean over classes of the distance between real and fake images of the class.

    Mean over classes c of FD(real of class c, fakes made for class c), each class with the same weight. ``details``:
    the distance of each class. Classes are matched by name; those that one side alone shows are left out, which a note
    says.

    Interval: delta: each class's potentials give its variance; classes are independent. Near the null it is too wide. None
    where a class has fewer than 10 images on a side: then it is too narrow.

    When it lies: each class has few images, so the bias c/n is larger than for the whole: never compare with it or at
    other n per class. It trusts the labels that the fakes were made for, and so mixes wrong classes with bad images.

    Source: Miyato & Koyama 2018, arXiv:1802.05637, Sec. 4.
    """
    real, fake = evidence.real, evidence.fake
    assert real.labels is not None
    assert fake.labels is not None
    classes = shared_classes(real.labels, fake.labels)
    by_class = [
        class_distance(*(bank.take(np.flatnonzero(bank.labels == c)) for bank in (real, fake))) for c in classes
    ]
    value = float(np.mean([distance for distance, _ in by_class]))
    variance = float(sum(variance for _, variance in by_class)) / len(classes) ** 2
    least = min(int((labels == c).sum()) for labels in (real.labels, fake.labels) for c in classes)
    notes: tuple[str, ...] = ()
    if least <= real.dim:
        notes += (f"n = {least} a class ≤ d = {real.dim}: singular covariances; the bias is large",)
    known = evidence.label_names or evidence.classes

    def named(indices: Int64[np.ndarray, " k"]) -> list[str]:
        return [known[c] if c < len(known) else str(c) for c in indices]

    notes += differences(*(named(np.setdiff1d(labels, classes)) for labels in (real.labels, fake.labels)))
    names = named(classes)
    details = {"by_class": {name: distance for name, (distance, _) in zip(names, by_class, strict=True)}}
    if least < FEWEST:
        notes += (f"no interval: a class has {counted(least, 'image')} on one side; it takes {FEWEST}",)
        return Measurement(value, NO_BOUNDS, evidence.rows, details=details, notes=notes)
    low, high = normal(value, variance, evidence.level)
    return Measurement(value, ("delta", max(low, 0.0), high), evidence.rows, details=details, notes=notes)
