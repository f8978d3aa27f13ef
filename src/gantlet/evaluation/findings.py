"""Findings: what an evaluation finds in one feature space, as plain values that the cache can hold."""

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gantlet.core.results.estimate import Estimate
from gantlet.core.results.report import ClassShare, ModeCount
from gantlet.core.schema import SCHEMA
from gantlet.evaluation.copies import TailTest


@dataclass(frozen=True)
class Pair:
    """Rows of a fake and of the training image nearest to it, their distance, and the copy ratio."""

    fake: int
    train: int
    distance: float
    ratio: float


@dataclass(frozen=True)
class Far:
    """Row of an image without a counterpart, on the ``side`` fake or real, and its ratio (results.Outlier)."""

    side: Literal["fake", "real"]
    row: int
    ratio: float


@dataclass(frozen=True)
class Findings:
    """What an evaluation finds in one space, apart from pictures and words.

    ``examples``: for each mode the row of its most typical real image (−1: none), then the rows of some fakes.
    ``copies``, ``outlier_test``: whether too many fakes lie too close to, or too far from, the training images; None
    without held-out images. ``suspects``: the closest pairs; ``outliers``: the farthest images of both sides.
    ``classes``: both sides counted by their labels, where these name the same classes;
    ``shares``: what is estimated of the fakes' classes from the real images' labels.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    estimates: tuple[Estimate, ...]
    modes: tuple[ModeCount, ...]
    examples: tuple[tuple[int, ...], ...]
    copies: TailTest | None
    outlier_test: TailTest | None
    suspects: tuple[Pair, ...]
    outliers: tuple[Far, ...]
    classes: tuple[ModeCount, ...] = ()
    shares: tuple[ClassShare, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return the findings as plain JSON values."""
        return dataclasses.asdict(self)
