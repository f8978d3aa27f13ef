"""Compute a report anew from its sources, and name the first stage that differs."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from gantlet.actions.compare_reports import report_path
from gantlet.actions.evaluate import evaluate
from gantlet.actions.report import load_report
from gantlet.core.calls import called
from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import DataError, GantletError
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.replay import Replay
from gantlet.core.results.report import Report
from gantlet.core.stamp import differing
from gantlet.core.trust import require_harmless, require_harmless_fields
from gantlet.core.words import counted, every
from gantlet.data import SOURCES
from gantlet.evaluation.sides import Progress, nothing

SIDES = ("held_out", "train")
"""Fields of the settings that name images."""


@called
def replay(path: Path | str, *, progress: Progress = nothing) -> Replay:
    """Compute every number of a report anew, from the images that it names, with its settings.

    >>> gantlet.replay("gantlet-report").same  # doctest: +SKIP

    The images are compared by content, then what computes their features, the metrics' versions, the numbers to the last digit and the
    verdict. What a report names outside the current folder, and code, is used only where the report is trusted (``with trust()``, --trust).

    Args: path: a report.json, or its folder; sources are opened from the current folder, as they were; progress: as `evaluate`.
    Raises: DataError for a report that does not hold its settings, or whose images a program gave; UntrustedError; the errors of
    `evaluate` where a source is not there.
    """
    file = Path(report_path(path))
    stored = load_report(file)
    if not stored.settings:
        raise DataError(f"{file} does not hold its settings (it was written by an earlier version); evaluate again")
    settings = dict(stored.settings)
    until = str(settings.pop("until", ""))
    config = EvaluateConfig.from_mapping(settings)
    _require_harmless(file, stored, config)
    try:
        again = evaluate(stored.fake, stored.real, config, until=until, progress=progress)
    except GantletError as error:
        error.args = (f"{file} cannot be replayed from this folder: {error}",)
        raise
    return _compared(str(file), stored, again)


def _require_harmless(file: Path, stored: Report, config: EvaluateConfig) -> None:
    """Raise UntrustedError where a report names code, the network or a place outside the current folder."""
    for text in (stored.fake, stored.real, *(getattr(config, side) for side in SIDES)):
        if text:
            require_harmless(text, file, inside=Path.cwd(), known=SOURCES.names())
    require_harmless_fields(config, file, but=SIDES)


def _compared(name: str, stored: Report, again: Report) -> Replay:
    if found := differing(stored.digests, again.digests):
        return Replay(
            name,
            "images",
            f"the {found[0]} images are others than those of the report (SHA-256 {_short(found[1])}, now {_short(found[2])})",
        )
    if found := differing(_without_package(stored), _without_package(again)):
        return Replay(
            name, "features", f"features are computed otherwise: {found[0]} was {found[1]!r}, now {found[2]!r}"
        )
    if found := differing(_versions(stored), _versions(again)):
        return Replay(name, "versions", f"{found[0]} was {found[1]!r}, now {found[2]!r}")
    numbers = list(zip(_numbers(stored), _numbers(again), strict=True))
    apart = max((_apart(one, other) for (_, one), (_, other) in numbers), default=0.0)
    first = next(((what, one, other) for (what, one), (_, other) in numbers if one != other), None)
    if first:
        hint = ": rounding, as another machine or thread count gives" if apart < 1e-4 else ""
        text = f"{first[0]} was {first[1]!r}, now {first[2]!r}; the largest relative difference of {counted(len(numbers), 'number')} is {apart:.1g}{hint}"
        return Replay(name, "numbers", text, len(numbers), apart)
    if stored.verdict != again.verdict:
        was, now = next(
            (one, other)
            for one, other in zip((*stored.verdict, ""), (*again.verdict, ""), strict=False)
            if one != other
        )
        return Replay(
            name,
            "verdict",
            f"{every(len(numbers), 'number', 'are')} the same, and the verdict says {now!r} where it said {was!r}",
            len(numbers),
        )
    return Replay(
        name, "", f"{every(len(numbers), 'number')} of {name} came out again, to the last digit", len(numbers)
    )


def _short(digest: object) -> str:
    return str(digest)[:12] if digest else "none"


def _without_package(report: Report) -> dict[str, object]:
    return {key: value for key, value in report.features.items() if key != "package"}


def _versions(report: Report) -> dict[str, object]:
    return {f"version of {each.title}": each.version for each in report}


def _numbers(report: Report) -> Iterator[tuple[str, float | None]]:
    """Yield all numbers of a report with what they are."""
    for each in report:
        for what, one in (
            (each.title, each),
            (f"reference of {each.title}", each.reference),
            (f"{each.title} beside it", each.equal_n),
        ):
            yield from ((f"{name} of {what}", number) for name, number in _of(one).items())


def _of(estimate: Estimate | None) -> dict[str, float | None]:
    names = ("value", "low", "high")
    if estimate is None:
        return dict.fromkeys(names)
    fields = {field.name: getattr(estimate, field.name) for field in dataclasses.fields(estimate)}
    return {name: fields[name] for name in names}


def _apart(one: float | None, other: float | None) -> float:
    if one is None or other is None:
        return 0.0 if one == other else 1.0
    return abs(one - other) / max(abs(one), abs(other), 1e-300) if one != other else 0.0
