"""Report: estimates together with their settings and inputs, with a strict JSON round trip (no NaN)."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gantlet.core.errors import GantletError
from gantlet.core.results.estimate import Estimate, estimate_from

SCHEMA = 1


@dataclass(frozen=True)
class ModeCount:
    """One class or cluster: how many real and fake images fall into it; ``verdict`` is '', missing, rare or over-produced.

    ``variety``: median nearest-neighbour distance among its fakes over that among as many real images of it (None: too
    few images); ``collapsed``: it is significantly lower. ``picture``: its most typical real image, then its fakes.
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
    """Result of one evaluation. ``pictures`` maps a role to PNG files beside report.json."""

    features: dict[str, Any]
    real: str
    fake: str
    n_real: int | None
    n_fake: int | None
    """Images per side; None where a published file does not state it."""
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
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise GantletError(
                f"this is not a gantlet report ({error}); expected the report.json of an evaluation"
            ) from error

    def save(self, path: Path) -> None:
        """Write report.json atomically."""
        from gantlet.core.files import write_text

        write_text(path, self.to_json())
