"""How far a metric worsens under each planted failure, in standard deviations of its own spread on null sets."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gantlet.core.interfaces.metadata import MetricMetadata
from gantlet.core.registry import Entry
from gantlet.core.results.estimate import is_share
from gantlet.evaluation.audit.plan import Pair, Plan
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.feature_bank import FeatureBank

Rows = np.ndarray
Step = Callable[[], None]


@dataclass
class Auditor:
    """One plan in one feature space; ``bank`` holds the features of the plan's rows, ``metrics`` the names to audit.

    Metrics that are undefined here are listed in ``left_out`` with the reason.
    """

    plan: Plan
    bank: FeatureBank
    metrics: list[str]
    classes: tuple[str, ...] = ()
    step: Step = lambda: None
    left_out: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def z(self) -> dict[str, dict[str, list[float]]]:
        """Return by metric and failure how far each strength worsens the metric, in its own standard deviations.

        z = (b(real, fake) − mean of b over null pairs) / sd over null pairs, where b is the value, signed so that more is worse.
        For copies: |b(training, fake) − b(held-out, fake)| / (√2 sd): whether the metric detects overfitting.
        """
        null, spread = self.null(self.plan.null_pairs)
        scores: dict[str, dict[str, list[float]]] = {name: {} for name in null}
        for failure, sets in self.plan.fakes.items():
            for fake in sets:
                gap = self._overfitting(fake) if failure == "copies" else self._worsening(fake, null)
                for name, value in gap.items():
                    if name in null:
                        scores[name].setdefault(failure, []).append(value / spread[name])
        return {name: by_failure for name, by_failure in scores.items() if name not in self.left_out}

    def null(self, pairs: Sequence[Pair]) -> tuple[dict[str, np.ndarray], dict[str, float]]:
        """Return each metric's values on null pairs [pairs], and their standard deviation."""
        rows = [self.worse(*pair) for pair in pairs]
        null = {name: np.array([row[name] for row in rows]) for name in rows[0] if name not in self.left_out}
        return null, {name: _spread(METRICS.entry(name), row, len(pairs[0][0])) for name, row in null.items()}

    def _worsening(self, fake: Rows, null: Mapping[str, np.ndarray]) -> dict[str, float]:
        pool = self.plan.pool
        worse = self.worse(pool.real, fake)
        return {name: value - float(null[name].mean()) for name, value in worse.items() if name in null}

    def _overfitting(self, fake: Rows) -> dict[str, float]:
        pool = self.plan.pool
        training, unseen = (self.worse(rows, fake) for rows in (pool.real, pool.held_out))
        return {name: abs(training[name] - unseen[name]) / 2**0.5 for name in training if name in unseen}

    def worse(self, real: Rows, fake: Rows) -> dict[str, float]:
        """Return each metric for one pair, signed so that more is worse; the real set counts as the training set."""
        real_bank = self.bank.take(real)
        evidence = Evidence(
            real_bank,
            self.bank.take(fake),
            classes=self.classes,
            train=real_bank,
            test=self.bank.take(self.plan.pool.other),
        )
        values: dict[str, float] = {}
        for name in [name for name in self.metrics if name not in self.left_out]:
            started = time.perf_counter()
            (estimate,) = compute(evidence, [name])
            if estimate.value is None:
                self.left_out[name] = "; ".join(estimate.notes)
                continue
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
            values[name] = estimate.value if estimate.lower_is_better else -estimate.value
        self.step()
        return values

    @property
    def steps(self) -> int:
        """Return the number of calls of ``step``."""
        sets = {failure: len(fakes) for failure, fakes in self.plan.fakes.items()}
        return len(self.plan.null_pairs) + sum(sets.values()) + sets.get("copies", 0)


def _spread(entry: Entry[MetricMetadata], null: np.ndarray, n: int) -> float:
    """Return the standard deviation of null values; for a share at least 1/n, because ties have no spread."""
    share = is_share(entry.meta.unit)
    floor = 1 / n if share else 1e-6 * max(1.0, float(np.abs(null).max()))
    return max(float(null.std(ddof=1)), floor)
