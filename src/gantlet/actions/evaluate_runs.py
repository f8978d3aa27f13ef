"""Evaluate a method by several of its runs: intervals over training seeds, and where the variance comes from."""

import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from gantlet.actions.own_sides import own_sides
from gantlet.actions.places import require_places
from gantlet.actions.run_sources import MIXED, equally_many, expanded, of_method, open_runs
from gantlet.actions.runs_page import run_folders, write_runs
from gantlet.actions.settings import EvaluateSettings
from gantlet.core.calls import called, texts
from gantlet.core.config import EvaluateConfig
from gantlet.core.files import as_path
from gantlet.core.output import RUNS
from gantlet.core.processes import processes
from gantlet.core.results.estimate import is_share
from gantlet.core.results.report import Report
from gantlet.core.results.runs import RunsEstimate, RunsReport
from gantlet.core.toml_config import updated
from gantlet.core.words import counted
from gantlet.data.drawn import Latent
from gantlet.data.given import text_of
from gantlet.data.kinds import Source
from gantlet.evaluation.assemble import assemble
from gantlet.evaluation.extraction import extract_generated
from gantlet.evaluation.find import find
from gantlet.evaluation.inference.runs import detectable_gap, runs_to_show
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.opening import default_n, generated_shape, open_given, require_same_kind, take_given
from gantlet.evaluation.overlap import apart_from
from gantlet.evaluation.prepare import prepare
from gantlet.evaluation.protocols import fixed
from gantlet.evaluation.sentences import of_standings
from gantlet.evaluation.several_runs import MeasuredRuns, Parts, parts_of_runs
from gantlet.evaluation.sides import Progress, Space, nothing
from gantlet.evaluation.standing import standings
from gantlet.evaluation.verdict import ranked


@called
def evaluate_runs(
    runs: Sequence[Any] | str,
    real: Any = None,
    config: EvaluateConfig | None = None,
    *,
    range: str = "",
    latent: Latent = 0,
    out: Path | str | None = None,
    notes: Sequence[str] = (),
    progress: Progress = nothing,
    **settings: Unpack[EvaluateSettings],
) -> RunsReport:
    """Evaluate several runs of one method against the same real images: a result for the method, not for one checkpoint.

    >>> gantlet.evaluate_runs("runs/r3gan-seed*", "photos/")  # doctest: +SKIP
    >>> gantlet.evaluate_runs(["samples-1/", "samples-2/", "samples-3/"], "photos/", metrics=["coverage"])  # doctest: +SKIP

    Of each metric: the mean over runs with its interval, where one more run would lie, and the split of the variance into training,
    sampling and real images (`evaluation.inference.runs`).

    Args: runs: a pattern (``runs/a-*``), or a list of sources of images, one per run, each as `evaluate` takes it (paths, arrays, tensors,
    generators …); range, latent: as there; real: as there, None:
    what the first run was trained on; config, progress and the keywords: as there; each generator is drawn with another seed. out: a
    folder for runs.html, runs.json and the report of every run; notes: sentences of yours that the result repeats among its own.
    Raises: UsageError for fewer than two runs and for one that is given twice; DataError where they were trained on other data or at
    another resolution (what else differs is a note); the errors of `evaluate`.
    """
    plain, given = take_given(settings, range)
    config = fixed(updated(EvaluateConfig, config, plain, "gantlet.evaluate_runs"))
    metric_names(config)
    said = tuple(texts("gantlet.evaluate_runs: notes", notes))
    words = expanded(of_method("runs", runs))
    real = text_of(real)
    if real is None or (isinstance(real, str) and not real):
        real, train = own_sides(words[0])
        config = updated(EvaluateConfig, config, {"train": config.train or train}, "gantlet.evaluate_runs")
    place = None if out is None else as_path(out, "out")
    require_places(place, [*words, real], config, RUNS)
    target = open_given("real", real, range)
    opened, differing = open_runs(words, config, default_n(config, target, given), range=range, latent=latent)
    sources, cut_notes = equally_many(opened, config.seed)
    for source in sources:
        require_same_kind(target, source)
    spaces = prepare(target, config, progress, generated_shape(sources[0]), given)
    measured, reports = _measured(spaces, sources, place)
    result = _result(
        measured, reports, (target.spec, config.level), (*said, *differing, *cut_notes), written=place is not None
    )
    if place is not None:
        processes().first(lambda: write_runs(place, result))
    return result


