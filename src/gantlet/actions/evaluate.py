"""Evaluate fakes against real images: features, metrics with intervals and references, diagnosis, verdict, pictures."""

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import DataError
from gantlet.core.processes import processes
from gantlet.core.results.report import Report
from gantlet.core.version import __version__
from gantlet.data.opening import open_source
from gantlet.data.points import PointSource, Source
from gantlet.evaluation.duplicates import duplicates
from gantlet.evaluation.evaluator import Judge
from gantlet.evaluation.extraction import Images, Progress, nothing
from gantlet.evaluation.findings import findings
from gantlet.evaluation.gallery import Gallery, source_rows
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.prepare import features_of, prepare
from gantlet.evaluation.protocols import fixed
from gantlet.evaluation.sequential import check_generator, draw_until, read_until
from gantlet.evaluation.verdict import verdict


def evaluate(
    fake: str | Source,
    real: str | Source,
    config: EvaluateConfig | None = None,
    *,
    until: str = "",
    out: Path | None = None,
    progress: Progress = nothing,
) -> Report:
    """Judge generated images against real ones.

    Args: fake, real: source strings (folder, .zip, .npz, built-in name, run:PATH …) or opened sources; config: the
    settings; until: e.g. ``1%``: draw from a generator until half the interval of the first metric is this part of its
    value, or ``config.n`` (0: 50,000) images are drawn; out: a folder for report.json and the pictures; progress: called
    with (stage, done, total).
    Returns: the Report; under torchrun the processes share the features' extraction, the first one computes the metrics
    and writes, and all return the same Report.
    Raises: BadFiles, DataError, UsageError, TooFewSamples.
    """
    config = fixed(config or EvaluateConfig())
    metric_names(config)
    share = read_until(until) if until else 0.0
    generator = check_generator(fake) if until else ""
    target = open_source(real) if isinstance(real, str) else real
    other = config.held_out or target.held_out
    n = config.n or default_n(len(target), len(open_source(other)) if other else 0)
    opened = open_source(fake, n=2 if until else n, seed=config.seed) if isinstance(fake, str) else fake
    require_same_kind(target, opened)
    trained = opened.spec.startswith("run:")
    judges = prepare(target, config, progress, shape_of(opened) if trained else None)
    started = time.perf_counter()
    sides = draw_until(judges, generator, share, config.n) if until else features_of(judges, opened)
    return _report(judges, sides, started, out=out)


def require_same_kind(real: Source, fake: Source) -> None:
    """Raise DataError when one side holds images and the other points, or points of another dimension."""
    kinds = [
        f"points of {s.points.shape[1]} dimensions" if isinstance(s, PointSource) else "images" for s in (real, fake)
    ]
    if kinds[0] != kinds[1]:
        raise DataError(f"{real.spec} holds {kinds[0]} and {fake.spec} {kinds[1]}; give two sets of the same kind")


def default_n(*real: int) -> int:
    """Return how many images are drawn from a generator: as many as the larger real set has, within 1,000 … 10,000."""
    return min(10_000, max(1_000, *real))


def shape_of(source: Source) -> tuple[int, int] | None:
    """Return side and channels of a trained generator's images; None for points."""
    if isinstance(source, PointSource):
        return None
    height, _, channels = source.read(0).shape
    return height, channels


def judged(judges: Sequence[Judge], fake: Source, *, out: Path | None = None, images_seen: int | None = None) -> Report:
    """Judge one set of fakes with prepared judges, one a feature space; the first one's space gives the verdict.

    Writes report.json and pictures into ``out`` where one is given.
    """
    started = time.perf_counter()
    return _report(judges, features_of(judges, fake), started, out=out, images_seen=images_seen)


def _report(
    judges: Sequence[Judge],
    sides: Sequence[Images],
    started: float,
    *,
    out: Path | None,
    images_seen: int | None = None,
) -> Report:
    """Return the report; of several processes the first one computes and writes it, and all return it."""

    def made() -> Report:
        return _computed(judges, sides, started, out=out, images_seen=images_seen)

    return made() if processes().size == 1 else Report.from_json(processes().first(lambda: made().to_json()))


def _computed(
    judges: Sequence[Judge], sides: Sequence[Images], started: float, *, out: Path | None, images_seen: int | None
) -> Report:
    all_found = [findings(judge, side) for judge, side in zip(judges, sides, strict=True)]
    judge, images, found = judges[0], sides[0], all_found[0]
    gallery = Gallery(out, judge.real, judge.train, images)
    report = Report(
        features=_stamp(judges),
        real=judge.real.source.spec,
        fake=images.source.spec,
        n_real=judge.real.bank.n,
        n_fake=images.bank.n,
        seed=judge.config.seed,
        estimates=tuple(
            dataclasses.replace(estimate, features=judge.space)
            for judge, found in zip(judges, all_found, strict=True)
            for estimate in found.estimates
        ),
        verdict=verdict(
            found.estimates,
            found.modes,
            found.copies,
            found.outlier_test,
            points=isinstance(images.source, PointSource),
        ),
        modes=gallery.modes(found),
        suspects=gallery.suspects(found.suspects),
        outliers=gallery.outliers(found.outliers),
        pictures=gallery.grids(),
        warnings=_warnings(judge, images),
        seconds={**judge.seconds, "total": time.perf_counter() - started},
        images_seen=images_seen,
        digests=_digests(judge, images),
    )
    if out is not None:
        report.save(out / "report.json")
    return report


def _stamp(judges: Sequence[Judge]) -> dict[str, Any]:
    """Return what decides the numbers: extractor (and every other space's), protocol, package."""
    first = judges[0]
    spaces = {judge.space: judge.extractor.identity for judge in judges} if len(judges) > 1 else {}
    stamp = {**first.extractor.identity, "protocol": first.config.protocol, "package": __version__}
    return {**stamp, "spaces": spaces} if spaces else stamp


def _digests(judge: Judge, fake: Images) -> dict[str, str]:
    roles = {"real": judge.real, "fake": fake, "training": judge.train, "held-out": judge.held_out}
    return {role: images.source.digest for role, images in roles.items() if images is not None}


def _warnings(judge: Judge, fake: Images) -> tuple[str, ...]:
    lines = [note for images in (judge.real, fake) for note in images.source.notes]
    for role, images in (("real", judge.real), ("generated", fake)):
        if images.skipped:
            lines.append(
                f"{len(images.skipped)} {role} files could not be decoded and were left out: {', '.join(images.skipped)}"
            )
        lines += images.warnings
        if repeated := duplicates(images.bank):
            lines.append(
                f"{repeated:,} of the {images.bank.n:,} {role} ones repeat another one exactly (distinct: "
                f"{images.bank.n - repeated:,})"
            )
    read = [images for images in (judge.real, fake) if not images.source.statistics]
    sizes = [images.source.read(int(source_rows(images)[0])).shape for images in read]
    if len(sizes) == 2 and len(sizes[0]) == 3 and sizes[0][:2] != sizes[1][:2] and len(fake.source) > 1:
        described = [f"{height}×{width}" for height, width, _ in sizes]
        lines.append(
            f"the first real image is {described[0]} pixels, the first generated one {described[1]}: different sizes change every number"
        )
    if fake.source.digest == judge.real.source.digest:
        lines.append("real and generated images are the same data; every number below compares it with itself")
    if judge.held_out is None and not judge.real.source.statistics:
        lines.append("no held-out real images: the references compare two halves of the real set with each other")
    return tuple(dict.fromkeys(lines))
