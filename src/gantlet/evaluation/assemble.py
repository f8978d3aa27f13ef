"""Assemble the report: estimates of all spaces, the verdict, pictures, warnings, and what made it all."""

import contextlib
import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gantlet.core.output import REPORT, remove_pictures, writing_result
from gantlet.core.processes import processes
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.plain import as_plain
from gantlet.core.results.report import Report
from gantlet.core.version import __version__
from gantlet.core.words import agreeing, counted, some_of
from gantlet.evaluation.across_spaces import mean_over_spaces
from gantlet.evaluation.across_spaces import said as fitted
from gantlet.evaluation.duplicates import duplicates
from gantlet.evaluation.findings import Findings
from gantlet.evaluation.formats import answered, compression, said_of_both, said_of_further
from gantlet.evaluation.gallery import Gallery
from gantlet.evaluation.groups import groups_are_classes
from gantlet.evaluation.image_rows import source_rows
from gantlet.evaluation.labels import unmatched
from gantlet.evaluation.overlap import exact_copies, overlap
from gantlet.evaluation.repeated import said_of_repeats
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.unlike import UNLIKE, unlike, without_held_out
from gantlet.evaluation.verdict import verdict


def assemble(
    spaces: Sequence[Space],
    sides: Sequence[Side],
    findings: Sequence[Findings],
    started: float,
    *,
    out: Path | None = None,
    images_seen: int | None = None,
    until: str = "",
) -> Report:
    """Return the report of one evaluation; the first space gives the verdict.

    Args: spaces, sides, findings: one each per feature space; started: ``time.perf_counter()`` at the beginning; out: a
    folder for report.json and pictures; images_seen: of the training so far; until: how far images were drawn, where
    that was asked. The first process writes, all return it.
    """

    def report() -> Report:
        with contextlib.nullcontext() if out is None else writing_result(out, REPORT):
            written = _assembled(spaces, sides, findings, out)
            seconds = {**spaces[0].seconds, "total": time.perf_counter() - started}
            settings = {**written.settings, **({"until": until} if until else {})}
            written = dataclasses.replace(written, seconds=seconds, images_seen=images_seen, settings=settings)
            if out is not None:
                written.save(out / "report.json")
                (out / "report.html").unlink(missing_ok=True)  # of the earlier report
                remove_pictures(out, written.files())
        return written

    return processes().first(report)


def _assembled(
    spaces: Sequence[Space], sides: Sequence[Side], findings: Sequence[Findings], out: Path | None
) -> Report:
    differ = unlike(spaces[0], findings[0].estimates)
    known = [without_held_out(each) for each in findings] if differ else findings
    return _reported(spaces, sides, known, out, differ)


def _reported(
    spaces: Sequence[Space], sides: Sequence[Side], findings: Sequence[Findings], out: Path | None, differ: str
) -> Report:
    space, fake, first = spaces[0], sides[0], findings[0]
    gallery = Gallery(out, space.real, space.train, fake, space.config)
    copied = exact_copies(dataclasses.replace(space, test=None) if differ else space, fake)
    estimates = _estimates(spaces, findings)
    return Report(
        features=_stamp(spaces),
        real=space.real.source.spec,
        fake=fake.source.spec,
        n_real=space.real.bank.n,
        n_fake=fake.bank.n,
        seed=space.config.seed,
        estimates=(*estimates, *mean_over_spaces(estimates)),
        verdict=verdict(
            first.estimates,
            first.modes,
            first.copies,
            first.outlier_test,
            classes=first.classes,
            shares=first.shares,
            exact=copied,
            no_test=UNLIKE if differ else space.no_test,
            further=(*said_of_repeats(space, fake), differ, *_not_compared(space, fake), *fitted(estimates)),
            points=fake.source.kind == "points",
            level=space.config.level,
        ),
        modes=gallery.modes(first),
        suspects=gallery.suspects(first.suspects),
        outliers=gallery.outliers(first.outliers),
        pictures=gallery.grids(),
        warnings=_warnings(space, fake),
        remarks=said_of_both(space.real.source.remarks, fake.source.remarks),
        digests=_digests(space, fake),
        exact_copies=copied,
        classes=first.classes,
        class_shares=first.shares,
        settings=as_plain(space.config),
        distinct_fakes=_distinct(fake),
    )


def _distinct(fake: Side) -> int | None:
    rows = fake.bank.rows
    return None if rows is None else rows.n - duplicates(rows)


def _estimates(spaces: Sequence[Space], findings: Sequence[Findings]) -> tuple[Estimate, ...]:
    """Return the estimates of all spaces, each with the name of its own."""
    return tuple(
        dataclasses.replace(estimate, features=each.name)
        for each, known in zip(spaces, findings, strict=True)
        for estimate in known.estimates
    )


