"""Results about a method: numbers over several of its runs, and the comparison of two methods."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gantlet.core.results.comparison import Better
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.marks import split_verdict
from gantlet.core.results.plain import NotThere, as_frame, as_plain, shortened
from gantlet.core.visible import json_text
from gantlet.core.words import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame


@dataclass(frozen=True)
class Split:
    """Where the variance of one run's number comes from: training (another seed), sampling (its own images), the real images.

    Squared units of the number. ``training`` is estimated without bias and may come out below 0, as chance has it.
    """

    training: float
    sampling: float
    reference: float

    @property
    def shares(self) -> tuple[float, float, float]:
        """Return training, sampling and real images as shares of their sum, a training below 0 taken as 0."""
        parts = (max(0.0, self.training), self.sampling, self.reference)
        total = sum(parts)
        return (0.0, 0.0, 0.0) if total == 0 else (parts[0] / total, parts[1] / total, parts[2] / total)


@dataclass(frozen=True)
class RunsEstimate:
    """One metric of a method: ``estimate``, the mean over runs with its interval; ``runs``, each run's own.

    ``new_low`` … ``new_high``: where one more run's number would lie, at the same level, measured alike against the same real images.
    ``split`` is None where the metric's error has no known parts; the interval is then about these real images.
    """

    estimate: Estimate
    runs: tuple[Estimate, ...]
    new_low: float
    new_high: float
    split: Split | None = None

    @property
    def title(self) -> str:
        """Return the metric, and its feature space where there are several."""
        return self.estimate.title


@dataclass(frozen=True)
class RunsReport:
    """Several runs of one method against the same real images: a result for the method, not for a checkpoint."""

    runs: tuple[str, ...]
    real: str
    features: str
    level: float
    estimates: tuple[RunsEstimate, ...]
    verdict: tuple[str, ...]
    left_out: dict[str, str]
    """Metrics without a number over runs, with the reasons."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    """Folders of the runs' own reports, relative to this one."""
    digests: tuple[str, ...] = ()
    """SHA-256 of each run's generated images."""

    def __repr__(self) -> str:
        first = split_verdict(self.verdict[0])[1] if self.verdict else "no verdict"
        return (
            f"<RunsReport on {counted(len(self.runs), 'run')} against {shortened(self.real)}, {counted(len(self.estimates), 'metric')} in "
            f"{self.features}: {shortened(first, 200)}>"
        )

    def __iter__(self) -> Iterator[RunsEstimate]:
        """Yield the estimates in order."""
        return iter(self.estimates)

    def __getitem__(self, metric: str) -> RunsEstimate:
        """Return one metric's estimate; raises NotThere, a KeyError and a GantletError, with the names there are."""
        for found in self.estimates:
            if metric in (found.estimate.metric, found.title):
                return found
        reason = f" ({self.left_out[metric]})" if metric in self.left_out else ""
        raise NotThere(f"no {metric!r} over these runs{reason}; there is {', '.join(e.title for e in self.estimates)}")

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON holds them."""
        return as_plain(self)

    def to_pandas(self) -> "DataFrame":
        """Return one row per metric and run; raises UsageError where pandas is not installed."""
        return as_frame(
            {"run": run, **dataclasses.asdict(each)}
            for found in self
            for run, each in zip(self.runs, found.runs, strict=True)
        )

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the mean over runs of every metric with its interval, each on its own scale; return the matplotlib axes (new ones where none are given)."""
        from gantlet.core.results.plots import plot_runs

        return plot_runs(self, axes)

    def _repr_html_(self) -> str:
        from gantlet.core.results.cards_of_many import runs_card

        return runs_card(self)

    def to_json(self) -> str:
        """Return strict JSON."""
        return json_text(dataclasses.asdict(self), indent=1)


@dataclass(frozen=True)
class MethodDifference:
    """One metric of two methods: mean over A's runs less mean over B's, with its interval; ``better``: the winner after Holm's correction, or ''.

    ``detectable``: the difference that as many runs find with probability 80%, None where no run differs from another;
    ``runs_for_tenth``: how many runs per side would find a tenth of A's mean so; None where 1,000 would not, or where a tenth means nothing.
    """

    metric: str
    a: RunsEstimate
    b: RunsEstimate
    difference: float
    low: float
    high: float
    p_value: float
    p_holm: float
    better: Better
    lower_is_better: bool
    detectable: float | None
    runs_for_this: int | None = None
    """How many runs per side would find a difference as large as the one that was seen with probability 80%."""
    runs_for_tenth: int | None = None
    aim: float | None = None


@dataclass(frozen=True)
class RunsComparison:
    """Two methods, each by several runs, against the same real images."""

    a: tuple[str, ...]
    b: tuple[str, ...]
    real: str
    features: str
    level: float
    differences: tuple[MethodDifference, ...]
    verdict: str
    left_out: dict[str, str]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        sides = f"{counted(len(self.a), 'run')} A with {counted(len(self.b), 'run')} B"
        return (
            f"<RunsComparison of {sides}, {counted(len(self.differences), 'metric')}: {shortened(self.verdict, 200)}>"
        )

    def __iter__(self) -> Iterator[MethodDifference]:
        """Yield the differences in order."""
        return iter(self.differences)

    def __getitem__(self, metric: str) -> MethodDifference:
        """Return one metric's difference; raises NotThere, a KeyError and a GantletError, with the names there are."""
        for found in self.differences:
            if found.metric == metric:
                return found
        reason = f" ({self.left_out[metric]})" if metric in self.left_out else ""
        raise NotThere(
            f"no {metric!r} in this comparison{reason}; there is {', '.join(d.metric for d in self.differences)}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON holds them."""
        return as_plain(self)

    def to_pandas(self) -> "DataFrame":
        """Return one row per difference; raises UsageError where pandas is not installed."""
        return as_frame(_flat(each) for each in self)

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw each difference with its interval around 0; return the matplotlib axes (new ones where none are given)."""
        from gantlet.core.results.plots import plot_comparison

        return plot_comparison(self, axes)

    def _repr_html_(self) -> str:
        from gantlet.core.results.cards_of_many import methods_card

        return methods_card(self)

    def to_json(self) -> str:
        """Return strict JSON."""
        return json_text(dataclasses.asdict(self), indent=1)


def _flat(each: MethodDifference) -> dict[str, Any]:
    """Return a difference as a row: A and B by their means over runs."""
    means = {"a": each.a.estimate.value, "b": each.b.estimate.value}
    return {**{field.name: getattr(each, field.name) for field in dataclasses.fields(each)}, **means}
