"""The result of comparing two sets of fakes: one Difference per metric, and the verdict in words."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from gantlet.core.results.misses import Miss
from gantlet.core.results.plain import NotThere, as_frame, as_plain, shortened
from gantlet.core.visible import json_text
from gantlet.core.words import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

Better = Literal["A", "B", ""]


@dataclass(frozen=True)
class Difference:
    """One metric of A and of B, and A − B with its interval; ``better`` names the winner after Holm's correction, or ''."""

    metric: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    p_value: float
    p_holm: float
    better: Better
    paired: bool
    lower_is_better: bool
    n_a: int | None = None
    n_b: int | None = None
    """Generated images of A and of B that the metric was computed from; None where a published file does not state it."""
    notes: tuple[str, ...] = ()
    detectable: float | None = None
    """The difference that would be found with probability 80%, at this level, corrected for the number of metrics."""

    power: tuple[tuple[float, float], ...] = ()
    """(share of A's value, probability with which B is found where it differs by that share), at this level, so corrected; empty
    where shares mean nothing: A is 0 or less, or a number is the aim."""
    images_for_tenth: int | None = None
    """About how many generated images per side find a tenth of A's value with probability 80%, the spread falling as 1/√n."""
    aim: float | None = None
    """The number that counts as best, where it is neither the lowest nor the highest; A − B is then the difference of the
    distances from it."""


@dataclass(frozen=True)
class Comparison:
    """Two sets of fakes against the same real images."""

    a: str
    b: str
    real: str
    features: str
    level: float
    differences: tuple[Difference, ...]
    verdict: str
    left_out: dict[str, str]
    """Metrics that were not compared, with the reasons."""
    notes: tuple[str, ...] = ()
    """What was done to the two sets before."""
    warnings: tuple[str, ...] = ()
    """What is wrong with the sets: copies, overlaps, files that were left out."""
    primary: str = ""
    """The metric that the verdict leads with: the first one asked for that could be compared."""
    misses: dict[str, tuple[Miss, ...]] = field(default_factory=dict)
    """What A and B each miss of the real images: classes and modes."""

    def __repr__(self) -> str:
        sides = f"A {shortened(self.a)} and B {shortened(self.b)} against {shortened(self.real)}"
        return f"<Comparison of {sides}, {counted(len(self.differences), 'metric')} in {self.features}: {shortened(self.verdict, 200)}>"

    def __iter__(self) -> Iterator[Difference]:
        """Yield the differences in order."""
        return iter(self.differences)

    def __getitem__(self, metric: str) -> Difference:
        """Return one metric's difference; raises NotThere, a KeyError and a GantletError, with the names there are."""
        for difference in self.differences:
            if difference.metric == metric:
                return difference
        reason = f" ({self.left_out[metric]})" if metric in self.left_out else ""
        raise NotThere(
            f"no {metric!r} in this comparison{reason}; it has {', '.join(d.metric for d in self.differences) or 'none'}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON holds them."""
        return as_plain(self)

    def to_pandas(self) -> "DataFrame":
        """Return one row per difference; raises UsageError where pandas is not installed."""
        return as_frame(dataclasses.asdict(row) for row in self)

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw each difference with its interval around 0; return the matplotlib axes (new ones where none are given)."""
        from gantlet.core.results.plots import plot_comparison

        return plot_comparison(self, axes)

    def _repr_html_(self) -> str:
        from gantlet.core.results.cards import comparison_card

        return comparison_card(self)

    def to_json(self) -> str:
        """Return strict JSON."""
        return json_text(dataclasses.asdict(self), indent=1)
