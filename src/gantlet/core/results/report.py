"""Report: estimates together with their settings and inputs, with a strict JSON round trip (no NaN)."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le

from gantlet.core.calls import shown
from gantlet.core.errors import DataError
from gantlet.core.files import as_path, json_digest, read_text, write_text
from gantlet.core.results.estimate import Estimate, count_text
from gantlet.core.results.exact_copies import ExactCopies
from gantlet.core.results.marks import split_verdict
from gantlet.core.results.plain import NotThere, as_frame, as_plain, shortened
from gantlet.core.schema import SCHEMA, Amount, Count, Part, from_plain
from gantlet.core.visible import json_text
from gantlet.core.words import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame


UNMATCHED = "unmatched"
"""The verdict on a class that one side alone names while the other has such names too: it may be the same under another name."""


@dataclass(frozen=True)
class ModeCount:
    """One class or cluster: how many real and fake images fall into it; ``verdict``: '', missing, rare, over-produced or `UNMATCHED`.

    ``variety``: median nearest-neighbour distance among its fakes over that among as many real images of it (None: too
    few images); ``collapsed``: it is significantly lower. ``picture``: its most typical real image, then its fakes.
    ``draws``: the independent real and fake images that its own are worth in tests, where rows depend on each other; None: all.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    name: str
    n_real: Count
    n_fake: Count
    verdict: str = ""
    variety: Amount | None = None
    collapsed: bool = False
    picture: str = ""
    draws: tuple[Count, Count] | None = None

    @property
    def tested(self) -> tuple[int, int]:
        """Return how many independent real and fake images it is worth in tests."""
        return self.draws or (self.n_real, self.n_fake)


@dataclass(frozen=True)
class ClassShare:
    """A class's estimated ``share`` of the fakes, at most ``most``; ``real``: its share of the real images, at least ``least``.

    Seen through a classifier or clusters, whose mistakes labelled real images tell; ``verdict``: missing, rare or ''.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    name: str
    share: Part
    most: Part
    real: Part
    least: Part
    verdict: Literal["", "missing", "rare"] = ""


@dataclass(frozen=True)
class Suspect:
    """A fake image that lies suspiciously close to a training image.

    ``ratio`` = d(fake, nearest training image) / d(that image, its own nearest training image); below 1 the fake is
    closer to it than any other training image is. Where the verdict says that copies were found pixel by pixel: the ratio
    of aligned pixels (`evaluation.stats.alignment`), and the distance between them.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    fake: str
    real: str
    distance: Amount
    ratio: Amount
    fake_picture: str = ""
    real_picture: str = ""


