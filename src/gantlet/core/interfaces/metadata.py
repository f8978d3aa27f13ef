"""Typed metadata of the registries: what an entry of each kind says of itself beside its source."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gantlet.core.errors import RegistrationError
from gantlet.core.registry import Metadata

FRESH = "fresh draws of both sides at this n"
"""What an interval is about unless its metric says otherwise: the estimator's mean over fresh draws of both sides of these sizes."""
NO_INFLUENCE = "no influence function has been derived for it; the intervals of both sides are added as if independent"
"""What a metric that cannot be paired yet may give as its reason."""


@dataclass(frozen=True, kw_only=True)
class MetricMetadata(Metadata):
    """A metric: what it needs, in which unit, which direction is better, and whether ``compare`` can pair it."""

    needs: tuple[str, ...]
    """Names of the kinds of evidence it reads (`evaluation.needs`)."""
    unit: str
    lower_is_better: bool
    version: int = 1
    """Raised whenever the number for the same evidence changes."""
    influence: Callable[..., Any] | None = None
    """(evidence, **options) → Influence at every row, from which ``compare`` takes the variance of a paired difference."""
    estimand: str = FRESH
    """What its interval is about; a `Measurement` may say otherwise for one evidence."""
    any_n: bool = False
    """Whether its expectation is the same for any number of generated images; else ``compare`` holds it at equal numbers only."""
    unpaired: str = ""
    """Why ``compare`` cannot pair it, where it has no influence function."""
    no_difference: Callable[..., float] | None = None
    """(estimate of A, estimate of B) → the exact p-value of their difference, where its intervals are not normal."""
    measures: str = ""
    """What it measures, as a clause for the verdict; '' for a metric whose name says it."""
    margin: float | None = None
    """The share of its reference by which it may be worse and still count as equally good; None: ``details.margin``, if any."""
    beyond: str = ""
    """What a number clearly better than real images' own hints at; '' where it hints at nothing."""
    two_sided: bool = False
    """Whether a number better than real images' own by more than the margin is no praise: its aim is the reference itself."""
    misled: str = ""
    """When it may differ from other metrics without being right, as a clause for ``compare``."""

    def __post_init__(self) -> None:
        if not self.needs or not self.unit:
            raise RegistrationError("a metric names at least one need, and its unit")
        if (self.influence is None) != bool(self.unpaired):
            raise RegistrationError(
                "a metric gives either influence=… or unpaired='the reason', not both and not neither"
            )


@dataclass(frozen=True, kw_only=True)
class ExtractorMetadata(Metadata):
    """A feature extractor: its number of features where that is fixed, and what it can take."""

    dim: int | None = None
    trained: bool = False
    """Whether it is trained on the labelled real images of the evaluation."""
    unrounded: bool = False
    """Whether it takes float32 images in 0..255 that are not rounded."""


@dataclass(frozen=True, kw_only=True)
class SourceMetadata(Metadata):
    """A data source: whether it makes its images, so that their number and seed may be chosen."""

    generated: bool = False
    images: bool = True
    """False: the file stands for images that are not there."""


@dataclass(frozen=True, kw_only=True)
class SolverMetadata(Metadata):
    """A transport solver and the costs that it takes."""

    costs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FailureMetadata(Metadata):
    """A failure that an audit plants: its title in figures, the unit of its strength, and the strengths."""

    title: str
    unit: str
    strengths: tuple[float, ...]
    harmless: bool = False
    """True: a change that should not matter; a metric that detects it is too strict."""


@dataclass(frozen=True, kw_only=True)
class LabMetadata(Metadata):
    """A lab and the claim that it tests, as one sentence."""

    claim: str
