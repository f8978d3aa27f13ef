"""Result of an audit: for each metric, feature space and failure, the strength from which the failure is detected."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gantlet.core.results.plain import NotThere, as_frame, as_plain, shortened
from gantlet.core.visible import json_text
from gantlet.core.words import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

DETECTED = 3.0
"""A failure is detected where the metric worsens by this many standard deviations of its own spread on null sets."""


@dataclass(frozen=True)
class Planted:
    """One planted failure: its name, its title, the unit of its strengths, and whether a metric should tolerate it."""

    name: str
    title: str
    unit: str
    strengths: tuple[float, ...]
    harmless: bool = False


@dataclass(frozen=True)
class Curve:
    """One metric in one space under one failure: ``z`` [seeds][strengths], in the metric's own standard deviations."""

    space: str
    metric: str
    failure: str
    z: tuple[tuple[float, ...], ...]

    @property
    def mean(self) -> tuple[float, ...]:
        """Return z at each strength, averaged over the seeds."""
        return tuple(float(value) for value in np.mean(self.z, axis=0))

    @property
    def detected(self) -> float:
        """Return the share of seeds and strengths at which the failure is detected."""
        return float(np.mean(np.asarray(self.z) >= DETECTED))

    def weakest(self, strengths: tuple[float, ...]) -> float | None:
        """Return the weakest strength from which the failure is always detected (by the mean z); None if it is missed."""
        missed = [index for index, value in enumerate(self.mean) if value < DETECTED]
        first = missed[-1] + 1 if missed else 0
        return strengths[first] if first < len(strengths) else None


@dataclass(frozen=True)
class AuditResult:
    """Which metric detects which planted failure, in which feature space. ``spaces`` are the extractors' identities;
    ``left_out`` maps ``space: metric`` to the reason; ``figures`` are PNG files beside audit.json.
    """

    data: str
    n: int
    seeds: tuple[int, ...]
    spaces: dict[str, dict[str, str]]
    failures: tuple[Planted, ...]
    curves: tuple[Curve, ...]
    left_out: dict[str, str]
    verdict: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    seconds: float = 0.0
    schema: int = 1

    def curve(self, space: str, metric: str, failure: str) -> Curve:
        """Return one curve; raises NotThere, a KeyError and a GantletError."""
        for curve in self.curves:
            if (curve.space, curve.metric, curve.failure) == (space, metric, failure):
                return curve
        raise NotThere(f"no curve of {metric!r} under {failure!r} in {space!r}")

    def metrics(self, space: str) -> list[str]:
        """Return the metrics that were audited in one space, in order."""
        return list(dict.fromkeys(curve.metric for curve in self.curves if curve.space == space))

    def __repr__(self) -> str:
        first = self.verdict[0] if self.verdict else "no verdict"
        return f"<AuditResult on {shortened(self.data)}, {counted(self.n, 'image')} per side, in {', '.join(self.spaces)}: {shortened(first, 200)}>"

    def __iter__(self) -> Iterator[Curve]:
        """Yield the curves in order."""
        return iter(self.curves)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON holds them."""
        return as_plain(self)

    def to_pandas(self) -> "DataFrame":
        """Return one row per metric, failure, strength and seed; raises UsageError where pandas is not installed."""
        strengths = {failure.name: failure.strengths for failure in self.failures}
        return as_frame(
            {
                "space": curve.space,
                "metric": curve.metric,
                "failure": curve.failure,
                "strength": strength,
                "seed": seed,
                "z": z,
            }
            for curve in self.curves
            for seed, row in zip(self.seeds, curve.z, strict=True)
            for strength, z in zip(strengths[curve.failure], row, strict=True)
        )

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw which share of seeds and strengths of each failure (columns) each metric (rows) detects; return the axes."""
        from gantlet.core.results.plots import plot_audit

        return plot_audit(self, axes)

    def _repr_html_(self) -> str:
        from gantlet.core.results.cards import audit_card

        return audit_card(self)

    def to_json(self) -> str:
        """Return strict JSON: non-finite numbers are an error, not NaN."""
        return json_text(dataclasses.asdict(self), indent=1)