def _not_compared(space: Space, fake: Side) -> list[str]:
    """Return cautions about labelled classes that could not be compared: no verdict says that all is well without them."""
    return [f"caution: {line}" for line in unmatched(space, fake)]


def _stamp(spaces: Sequence[Space]) -> dict[str, Any]:
    """Return what decides the numbers: extractor (and every other space's), protocol, package."""
    first = spaces[0]
    others = {space.name: space.extractor.identity for space in spaces} if len(spaces) > 1 else {}
    stamp = {**first.extractor.identity, "protocol": first.config.protocol, "package": __version__}
    return {**stamp, "spaces": others} if others else stamp


def _digests(space: Space, fake: Side) -> dict[str, str]:
    roles = {"real": space.real, "fake": fake, "training": space.train, "held-out": space.held_out}
    return {role: side.source.digest for role, side in roles.items() if side is not None}


def warnings_of(space: Space, fake: Side, name: str = "generated") -> list[str]:
    """Return what is wrong with one side of a comparison, called by ``name``: exact copies, and warnings about the images."""
    copies, noun = [], fake.source.kind.removesuffix("s")
    for found in exact_copies(space, fake):
        if found.copied:
            fact = found.fact(noun, f"{found.among} one", whose=f" of {name}", of="of the")
            copies.append(f"{fact}: most metrics reward copies")
        said = found.said(noun, f"{found.among} {fake.source.kind}", space.no_test, whose=f" of {name}")
        copies += [line for _, line in said]
    return [*copies, *_of_images(space, fake, name), *_shared(space, fake, name)]


def said_of_unseen(space: Space) -> tuple[str, ...]:
    """Return the notes of how held-out and training images were read that are not those of the real images too."""
    held_out = None if space.held_out is None else space.held_out.source
    train = None if space.train is space.held_out else space.train.source
    notes = said_of_further(space.real.source, ("held-out images", held_out), ("training images", train))
    return answered(notes, space.config.groups)


def _warnings(space: Space, fake: Side) -> tuple[str, ...]:
    notes = said_of_both(space.real.source.notes, fake.source.notes)
    lines = [*answered(notes, space.config.groups), *said_of_unseen(space)]
    lines += [*_of_images(space, fake, "generated"), *_shared(space, fake, "generated")]
    if space.held_out is None and space.real.bank.rows is not None and not space.no_reference:
        why = "no held-out real images" if space.spoiled is None else "the held-out images are among the generated ones"
        lines.append(f"{why}: the references compare parts of the real set with the rest of it")
    return tuple(dict.fromkeys(lines))


def _of_images(space: Space, fake: Side, name: str) -> list[str]:
    sides = {"real": space.real, name: fake}
    lines = compression(space.real.source, fake.source, name)
    for role, side in sides.items():
        lines += [*_of_side(role, side), *groups_are_classes(role, side.source, space.config.groups)]
    lines += unmatched(space, fake, name) if name != "generated" else []  # a report says it in its verdict
    shapes = [side.source.decode(int(source_rows(side)[0])).shape for side in sides.values() if side.source.decode]
    if len(shapes) == 2 and shapes[0][:2] != shapes[1][:2] and len(fake.source) > 1:
        real, generated = (f"{height}×{width}" for height, width, _ in shapes)
        lines.append(
            f"the first real image is {real} pixels, the first generated one {generated}: different sizes change every number"
        )
    if fake.source.digest == space.real.source.digest:
        lines.append("real and generated images are the same data; every number below compares it with itself")
    return lines


def _shared(space: Space, fake: Side, name: str) -> list[str]:
    """Say which roles share images, and what is withheld for it."""
    lines = []
    for found in space.overlaps:
        what = ["no reference is computed from them"] if found.text == space.no_reference else []
        what += ["they do not count as unseen"] if found.text in space.no_test else []
        lines.append("; ".join((found.text, *what)))
    if space.held_out is not None and space.held_out is not space.train:
        found = overlap((name, fake), ("held-out", space.held_out))
        lines += [found.text] if found.n else []
    return lines


def _of_side(role: str, side: Side) -> list[str]:
    lines = []
    if side.skipped:
        lines.append(
            f"{counted(len(side.skipped), f'{role} file')} could not be decoded and {agreeing(len(side.skipped), 'were')} left out: {', '.join(side.skipped)}"
        )
    lines += side.warnings
    rows = side.bank.rows
    if rows is not None and (repeated := duplicates(rows)):
        lines.append(
            f"{some_of(repeated, rows.n, f'{role} one', 'repeat', 'of the')} another one exactly (distinct: {rows.n - repeated:,})"
        )
    return lines