def _measured(
    spaces: Sequence[Space], sources: Sequence[Source], out: Path | None
) -> tuple[MeasuredRuns, list[Report]]:
    """Return every run's report, written into ``out`` where there is one, and what its numbers are made of."""
    started = time.perf_counter()
    reports, parts = list[Report](), list[dict[str, Parts | None]]()
    for place, (source, folder) in enumerate(zip(sources, run_folders(len(sources)), strict=True)):
        sides = extract_generated(spaces, source)
        apart = [apart_from(side, space) for space, side in zip(spaces, sides, strict=True)]
        findings = [find(space, side) for space, side in zip(apart, sides, strict=True)]
        reports.append(assemble(apart, sides, findings, started, out=None if out is None else out / folder))
        parts.append(processes().first(partial(parts_of_runs, apart, sides, reports[-1].estimates)))
        spaces[0].progress("runs", place + 1, len(sources))
    names = tuple(source.spec for source in sources)
    return MeasuredRuns(names, [report.estimates for report in reports], parts), reports


def _result(
    measured: MeasuredRuns, reports: list[Report], about: tuple[str, float], notes: tuple[str, ...], *, written: bool
) -> RunsReport:
    real, level = about
    found, left_out = measured.over_runs(level)
    estimates = [each.estimate for each in found]
    first = reports[0].features.get("name")
    stands = standings([each for each in estimates if each.features in ("", first)], level)
    lines = [*_of_images(reports), *of_standings(stands, "runs or images")]
    spaces = reports[0].features.get("spaces") or [first]
    return RunsReport(
        runs=measured.names,
        real=real,
        features=", ".join(spaces),
        level=level,
        estimates=tuple(found),
        verdict=ranked(lines, stands, estimates),
        left_out=left_out,
        notes=(*notes, *_plan(found, len(reports), level, mixed=any(note.startswith(MIXED) for note in notes))),
        warnings=tuple(dict.fromkeys(line for report in reports for line in report.warnings)),
        reports=run_folders(len(reports)) if written else (),
        digests=tuple(report.digests.get("fake", "") for report in reports),
    )


SAID = {
    "copied": "exact copies",
    "missing": "classes or modes are missing, or variety is lost",
    "poor": "images or classes are unlike the real ones",
    "memorised": "images lie too close to training images",
}
"""What the reports of runs may say that is of no metric, by the kind of the line."""


def _of_images(reports: Sequence[Report]) -> list[str]:
    """Return a line for each fault that runs share which is of no metric: copies, and classes or modes that they miss."""
    titles = {estimate.metric for report in reports for estimate in report}
    kinds: Counter[str] = Counter()
    where: dict[str, list[str]] = {}
    for place, report in enumerate(reports, 1):
        said = {
            kind
            for kind, _, line in (text.partition(": ") for text in report.verdict[1:])
            if kind in SAID and not any(line.startswith(title) for title in titles)
        }
        kinds.update(said)
        for kind in said:
            where.setdefault(kind, []).append(str(place))
    return [
        f"{kind}: {SAID[kind]} in {count} of {counted(len(reports), 'run')} (run {', '.join(where[kind])}); the runs' own reports name them."
        for kind, count in kinds.items()
    ]


def _plan(found: Sequence[RunsEstimate], runs: int, level: float, *, mixed: bool) -> list[str]:
    """Return in words what the first metric's spread over runs means: its split, and how many runs tell two such methods apart."""
    for each in found:
        e = each.estimate
        if each.split is None or e.value is None or e.lower_is_better is None:
            continue
        training, sampling, real = each.split.shares
        seeds = "their settings and seeds" if mixed else "another seed"
        lines = [
            f"{each.title}: of the variance of one run's number {training:.0%} is training ({seeds}), {sampling:.0%} its own images and "
            f"{real:.0%} the real ones"
        ]
        spread = max(0.0, each.split.training) + each.split.sampling
        gap = detectable_gap((spread, spread), runs, level=level)
        if not gap:  # no run differs from another
            return lines
        half = runs_to_show(gap / 2, (spread, spread), level=level)
        more = f"; half of it takes {counted(half, 'run')} each" if half else ""
        if is_share(e.unit) and gap > 1:
            return [
                *lines,
                f"by {counted(runs, 'run')} each no two methods that vary like this one are told apart by {each.title}: train more",
            ]
        lines.append(
            f"two methods that vary like this one are told apart in 8 of 10 cases by {counted(runs, 'run')} each where their means of {each.title} "
            f"differ by {gap:.3g}{f' ({gap / e.value:.0%})' if e.value > 0 else ''}{more}"
        )
        return lines
    return []
