"""The metric audit beyond planted failures: how few samples a metric needs, and its scores by desideratum."""

from dataclasses import dataclass

import numpy as np

from gantlet.core.results.audit import DETECTED
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.audit.measure import Auditor

TESTS = ("mixing", "collapse", "dropping", "shift", "copies")
"""The planted failures of Xu et al.'s desiderata, in the order of their sections."""
DESIDERATA = ("mixing", "collapse", "dropping", "shift", "samples", "copies")
HARMLESS = 0.1
"""A shift is tolerated where the metric worsens by at most this share of its worsening under pure noise."""
NOISE_SHARE = 0.25
"""The share of noise that the sample-efficiency test has to detect."""


@dataclass(frozen=True)
class Curves:
    """One metric in one space at one seed. ``z``: how far each test worsens it, in its own standard deviations, at each
    strength (``samples``: at each size); ``seconds`` for one pair of sets at each size.
    """

    z: dict[str, list[float]]
    seconds: list[float]

    @property
    def shift(self) -> list[float]:
        """Return how far each shift worsens the metric, as a share of pure noise."""
        scale = max(abs(self.z["mixing"][-1]), 1.0)
        return [value / scale for value in self.z["shift"]]

    def scores(self) -> dict[str, float]:
        """Return, by desideratum, the share of strengths (or sizes) at which the metric behaves as it should, in [0, 1]."""
        scores = {test: float(np.mean([value >= DETECTED for value in self.z[test]])) for test in DESIDERATA}
        noise_is_worse = self.z["mixing"][-1] > DETECTED
        scores["shift"] = float(np.mean([noise_is_worse and value <= HARMLESS for value in self.shift]))
        return scores


def sizes(n: int) -> list[int]:
    """Return the sample sizes of the efficiency and speed tests, up to n."""
    return [*(size for size in (10, 20, 50, 100, 200, 500, 1000) if size < n), n]


def curves(auditor: Auditor, seed: int) -> dict[str, Curves]:
    """Return the curves of every metric that is defined in this space."""
    planted = auditor.z()
    samples, seconds = _efficiency(auditor, seed)
    return {name: Curves({**z, "samples": samples[name]}, seconds[name]) for name, z in planted.items()}


def _efficiency(auditor: Auditor, seed: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return, per metric, how far a quarter of noise worsens it at each size (0 where it needs more samples), and seconds."""
    pool = auditor.plan.pool
    unreal = auditor.plan.fakes["mixing"][-1]
    noisy = round(NOISE_SHARE * pool.n)
    mixed = numpy_stream(seed, "mixed").permutation(np.concatenate([unreal[:noisy], pool.fresh[noisy:]]))
    samples: dict[str, list[float]] = {name: [] for name in auditor.metrics}
    seconds: dict[str, list[float]] = {name: [] for name in auditor.metrics}
    for size in sizes(pool.n):
        fewer = Auditor(auditor.plan, auditor.bank, auditor.metrics, auditor.classes)
        null, spread = fewer.null([(a[:size], b[:size]) for a, b in auditor.plan.null_pairs])
        values = fewer.worse(pool.real[:size], mixed[:size])
        for name in auditor.metrics:
            defined = name in null and name in values
            samples[name].append((values[name] - float(null[name].mean())) / spread[name] if defined else 0.0)
            seconds[name].append(fewer.seconds.get(name, 0.0) / (len(auditor.plan.null_pairs) + 1))
    return samples, seconds


def strengths(test: str, n: int, planted: dict[str, tuple[float, ...]]) -> list[float]:
    """Return the horizontal axis of one test."""
    return [float(size) for size in sizes(n)] if test in ("samples", "speed") else list(planted[test])
