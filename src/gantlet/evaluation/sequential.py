"""Draw from a generator in growing rounds until a metric is known as closely as asked."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from gantlet.core.errors import ConfigError, UsageError
from gantlet.core.processes import processes
from gantlet.core.results.estimate import Estimate, is_share
from gantlet.core.words import counted
from gantlet.data import SOURCES
from gantlet.data.kinds import Items, Source, require_items
from gantlet.data.opening import open_source, resolve_source
from gantlet.data.points import PointSource
from gantlet.data.source import ImageSource
from gantlet.evaluation.compute import compute
from gantlet.evaluation.extraction import extract_generated
from gantlet.evaluation.findings import Findings
from gantlet.evaluation.gather import evidence_of
from gantlet.evaluation.inference.sequential import widening
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.images import ImageRows

FIRST, MOST = 1_000, 50_000
"""Images of the first round, and of all rounds together where no number is given."""


def read_until(text: str) -> float:
    """Read ``1%`` as 0.01; raises ConfigError for anything but a percentage above 0 and below 100."""
    try:
        share = float(text.strip().removesuffix("%")) / 100 if text.strip().endswith("%") else 0.0
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise ConfigError(f"--until must be a percentage above 0% and below 100%, like 1%; got {text!r}")
    return share


def check_generator(fake: str | Source) -> str:
    """Return the source string of a generator; raises UsageError for images that are already made."""
    what = fake if isinstance(fake, str) else fake.spec
    kind, options = resolve_source(fake) if isinstance(fake, str) else ("folder", {})
    if not SOURCES.entry(kind).meta.generated:
        raise UsageError(
            f"--until draws from a generator (run:PATH or module:function); {what} is a fixed set of images: leave "
            "--until out"
        )
    if fixed := [name for name in ("n", "seed") if name in options]:
        raise UsageError(f"--until chooses the number of images and their seeds; leave {fixed[0]}= out of {what}")
    return what


def draw_until(spaces: Sequence[Space], fake: str, share: float, most: int) -> list[Side]:
    """Draw until half the interval of the first metric asked for, relative to its value, is at most ``share``.

    Each round is drawn with the next seed, and its features join those of the rounds before. The rounds grow as
    1/√n says, at most to twice the images. Looking again and again makes an interval of fixed size miss too often, so it is widened
    (`inference.sequential`), here and in the report (`held_under_stopping`). Stops at ``most`` (0: 50,000) at the latest. What came of it is a note of
    the source. Convention: the interval counts both sides, so the real images' share of it does not shrink.

    Returns: the images in each space.
    Raises: UsageError for a metric that has no interval; what `open_source` and `extract` raise.
    """
    space, name = spaces[0], _watched(spaces[0])
    most = most or MOST
    rounds: list[list[Side]] = []
    total, goal = 0, min(FIRST, most)
    while True:
        source = open_source(fake, n=goal - total, seed=space.config.seed + len(rounds))
        rounds.append(extract_generated(spaces, source))
        total = goal
        together = [joined(parts) for parts in zip(*rounds, strict=True)]
        half_width = processes().first(lambda images=together[0]: _relative(space, images, name, most))  # type: ignore[misc]
        reached = half_width is not None and half_width <= share
        space.progress(f"drawing until ±{share:.2%}", total, most)
        if reached or total >= most:
            return [_noted(images, _note(name, half_width, share, total, reached)) for images in together]
        growth = 2.0 if half_width is None else min(2.0, max(1.25, 1.05 * (half_width / share) ** 2))
        goal = max(total + 2, round(total * growth))
        goal = most if goal > most - 2 else goal  # a round has two images at least


def _watched(space: Space) -> str:
    """Return the metric that is watched: the first one asked for; the Fréchet distance where all are."""
    return "frechet_distance" if space.config.metrics[0] == "all" else metric_names(space.config, space.name)[0]


def _relative(space: Space, fake: Side, name: str, most: int) -> float | None:
    """Return half the widened interval over the value; None where the value is 0; raises UsageError where there is no interval."""
    (estimate,) = compute(evidence_of(space, fake, [name]), [name])
    estimate = widened(estimate, _factor(fake, estimate.level, most))
    if estimate.value is None or estimate.low is None or estimate.high is None:
        why = f"is undefined here ({'; '.join(estimate.notes)})" if estimate.value is None else "has none"
        raise UsageError(
            f"--until watches the interval of the first metric asked for, and {name} {why}; put another one first, e.g. "
            "--metrics frechet_distance"
        )
    return (estimate.high - estimate.low) / 2 / abs(estimate.value) if estimate.value else None


def held_under_stopping(findings: Findings, fake: Side, level: float, most: int) -> Findings:
    """Return the findings of images that were drawn until an interval was narrow, with intervals that hold although one looked."""
    factor = _factor(fake, level, most or MOST)
    return dataclasses.replace(findings, estimates=tuple(widened(each, factor) for each in findings.estimates))


def _factor(fake: Side, level: float, most: int) -> float:
    """Return by how much intervals are widened after all looks up to these images, the first of which was at `FIRST` or ``most``."""
    return widening(len(fake.source), level, min(FIRST, most))


def widened(estimate: Estimate, factor: float) -> Estimate:
    """Return an estimate with both arms of its interval longer by a factor, within [0, 1] for shares; as it is without an interval."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return estimate
    low, high = (estimate.value + factor * (end - estimate.value) for end in (estimate.low, estimate.high))
    if is_share(estimate.unit):
        low, high = max(0.0, low), min(1.0, high)
    equal_n = None if estimate.equal_n is None else widened(estimate.equal_n, factor)
    about = f"{estimate.estimand}; it holds although the drawing stopped by what was seen"
    return dataclasses.replace(estimate, low=low, high=high, estimand=about, equal_n=equal_n)


