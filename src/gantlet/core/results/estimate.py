"""An estimate: one number with its interval and its inputs."""

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from gantlet.core.errors import DataError, NonFiniteError
from gantlet.core.schema import SCHEMA, Count, Positive, Share

Interval = Literal["delta", "bootstrap", "permutation", "wilson", "subsampling", "poisson", "seeds", "runs", "none"]


@dataclass(frozen=True)
class Estimate:
    """One number with its interval: ``low ≤ value ≤ high`` at ``level``, and the data behind it.

    ``value`` is None when the number is undefined; then ``notes`` has the reason. ``reference`` is the
    same metric for real against held-out real.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    interval: Interval = "none"
    level: Share = 0.95
    n_real: Count | None = 0
    n_fake: Count | None = 0
    """Rows of each side that the number was computed from; None where a published file does not state it."""
    unit: str = ""
    lower_is_better: bool | None = None
    version: Positive = 1
    reference: "Estimate | None" = None
    equal_n: "Estimate | None" = None
    """The same fakes at the reference's numbers of rows, where these are others: what is compared with the reference."""
    details: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    votes: bool = True
    """Whether verdicts may rest on it: not on classes that are the extractor's and not the data's own."""
    features: str = ""
    """The feature space, where a report has several; else ''."""
    estimand: str = ""
    """What the interval is about: over which fresh draws it holds the mean of the estimator; '' without an interval."""

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                raise NonFiniteError(
                    f"{self.metric}: {name} is {number}; a metric must return a finite number or None with a note"
                )
        if self.value is None and not self.notes:
            raise NonFiniteError(f"{self.metric}: undefined without a reason")

    def require_ordered(self) -> None:
        """Raise DataError unless ``low ≤ value ≤ high`` or there is no interval, here and in the reference, of one that was read."""
        if (self.low is None) != (self.high is None) or (self.value is None and self.low is not None):
            raise DataError(
                f"{self.metric}: half an interval, or one without a value; the report was changed: evaluate again"
            )
        numbers = [number for number in (self.low, self.value, self.high) if number is not None]
        if numbers != sorted(numbers):
            raise DataError(
                f"{self.metric}: the interval [{self.low}, {self.high}] does not hold its value {self.value}; the report was "
                "changed or damaged: evaluate again"
            )
        for other in (self.reference, self.equal_n):
            if other is not None:
                other.require_ordered()

    def _repr_html_(self) -> str:
        from gantlet.core.results.cards import estimate_card

        return estimate_card(self)

    @property
    def title(self) -> str:
        """Return the metric, and its feature space where the report has several."""
        return f"{self.metric} in {self.features}" if self.features else self.metric

    @property
    def text(self) -> str:
        """Return ``value [low, high]`` to four significant digits."""
        if self.value is None:
            return "undefined"
        if self.low is None or self.high is None:
            return f"{self.value:.4g}"
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"


def is_share(unit: str) -> bool:
    """Return whether a metric of this unit lies from 0 to 1."""
    return unit.startswith(("share", "accuracy"))


def count_text(n: int | None) -> str:
    """Return a number of images in words and digits."""
    return "an unknown number of" if n is None else f"{n:,}"
