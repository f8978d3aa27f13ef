"""Numbers that travel with what made them: Estimate and Report, with a strict JSON round trip (no NaN)."""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gantlet.errors import GantletError, NonFiniteError

SCHEMA = 1
Interval = Literal["delta", "bootstrap", "permutation", "wilson", "seeds", "none"]


@dataclass(frozen=True)
class Estimate:
    """One number with its interval: ``low ≤ value ≤ high`` at ``level``, and what it was computed from.

    ``value`` is None when the number is undefined; then ``notes`` says why. ``reference`` is the yardstick: the
    same metric for real against held-out real.
    """

    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    interval: Interval = "none"
    level: float = 0.95
    n_real: int = 0
    n_fake: int = 0
    unit: str = ""
    lower_is_better: bool | None = None
    version: int = 1
    reference: "Estimate | None" = None
    details: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    features: str = ""
    """The feature space, where a report has several; else ''."""

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                raise NonFiniteError(
                    f"{self.metric}: {name} is {number}; a metric must return a finite number or None with a note"
                )
        if self.value is None and not self.notes:
            raise NonFiniteError(f"{self.metric}: undefined without a reason")

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


@dataclass(frozen=True)
class ModeCount:
    """One class or cluster: how many real and fake images fall into it; ``verdict`` is '', missing, rare or over-produced.

    ``variety``: median nearest-neighbour distance among its fakes over that among as many real images of it (None: too
    few to say); ``collapsed``: it is lower than chance allows. ``picture``: its most typical real image, then its fakes.
    """

    name: str
    n_real: int
    n_fake: int
    verdict: str = ""
    variety: float | None = None
    collapsed: bool = False
    picture: str = ""


@dataclass(frozen=True)
class Suspect:
    """A fake image that lies suspiciously close to a training image.

    ``ratio`` = d(fake, nearest training image) / d(that image, its own nearest training image); below 1 the fake is
    closer to it than any other training image is.
    """

    fake: str
    real: str
    distance: float
    ratio: float
    fake_picture: str = ""
    real_picture: str = ""


@dataclass(frozen=True)
class Outlier:
    """An image without a counterpart. ``side`` fake: far from every training image; real: far from every fake.

    ``ratio``: its distance to the nearest image of the other side, in units of the usual distance between neighbours there.
    """

    side: str
    name: str
    ratio: float
    picture: str = ""


@dataclass(frozen=True)
class Report:
    """What one evaluation found. ``pictures`` maps a role to PNG files beside report.json."""

    features: dict[str, Any]
    real: str
    fake: str
    n_real: int
    n_fake: int
    seed: int
    estimates: tuple[Estimate, ...]
    verdict: tuple[str, ...] = ()
    modes: tuple[ModeCount, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    outliers: tuple[Outlier, ...] = ()
    pictures: dict[str, list[str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    images_seen: int | None = None
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the images by role: real, fake, training, held-out (where there are any)."""
    schema: int = SCHEMA

    def __getitem__(self, metric: str) -> Estimate:
        """Return one metric's estimate; raises KeyError with the names there are."""
        for estimate in self.estimates:
            if estimate.metric == metric:
                return estimate
        raise KeyError(f"no {metric!r} in this report; it has {', '.join(e.metric for e in self.estimates)}")

    def __contains__(self, metric: str) -> bool:
        """Return whether the report has an estimate of this metric."""
        return any(estimate.metric == metric for estimate in self.estimates)

    def to_json(self) -> str:
        """Return strict JSON: non-finite numbers are an error, not NaN."""
        return json.dumps(dataclasses.asdict(self), indent=1, allow_nan=False, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read what `to_json` wrote; raises GantletError for anything else."""
        try:
            raw = json.loads(text)
            if raw.get("schema") != SCHEMA:
                raise GantletError(f"expected a report of schema {SCHEMA}, got {raw.get('schema')!r}; evaluate again")
            raw["estimates"] = tuple(estimate_from(entry) for entry in raw["estimates"])
            raw["modes"] = tuple(ModeCount(**entry) for entry in raw["modes"])
            raw["suspects"] = tuple(Suspect(**entry) for entry in raw["suspects"])
            raw["outliers"] = tuple(Outlier(**entry) for entry in raw.get("outliers", ()))
            for name in ("verdict", "warnings"):
                raw[name] = tuple(raw[name])
            return cls(**raw)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise GantletError(
                f"this is not a gantlet report ({error}); expected the report.json of an evaluation"
            ) from error

    def save(self, path: Path) -> None:
        """Write report.json atomically."""
        from gantlet.files import write_text

        write_text(path, self.to_json())


def estimate_from(raw: dict[str, Any]) -> Estimate:
    """Return the Estimate that ``dataclasses.asdict`` wrote."""
    reference = raw.pop("reference", None)
    notes = tuple(raw.pop("notes", ()))
    return Estimate(**raw, notes=notes, reference=estimate_from(reference) if reference else None)
