"""Evaluate fakes against real images: features, metrics with intervals and yardsticks, diagnosis, verdict, pictures."""

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gantlet import __version__
from gantlet.actions import pictures
from gantlet.actions.asked import metric_names
from gantlet.actions.findings import Pair, findings
from gantlet.actions.images import Images, Progress, nothing
from gantlet.actions.judge import Judge
from gantlet.actions.prepare import features_of, prepare
from gantlet.actions.verdict import verdict
from gantlet.config import EvaluateConfig
from gantlet.data import open_source
from gantlet.data.source import ImageSource
from gantlet.files import write_bytes
from gantlet.protocols import fixed
from gantlet.results import Report, Suspect

COLUMNS = 10


def evaluate(
    fake: str | ImageSource,
    real: str | ImageSource,
    config: EvaluateConfig | None = None,
    *,
    out: Path | None = None,
    progress: Progress = nothing,
) -> Report:
    """Judge generated images against real ones.

    Args: fake, real: source strings (folder, .zip, .npz, built-in name, run:PATH …) or opened sources; config: the
    settings; out: a folder for report.json and the pictures; progress: called with (stage, done, total).
    Returns: the Report.
    Raises: BadFiles, DataError, UsageError, TooFewSamples.
    """
    config = fixed(config or EvaluateConfig())
    metric_names(config)
    target = open_source(real) if isinstance(real, str) else real
    other = config.held_out or target.held_out
    n = config.n or default_n(len(target), len(open_source(other)) if other else 0)
    opened = open_source(fake, n=n, seed=config.seed) if isinstance(fake, str) else fake
    trained = opened.spec.startswith("run:")
    judges = prepare(target, config, progress, shape_of(opened) if trained else None)
    return judged(judges, opened, out=out)


def default_n(*real: int) -> int:
    """Return how many images are drawn from a generator: as many as the larger real set has, within 1,000 … 10,000."""
    return min(10_000, max(1_000, *real))


def shape_of(source: ImageSource) -> tuple[int, int]:
    """Return side and channels of a trained generator's images."""
    height, _, channels = source.read(0).shape
    return height, channels


def judged(
    judges: Sequence[Judge], fake: ImageSource, *, out: Path | None = None, images_seen: int | None = None
) -> Report:
    """Judge one set of fakes with prepared judges, one a feature space; the first one's space gives the verdict.

    Writes report.json and pictures into ``out`` where one is given.
    """
    started = time.perf_counter()
    sides = features_of(judges, fake)
    all_found = [findings(judge, side) for judge, side in zip(judges, sides, strict=True)]
    judge, images, found = judges[0], sides[0], all_found[0]
    report = Report(
        features=_stamp(judges),
        real=judge.real.source.spec,
        fake=fake.spec,
        n_real=judge.real.bank.n,
        n_fake=images.bank.n,
        seed=judge.config.seed,
        estimates=tuple(
            dataclasses.replace(estimate, features=judge.space)
            for judge, found in zip(judges, all_found, strict=True)
            for estimate in found.estimates
        ),
        verdict=verdict(found.estimates, found.modes, found.copies),
        modes=found.modes,
        suspects=_suspects(judge.train, images, found.suspects, out),
        pictures=_pictures(judge, images, out),
        warnings=_warnings(judge, images),
        seconds={**judge.seconds, "total": time.perf_counter() - started},
        images_seen=images_seen,
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


def _suspects(train: Images, fake: Images, pairs: Sequence[Pair], out: Path | None) -> tuple[Suspect, ...]:
    """Name the fakes closest to a training image, each with both pictures."""
    found = []
    rows = {"fake": _rows(fake), "real": _rows(train)}
    for rank, pair in enumerate(pairs):
        files = ["", ""]
        if out is not None:
            sides = (("fake", fake.source, pair.fake), ("real", train.source, pair.train))
            for side, (role, source, row) in enumerate(sides):
                files[side] = f"pictures/suspect-{rank:02d}-{role}.png"
                image = source.read(int(rows[role][row]))
                write_bytes(out / files[side], pictures.png(pictures.thumbnail(image)))
        names = fake.bank.names[pair.fake], train.bank.names[pair.train]
        found.append(Suspect(*names, pair.distance, pair.ratio, *files))
    return tuple(found)


def _rows(images: Images) -> np.ndarray:
    """Return the source's index of each row of the bank (files that were skipped have none)."""
    if not images.skipped:
        return np.arange(len(images.source))
    skipped = set(images.skipped)
    return np.array([i for i, name in enumerate(images.source.names) if name not in skipped])


def _pictures(judge: Judge, fake: Images, out: Path | None) -> dict[str, list[str]]:
    """Write a grid of fakes and one of real images: ten of each class where both sides have labels, else the first hundred."""
    if out is None:
        return {}
    sides = {"fakes": fake, "reals": judge.real}
    classed = all(side.bank.labels is not None and 1 < len(side.source.classes) <= 40 for side in sides.values())
    made = {}
    for role, side in sides.items():
        if side.source.statistics:
            continue
        rows = np.arange(min(100, side.bank.n))
        if classed and side.bank.labels is not None:
            rows = pictures.by_class(side.bank.labels, len(side.source.classes), COLUMNS)
        path = out / "pictures" / f"{role}.png"
        if len(rows):
            made[role] = [pictures.write_grid(path, side.source, _rows(side)[rows], COLUMNS)]
    return {"by_class": made.pop("fakes"), **made} if classed and "fakes" in made else made


def _warnings(judge: Judge, fake: Images) -> tuple[str, ...]:
    lines = [note for images in (judge.real, fake) for note in images.source.notes]
    for role, images in (("real", judge.real), ("generated", fake)):
        if images.skipped:
            lines.append(
                f"{len(images.skipped)} {role} files could not be decoded and were left out: {', '.join(images.skipped)}"
            )
        lines += images.warnings
    read = [images for images in (judge.real, fake) if not images.source.statistics]
    sizes = [images.source.read(int(_rows(images)[0])).shape for images in read]
    if len(sizes) == 2 and sizes[0][:2] != sizes[1][:2] and len(fake.source) > 1:
        described = [f"{height}×{width}" for height, width, _ in sizes]
        lines.append(
            f"the first real image is {described[0]} pixels, the first generated one {described[1]}: different sizes change every number"
        )
    if fake.source.digest == judge.real.source.digest:
        lines.append("real and generated images are the same data; every number below compares it with itself")
    if judge.held_out is None and not judge.real.source.statistics:
        lines.append("no held-out real images: the yardsticks compare two halves of the real set with each other")
    return tuple(dict.fromkeys(lines))
