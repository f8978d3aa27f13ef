"""The result of a tournament: methods with equal budgets of random search, the best settings of each on fresh seeds."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from gantlet.core.results.marks import split_verdict
from gantlet.core.results.plain import NotThere, as_plain, shortened
from gantlet.core.schema import SCHEMA
from gantlet.core.visible import json_text
from gantlet.core.words import counted


@dataclass(frozen=True)
class Trial:
    """One training: its settings, scores of its best and its final checkpoint (None: it failed, and why), and seconds.

    ``seconds``: processor time of training and evaluations.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    place: int
    values: dict[str, Any]
    best: float | None
    final: float | None
    seconds: float
    failed: str = ""


@dataclass(frozen=True)
class Budget:
    """What a search of ``k`` trials finds: median, its interval, and mean of the best of k; ``seconds``: its cost.

    None: an end that so few trials do not tell; of ``median`` and ``mean``, that failed trials have a part in it.
    """

    k: int
    seconds: float
    median: float | None
    low: float | None
    high: float | None
    mean: float | None


@dataclass(frozen=True)
class Seeds:
    """Fresh seeds of the best settings: mean over the runs that ended, with its interval, of one checkpoint's score."""

    mean: float
    low: float
    high: float
    runs: int


@dataclass(frozen=True)
class Contender:
    """One method: its search, what a search of each size finds, and its best settings on fresh seeds, by best and final checkpoint."""

    recipe: str
    search: tuple[Trial, ...]
    curve: tuple[Budget, ...]
    settings: dict[str, Any]
    seeds: tuple[Trial, ...]
    best: Seeds | None
    final: Seeds | None


@dataclass(frozen=True)
class Pair:
    """Two methods: difference of their means over fresh seeds (best checkpoints), its interval, p-value after Holm; ``better``: the winner or ''."""

    a: str
    b: str
    difference: float
    low: float
    high: float
    p_holm: float
    better: str


@dataclass(frozen=True)
class Tournament:
    """Methods at equal budgets: random search, then fresh seeds of the best settings, with the verdict in words."""

    metric: str
    lower_is_better: bool
    data: str
    features: str
    level: float
    trials: int
    steps: int
    contenders: tuple[Contender, ...]
    pairs: tuple[Pair, ...]
    verdict: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        first = split_verdict(self.verdict[0])[1] if self.verdict else "no verdict"
        return f"<Tournament of {counted(len(self.contenders), 'method')} on {shortened(self.data)}: {shortened(first, 200)}>"

    def __iter__(self) -> Iterator[Contender]:
        """Yield the methods in order."""
        return iter(self.contenders)

    def __getitem__(self, recipe: str) -> Contender:
        """Return one method; raises NotThere, a KeyError and a GantletError, with the names there are."""
        for each in self.contenders:
            if each.recipe == recipe:
                return each
        raise NotThere(f"no {recipe!r} in this tournament; there is {', '.join(c.recipe for c in self.contenders)}")

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON holds them."""
        return as_plain(self)

    def _repr_html_(self) -> str:
        from gantlet.core.results.cards_of_many import tournament_card

        return tournament_card(self)

    def to_json(self) -> str:
        """Return strict JSON."""
        return json_text(dataclasses.asdict(self), indent=1)
