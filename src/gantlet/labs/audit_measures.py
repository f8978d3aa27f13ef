"""The metrics of the audit as plain numbers, signed so that more is worse, and the curves of one metric in one space."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gantlet.labs.audit_failures import STRENGTHS, Plan
from gantlet.metrics.coverage import coverage
from gantlet.metrics.frechet_distance import frechet_distance
from gantlet.metrics.inception_score import log_inception_score
from gantlet.metrics.mmd_rbf import mmd_rbf
from gantlet.metrics.mode_score import log_mode_score
from gantlet.metrics.one_nn_accuracy import one_nn_accuracy
from gantlet.metrics.wasserstein_exact import wasserstein_exact
from gantlet.stats.feature_bank import FeatureBank
from gantlet.stats.neighbours import neighbours
from gantlet.stats.probabilities import ClassProbabilities

SEEN = 3.0
"""A failure is seen where the metric worsens by this many standard deviations of its own spread on honest sets."""
HARMLESS = 0.1
"""A shift is tolerated where the metric worsens by at most this share of what pure noise does to it."""


@dataclass(frozen=True)
class Measure:
    """One metric: its short name, whether more is better, whether it needs class probabilities, its value, and whether
    that is a share of the images, so that one image more or less changes it by 1/n.
    """

    name: str
    higher_is_better: bool
    probabilities: bool
    value: Callable[[FeatureBank, FeatureBank], float]
    share: bool = False

    def badness(self, real: FeatureBank, fake: FeatureBank) -> float:
        """Return the value, signed so that more is worse."""
        return -self.value(real, fake) if self.higher_is_better else self.value(real, fake)


def _classes(bank: FeatureBank) -> ClassProbabilities:
    assert bank.probabilities is not None  # Measure.probabilities
    return ClassProbabilities.of(bank.probabilities)


def _one_nn(real: FeatureBank, fake: FeatureBank) -> float:
    return one_nn_accuracy(neighbours(real.features, fake.features, k=1)).pooled


def _coverage(real: FeatureBank, fake: FeatureBank) -> float:
    return coverage(neighbours(real.features, fake.features).fakes_in_ball)


MEASURES = (
    Measure("IS", True, True, lambda _, fake: float(np.exp(log_inception_score(_classes(fake))[0]))),
    Measure(
        "Mode Score", True, True, lambda real, fake: float(np.exp(log_mode_score(_classes(real), _classes(fake))[0]))
    ),
    Measure("MMD", False, False, lambda real, fake: mmd_rbf(real.features, fake.features)[0]),
    Measure("Wasserstein", False, False, lambda real, fake: wasserstein_exact(real.features, fake.features)[0]),
    Measure("FD", False, False, lambda real, fake: frechet_distance(real.moments, fake.moments)),
    Measure("1-NN", False, False, _one_nn, share=True),
    Measure("coverage", True, False, _coverage, share=True),
)


@dataclass(frozen=True)
class Curves:
    """One metric in one space at one seed. ``z``: how far each failure worsens it, in its own standard deviations, by
    test and strength; ``shift``: how far each shift does, as a share of pure noise; ``seconds`` at each size.
    """

    z: dict[str, list[float]]
    shift: list[float]
    noise_is_worse: bool
    seconds: list[float]

    def scores(self) -> dict[str, float]:
        """Return, by desideratum, the share of strengths (or sizes) at which the metric does what it should, in [0, 1]."""
        found = {test: float(np.mean([value >= SEEN for value in values])) for test, values in self.z.items()}
        tolerated = [self.noise_is_worse and value <= HARMLESS for value in self.shift]
        return {**found, "shift": float(np.mean(tolerated))}


def sizes(n: int) -> list[int]:
    """Return the sample sizes of the efficiency and speed tests, up to n."""
    return [*(size for size in (10, 20, 50, 100, 200, 500, 1000) if size < n), n]


def curves(measure: Measure, bank: FeatureBank, plan: Plan) -> Curves:
    """Return all curves of one metric; ``bank`` holds the features of all images, then of the plan's extra ones."""

    def bad(real: np.ndarray, fake: np.ndarray) -> float:
        return measure.badness(bank.take(real), bank.take(fake))

    null = np.array([bad(a, b) for a, b in plan.nulls])
    spread = _spread(measure, null, len(plan.real))
    found = {
        test: [(bad(plan.real, fake) - null.mean()) / spread for fake in plan.fakes[test]]
        for test in ("mixing", "collapse", "dropping")
    }
    gaps = [bad(plan.held_out, fake) - bad(plan.real, fake) for fake in plan.fakes["overfitting"]]
    found["overfitting"] = [gap / (spread * 2**0.5) for gap in gaps]
    found["samples"], seconds = [], []
    for size in sizes(len(plan.real)):
        started = time.perf_counter()
        fewer = np.array([bad(a[:size], b[:size]) for a, b in plan.nulls])
        seconds.append((time.perf_counter() - started) / len(plan.nulls))
        found["samples"].append(
            (bad(plan.real[:size], plan.mixed[:size]) - fewer.mean()) / _spread(measure, fewer, size)
        )
    worst = bad(plan.real, plan.fakes["mixing"][-1]) - null.mean()
    change = [bad(plan.real, fake) - null.mean() for fake in plan.fakes["shift"]]
    scale = max(abs(worst), spread)
    return Curves(found, [value / scale for value in change], bool(worst > SEEN * spread), seconds)


def _spread(measure: Measure, null: np.ndarray, size: int) -> float:
    """Return the standard deviation of honest values; a share's is at least one image's worth, for ties have none."""
    floor = 1 / size if measure.share else 1e-6 * max(1.0, float(np.abs(null).max()))
    return max(float(null.std(ddof=1)), floor)


def strengths(test: str, n: int) -> list[float]:
    """Return the horizontal axis of one test."""
    return [float(size) for size in sizes(n)] if test in ("samples", "speed") else list(STRENGTHS[test])
