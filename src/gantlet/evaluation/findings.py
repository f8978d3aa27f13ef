"""What one comparison found, apart from pictures and words; kept in the cache by the content of everything it came from."""

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import gantlet
from gantlet.core.config import memory_bytes
from gantlet.core.errors import TooFewSamples
from gantlet.core.results.estimate import Estimate, estimate_from
from gantlet.core.results.report import ModeCount
from gantlet.core.version import __version__
from gantlet.data.points import PointSource
from gantlet.evaluation.compute import resolve
from gantlet.evaluation.copies import CopyRatios, TailTest, copy_ratios, copy_test, outlier_test
from gantlet.evaluation.evaluator import Judge
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.extraction import Images
from gantlet.evaluation.features.cache import cache_path, load, store
from gantlet.evaluation.modes import Modes, assign, counted

SUSPECTS = 12
OUTLIERS = 8
EXAMPLES = 7


@dataclass(frozen=True)
class Pair:
    """Rows of a fake and of the training image nearest to it, their distance, and the copy ratio."""

    fake: int
    train: int
    distance: float
    ratio: float


@dataclass(frozen=True)
class Far:
    """Row of an image without a counterpart, on the ``side`` fake or real, and its ratio (results.Outlier)."""

    side: str
    row: int
    ratio: float


@dataclass(frozen=True)
class Findings:
    """What a judge finds. ``examples``: for each mode the row of its most typical real image (−1: none), then of some fakes.

    ``copies``, ``outlier_test``: whether too many fakes lie too close to, or too far from, the training images; None
    without held-out images. ``suspects``: the closest pairs; ``outliers``: the farthest images of both sides.
    """

    estimates: tuple[Estimate, ...]
    modes: tuple[ModeCount, ...]
    examples: tuple[tuple[int, ...], ...]
    copies: TailTest | None
    outlier_test: TailTest | None
    suspects: tuple[Pair, ...]
    outliers: tuple[Far, ...]


def findings(judge: Judge, fake: Images) -> Findings:
    """Return what the judge finds about some fakes: from the cache where the same was asked before, else computed now."""
    if not judge.config.cache:
        return _compute(judge, fake)
    made_of = _made_of(judge, fake)
    path = cache_path("findings", made_of)
    known = load(path, made_of)
    if known is not None:
        return _read(known[1])
    found = _compute(judge, fake)
    store(path, {}, made_of, dataclasses.asdict(found))
    return found


def _made_of(judge: Judge, fake: Images) -> dict[str, Any]:
    sides = {"real": judge.real, "fake": fake, "held_out": judge.held_out, "train": judge.train, "test": judge.test}
    return {
        "package": __version__,
        "code": _code(),
        "extractor": judge.extractor.identity,
        **{name: side and [side.source.digest, list(side.skipped)] for name, side in sides.items()},
        "labels": [None if side.bank.labels is None else _digest(side.bank.labels) for side in (judge.real, fake)],
        "classes": [list(judge.train.source.classes), list(fake.source.classes)],
        "metrics": [[spec, resolve(spec)[0].meta.version] for spec in judge.metric_names()],
        "seed": judge.config.seed,
        "level": judge.config.level,
        "pairs": judge.config.pairs,
        "names": [hashlib.sha256("\n".join(side.bank.names).encode()).hexdigest() for side in (judge.real, fake)],
    }


@cache
def _code() -> str:
    """Return the SHA-256 over the package's source: what was found by other code is not read again."""
    package = Path(gantlet.__file__).parent
    whole = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        whole.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return whole.hexdigest()


def _digest(labels: np.ndarray) -> str:
    from gantlet.evaluation.features.cache import arrays_digest

    return arrays_digest({"labels": labels})


def _read(raw: dict[str, Any]) -> Findings:
    return Findings(
        tuple(estimate_from(entry) for entry in raw["estimates"]),
        tuple(ModeCount(**entry) for entry in raw["modes"]),
        tuple(tuple(rows) for rows in raw["examples"]),
        TailTest(**raw["copies"]) if raw["copies"] else None,
        TailTest(**raw["outlier_test"]) if raw["outlier_test"] else None,
        tuple(Pair(**entry) for entry in raw["suspects"]),
        tuple(Far(**entry) for entry in raw["outliers"]),
    )


def _compute(judge: Judge, fake: Images) -> Findings:
    evidence = judge.evidence(fake, judge.answers(fake.source))
    estimates = judge.estimates(evidence)
    if any(bank.summary is not None for bank in (judge.train.bank, judge.real.bank, fake.bank)):
        return Findings(estimates, (), (), None, None, (), ())  # statistics files have no rows to look among
    memory = memory_bytes(judge.config.memory)
    if isinstance(fake.source, PointSource):
        modes = assign(evidence)
        return Findings(estimates, counted(evidence, modes) if modes else (), (), None, None, (), ())
    judge.progress("search for copies and outliers", 0, 1)
    train = judge.train.bank.features
    ratios = copy_ratios(train, fake.bank.features, memory)
    unseen = copy_ratios(train, judge.test.bank.features, memory) if judge.test else None
    modes = assign(evidence)
    judge.progress("search for copies and outliers", 1, 1)
    return Findings(
        estimates,
        counted(evidence, modes) if modes else (),
        _examples(modes) if modes else (),
        copy_test(ratios, unseen) if unseen else None,
        outlier_test(ratios, unseen) if unseen else None,
        _suspects(ratios),
        (*_far_fakes(ratios), *_missed(evidence)),
    )


def _suspects(ratios: CopyRatios) -> tuple[Pair, ...]:
    order = np.argsort(ratios.ratio, kind="stable")[:SUSPECTS]
    return tuple(
        Pair(int(row), int(ratios.nearest[row]), float(ratios.distance[row]), float(ratios.ratio[row])) for row in order
    )


def _far_fakes(ratios: CopyRatios) -> tuple[Far, ...]:
    order = np.argsort(-ratios.ratio, kind="stable")[:OUTLIERS]
    return tuple(Far("fake", int(row), float(ratios.ratio[row])) for row in order)


def _missed(evidence: Evidence) -> tuple[Far, ...]:
    """Return the real images that lie farthest from every fake, in units of the distance to their own k-th neighbour.

    None where there are too few images for neighbours at all; the metrics that need them then say so.
    """
    try:
        found = evidence.neighbours
    except TooFewSamples:
        return ()
    own = found.real.distances[:, -1]
    typical = float(np.median(own[own > 0])) if (own > 0).any() else 1.0
    ratio = found.real_to_fake.distances[:, 0] / np.where(own > 0, own, typical)
    order = np.argsort(-ratio, kind="stable")[:OUTLIERS]
    return tuple(Far("real", int(row), float(ratio[row])) for row in order)


def _examples(modes: Modes) -> tuple[tuple[int, ...], ...]:
    fakes = [np.flatnonzero(modes.fake == k)[:EXAMPLES] for k in range(len(modes.names))]
    return tuple((int(modes.medoids[k]), *(int(row) for row in rows)) for k, rows in enumerate(fakes))