def _note(name: str, half_width: float | None, share: float, total: int, reached: bool) -> str:
    if reached:
        return (
            f"{counted(total, 'image', 'were')} drawn: {name} is then known to ±{half_width:.2%}, as asked (±{share:.2%}); intervals are widened, so that "
            "they hold although the drawing stopped by what was seen"
        )
    how = "is not known in proportion to its value" if half_width is None else f"is known to ±{half_width:.2%}"
    return (
        f"--until was not reached: after {counted(total, 'image')}, the most allowed, {name} {how}, asked was ±{share:.2%}; more "
        "images (--n), more real ones, or a wider goal would do"
    )


def _noted(side: Side, note: str) -> Side:
    source = require_items(side.source, "--until")
    return dataclasses.replace(side, source=dataclasses.replace(source, notes=(*source.notes, note)))


def joined(parts: Sequence[Side]) -> Side:
    """Return several sets of images in one feature space as one set, in order."""
    source, banks = joined_source([part.source for part in parts]), [part.rows for part in parts]
    starts = np.cumsum([0, *(len(part.source) for part in parts)])
    places = [np.arange(bank.n) if bank.images is None else bank.images.rows for bank in banks]
    rows = np.concatenate([place + start for place, start in zip(places, starts, strict=False)])
    probabilities = [bank.probabilities for bank in banks if bank.probabilities is not None]
    bank = FeatureBank(
        np.concatenate([bank.features for bank in banks]),
        np.concatenate(probabilities) if probabilities else None,
        None if source.labels is None else source.labels[rows],
        [source.names[row] for row in rows],
        None if source.decode is None else ImageRows(source.decode, rows),
    )
    skipped = tuple(name for part in parts for name in part.skipped)
    return Side(source, bank, skipped, tuple(dict.fromkeys(w for part in parts for w in part.warnings)))


def joined_source(parts: Sequence[Source]) -> Items:
    """Return several sources of one kind as one: the items of the first, then those of the second, and so on."""
    images = [part for part in parts if isinstance(part, ImageSource)]
    if images:
        return ImageSource.joined(images)
    return PointSource.joined([part for part in parts if isinstance(part, PointSource)])
