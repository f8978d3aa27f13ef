"""The sides of an evaluation: sources with their features, and all that is real in one feature space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import DataError
from gantlet.core.interfaces.extractors import Extractor, TrainedOnLabels
from gantlet.core.results.estimate import Estimate
from gantlet.core.words import some_of
from gantlet.data.kinds import Source
from gantlet.evaluation.stats.alignment import AlignedReal
from gantlet.evaluation.stats.bank import Bank, own_classes
from gantlet.evaluation.stats.feature_bank import FeatureBank

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the images done and their number."""


def nothing(stage: str, done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Side:
    """One source with its features; ``skipped`` names files that could not be decoded, ``warnings`` what else went wrong."""

    source: Source
    bank: Bank
    skipped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> FeatureBank:
        """Return the rows; raises DataError where a statistics file stands for them."""
        if self.bank.rows is None:
            raise DataError(f"{self.source.spec} holds statistics, no rows")
        return self.bank.rows


@dataclass(frozen=True)
class Overlap:
    """``n`` of the ``of`` images that play the role ``one`` are also among those of the role ``other``.

    ``separate``: so few that the two sets still count as separate ones.
    """

    one: str
    other: str
    n: int
    of: int
    separate: bool

    @property
    def text(self) -> str:
        """Return the fact as a clause."""
        return f"{some_of(self.n, self.of, f'{self.one} image', 'are')} also among the {self.other} ones"


@dataclass
class Space:
    """Everything real in one feature space: an evaluation without the fakes.

    ``held_out`` is None where the real source has no second split; then two halves of ``real`` make the references.
    ``train``: what the generator was trained on; ``test``: real images that it has not seen; both may be the same objects
    as ``real`` and ``held_out``. ``name``: the spec of the features, where there are several spaces; else ''.
    ``overlaps``: the roles that share images; ``no_reference``, ``no_test``: why there is no reference, or no unseen
    images, although held-out ones were given; else ''.
    """

    config: EvaluateConfig
    extractor: Extractor
    real: Side
    held_out: Side | None
    train: Side
    test: Side | None
    progress: Progress = nothing
    seconds: dict[str, float] = field(default_factory=dict)
    name: str = ""
    overlaps: tuple[Overlap, ...] = ()
    no_reference: str = ""
    no_test: str = ""
    references: dict[tuple[str, int], Estimate] = field(default_factory=dict)
    """Held-out real against real, by metric and the number of fakes that it stands beside (0: any): computed once."""
    spoiled: Side | None = None
    """The held-out images that were given and left aside, as the fakes are among them."""
    compared_n: int | None = None
    """The number of fakes that a reference is made for; None where fakes are at hand."""
    aligned: AlignedReal | None = None
    """Where the search for copies among pixels stands before it sees fakes; made once it is needed."""

    @property
    def own_classes(self) -> bool:
        """Return whether the extractor's class probabilities are about the data's own classes."""
        return own_classes(self.real.bank, self.classes)

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the data's own classes: the training images', or those that the extractor was trained on."""
        named = self.train.source.classes
        return self.extractor.classes if not named and isinstance(self.extractor, TrainedOnLabels) else named

    def counted(self, stage: str, total: int) -> Callable[[str], None]:
        """Return a function that reports progress by one each time it is called with a name."""
        done = iter(range(1, total + 1))
        return lambda name: self.progress(f"{stage}: {name}", next(done, total), total)