@dataclass(frozen=True)
class Outlier:
    """An image without a counterpart. ``side`` fake: far from every training image; real: far from every fake.

    ``ratio``: its distance to the nearest image of the other side, in units of the usual distance between neighbours there.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    side: Literal["fake", "real"]
    name: str
    ratio: Amount
    picture: str = ""


@dataclass(frozen=True)
class Report:
    """Result of one evaluation. ``pictures`` maps a role to PNG files beside report.json."""

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    features: dict[str, Any]
    real: str
    fake: str
    n_real: Count | None
    n_fake: Count | None
    """Images per side; None where a published file does not state it."""
    seed: Count
    estimates: tuple[Estimate, ...]
    verdict: tuple[str, ...] = ()
    modes: tuple[ModeCount, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    outliers: tuple[Outlier, ...] = ()
    pictures: dict[str, list[str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: dict[str, Amount] = field(default_factory=dict)
    images_seen: Count | None = None
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the images by role: real, fake, training, held-out (where there are any)."""
    exact_copies: tuple[ExactCopies, ...] = ()
    """Generated images that equal real or training ones, by set; empty where there are none."""
    classes: tuple[ModeCount, ...] = ()
    """Both sides counted by their own labels, where both have some that name the same classes."""
    class_shares: tuple[ClassShare, ...] = ()
    """Each class's share of the fakes as a classifier or clusters see it, where the real images have labels."""
    remarks: tuple[str, ...] = ()
    """What was inferred when the images were read, where nothing is wrong, e.g. classes from folders."""
    distinct_fakes: Count | None = None
    """How many of the generated images differ from each other pixel by pixel; None of statistics, and in reports of before."""
    settings: dict[str, Any] = field(default_factory=dict)
    """The configuration of the evaluation, and ``until`` where images were drawn until an interval was narrow: with these it is replayed."""
    schema: Annotated[int, Ge(1), Le(1)] = 1

    def __repr__(self) -> str:
        sides = f"{shortened(self.fake)} ({count_text(self.n_fake)}) against {shortened(self.real)} ({count_text(self.n_real)})"
        first = split_verdict(self.verdict[0])[1] if self.verdict else "no verdict"
        return f"<Report on {sides}, {counted(len(self.estimates), 'metric')} in {self.features.get('name', '?')}: {shortened(first, 200)}>"

    def __iter__(self) -> Iterator[Estimate]:
        """Yield the estimates in order."""
        return iter(self.estimates)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON holds them."""
        return as_plain(self)

    def to_pandas(self) -> "DataFrame":
        """Return one row per estimate; raises UsageError where pandas is not installed."""
        return as_frame(dataclasses.asdict(row) for row in self)

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw every metric with its interval and its reference, each on its own scale; return the matplotlib axes (new ones where none are given)."""
        from gantlet.core.results.plots import plot_report

        return plot_report(self, axes)

    def _repr_html_(self) -> str:
        from gantlet.core.results.cards import report_card

        return report_card(self)

    def __getitem__(self, metric: str) -> Estimate:
        """Return one metric's estimate; raises NotThere, a KeyError and a GantletError, with the names there are."""
        for estimate in self.estimates:
            if estimate.metric == metric:
                return estimate
        raise NotThere(f"no {metric!r} in this report; it has {', '.join(e.metric for e in self.estimates)}")

    def __contains__(self, metric: str) -> bool:
        """Return whether the report has an estimate of this metric."""
        return any(estimate.metric == metric for estimate in self.estimates)

    def files(self) -> set[str]:
        """Return the names of all its pictures."""
        named = [name for names in self.pictures.values() for name in names]
        named += [mode.picture for mode in self.modes] + [far.picture for far in self.outliers]
        return {*named, *(name for pair in self.suspects for name in (pair.fake_picture, pair.real_picture))} - {""}

    def to_json(self) -> str:
        """Return strict JSON with a SHA-256 over all fields: non-finite numbers are an error, not NaN."""
        values = json.loads(json_text(dataclasses.asdict(self)))
        return json_text({**values, "sha256": json_digest(values)}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read what `to_json` wrote; raises DataError for anything else, and for a report that was changed since.

        Reports of earlier versions hold no SHA-256; of these the types and ranges are checked alone.
        """
        if not isinstance(text, str):
            raise DataError(f"a report is read from the text of its report.json; got {shown(text)}")
        try:
            raw = json.loads(text)
            if not isinstance(raw, dict):
                raise ValueError(f"expected an object, got {type(raw).__name__}")
            digest = raw.pop("sha256", None)
            if digest is not None and digest != json_digest(raw):
                raise DataError(
                    "the report was damaged or changed after it was written (its SHA-256 differs); evaluate again"
                )
            report = from_plain(cls, raw)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"this is not a gantlet report ({error}); expected the report.json of an evaluation"
            ) from error
        for estimate in report.estimates:
            estimate.require_ordered()
        if any(mode.collapsed and mode.variety is None for mode in report.modes):
            raise DataError("a mode that lost variety without its variety; the report was changed: evaluate again")
        return report

    @classmethod
    def load(cls, path: Path | str) -> "Report":
        """Read a report.json, or the one in a folder; raises DataError, which names the file, for any other."""
        path = as_path(path, "a report")
        path = path / "report.json" if path.is_dir() else path
        try:
            return cls.from_json(read_text(path))
        except DataError as error:
            raise DataError(str(error) if str(path) in str(error) else f"{path}: {error}") from error

    def save(self, path: Path | str) -> None:
        """Write report.json atomically; raises OutputError."""
        write_text(as_path(path, "a report"), self.to_json())
