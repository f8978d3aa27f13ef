"""The result of ranking several evaluations by one metric: each with its interval, and which cannot be told apart."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gantlet.core.results.comparison import Difference
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.misses import Miss
from gantlet.core.results.plain import NotThere, as_frame, as_plain, shortened
from gantlet.core.visible import json_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame


@dataclass(frozen=True)
class Standing:
    """One evaluation in the ranking, ``first`` to ``last`` place: one more than are clearly better, and all that are not clearly worse."""

    name: str
    fake: str
    estimate: Estimate
    first: int
    last: int
    tied: tuple[str, ...] = ()
    """Those that it cannot be told apart from."""
    others: tuple[Estimate, ...] = ()
    """The other metrics that all evaluations have; they do not decide the ranking."""
    misses: tuple[Miss, ...] = ()
    """What it misses of the real images."""

    @property
    def place(self) -> str:
        """Return the place in words: 1, or 1–3."""
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


@dataclass(frozen=True)
class Pair:
    """Two evaluations by name, ``a`` before ``b`` in the ranking, and their difference, corrected for the number of pairs (Holm)."""

    a: str
    b: str
    difference: Difference


@dataclass(frozen=True)
class Leaderboard:
    """Several evaluations against the same real images, best first by ``metric``."""

    metric: str
    real: str
    features: str
    level: float
    standings: tuple[Standing, ...]
    pairs: tuple[Pair, ...]
    verdict: str
    left_out: dict[str, str] = field(default_factory=dict)
    """Metrics that the ranking was not made by, though they were asked for first, with the reasons."""
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Leaderboard of {len(self.standings)} by {self.metric} in {self.features}: {shortened(self.verdict, 200)}>"

    def __iter__(self) -> Iterator[Standing]:
        """Yield the standings, best first."""
        return iter(self.standings)

    def __getitem__(self, name: str) -> Standing:
        """Return the standing of one evaluation; raises NotThere, a KeyError and a GantletError, with the names there are."""
        for standing in self.standings:
            if standing.name == name:
                return standing
        raise NotThere(f"no {name!r} in this leaderboard; it has {', '.join(each.name for each in self.standings)}")

    @property
    def ties(self) -> tuple[tuple[str, str], ...]:
        """Return the pairs that cannot be told apart."""
        return tuple((pair.a, pair.b) for pair in self.pairs if not pair.difference.better)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON holds them."""
        return as_plain(self)

    def to_pandas(self) -> "DataFrame":
        """Return one row per evaluation; raises UsageError where pandas is not installed."""
        return as_frame(
            {"place": each.place, "name": each.name, **dataclasses.asdict(each.estimate)} for each in self.standings
        )

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw each value with its interval, all on one scale; return the matplotlib axes (new ones where none are given)."""
        from gantlet.core.results.plots import plot_leaderboard

        return plot_leaderboard(self, axes)

    def _repr_html_(self) -> str:
        from gantlet.core.results.cards_of_many import leaderboard_card

        return leaderboard_card(self)

    def to_json(self) -> str:
        """Return strict JSON."""
        return json_text(dataclasses.asdict(self), indent=1)
