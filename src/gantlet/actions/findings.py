"""What one comparison found, apart from pictures and words; kept in the cache by the content of everything it came from."""

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import gantlet
from gantlet import __version__
from gantlet.actions.images import Images
from gantlet.actions.judge import Judge
from gantlet.config import memory_bytes
from gantlet.features.cache import cache_path, load, store
from gantlet.metrics import resolve
from gantlet.results import Estimate, ModeCount, estimate_from
from gantlet.rng import numpy_stream
from gantlet.stats.copies import CopyRatios, CopyTest, copy_ratios, copy_test
from gantlet.stats.evidence import Evidence
from gantlet.stats.modes import mode_counts

SUSPECTS = 12
CLUSTERS = 20


@dataclass(frozen=True)
class Pair:
    """Rows of a fake and of the training image nearest to it, their distance, and the copy ratio."""

    fake: int
    train: int
    distance: float
    ratio: float


@dataclass(frozen=True)
class Findings:
    """Estimates with yardsticks, counts of modes, the test for copies, and the most suspicious pairs."""

    estimates: tuple[Estimate, ...]
    modes: tuple[ModeCount, ...]
    copies: CopyTest | None
    suspects: tuple[Pair, ...]


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
        "metrics": [[spec, resolve(spec)[0].meta["version"]] for spec in judge.metric_names()],
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
    from gantlet.features.cache import arrays_digest

    return arrays_digest({"labels": labels})


def _read(raw: dict[str, Any]) -> Findings:
    return Findings(
        tuple(estimate_from(entry) for entry in raw["estimates"]),
        tuple(ModeCount(**entry) for entry in raw["modes"]),
        CopyTest(**raw["copies"]) if raw["copies"] else None,
        tuple(Pair(**entry) for entry in raw["suspects"]),
    )


def _compute(judge: Judge, fake: Images) -> Findings:
    evidence = judge.evidence(fake, judge.answers(fake.source))
    estimates = judge.estimates(evidence)
    if any(bank.summary is not None for bank in (judge.train.bank, judge.real.bank, fake.bank)):
        return Findings(estimates, (), None, ())  # statistics files have no rows to look among
    memory = memory_bytes(judge.config.memory)
    judge.progress("search for copies", 0, 1)
    train = judge.train.bank.features
    ratios = copy_ratios(train, fake.bank.features, memory)
    copies = copy_test(ratios, copy_ratios(train, judge.test.bank.features, memory)) if judge.test else None
    return Findings(estimates, count_modes(evidence), copies, _suspects(ratios))


def _suspects(ratios: CopyRatios) -> tuple[Pair, ...]:
    order = np.argsort(ratios.ratio, kind="stable")[:SUSPECTS]
    return tuple(
        Pair(int(row), int(ratios.nearest[row]), float(ratios.distance[row]), float(ratios.ratio[row])) for row in order
    )


def count_modes(evidence: Evidence) -> tuple[ModeCount, ...]:
    """Count modes: classes where the extractor names the data's own classes, else clusters of the real features."""
    real, fake, classes = evidence.real, evidence.fake, evidence.classes
    if (
        real.probabilities is not None
        and fake.probabilities is not None
        and real.probabilities.shape[1] == len(classes)
    ):
        return mode_counts(real.probabilities.argmax(1), fake.probabilities.argmax(1), classes, evidence.level)
    from sklearn.cluster import KMeans

    k = min(CLUSTERS, real.n // 20)
    if k < 2:
        return ()
    rows = numpy_stream(evidence.seed, "clusters").permutation(real.n)[:20_000]
    clusters = KMeans(k, n_init=1, random_state=evidence.seed).fit(real.features[rows])
    names = [f"cluster {i + 1}" for i in range(k)]
    sides = [clusters.predict(bank.features).astype(np.int64) for bank in (real, fake)]
    return mode_counts(sides[0], sides[1], names, evidence.level)
