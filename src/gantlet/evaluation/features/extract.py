"""One pass from an image source to a FeatureBank, through the cache."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from gantlet.core.errors import BadFiles, ConfigError
from gantlet.core.interfaces.extractors import Extractor, TakesPoints
from gantlet.core.limits import DEFAULT, most
from gantlet.core.processes import processes
from gantlet.data.kinds import Items
from gantlet.data.points import PointSource
from gantlet.evaluation.features.cache import cache_path, keep, load
from gantlet.evaluation.features.onepass import compute_together
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.images import ImageRows

VERSION = "1"


@dataclass(frozen=True)
class ExtractInfo:
    """Where features come from: files ``skipped`` as (name, reason), from the cache or not, seconds, images per second."""

    skipped: tuple[tuple[str, str], ...]
    cached: bool
    seconds: float
    images_per_second: float


def extract(
    source: Items,
    extractor: Extractor,
    *,
    cache: bool = True,
    on_bad: str = "fail",
    progress: Callable[[int, int], None] | None = None,
    workers: int = 0,
) -> tuple[FeatureBank, ExtractInfo]:
    """Return the features of every image of a source, in its order; see `extract_all`."""
    return extract_all(source, [extractor], cache=cache, on_bad=on_bad, progress=progress, workers=workers)[0]


def extract_all(
    source: Items,
    extractors: Sequence[Extractor],
    *,
    cache: bool = True,
    on_bad: str = "fail",
    progress: Callable[[int, int], None] | None = None,
    workers: int = 0,
) -> list[tuple[FeatureBank, ExtractInfo]]:
    """Return the features of every image of a source in several spaces; each image is decoded once.

    Decoding and preparation run in ``workers`` threads (0: one per core), the networks in the caller's. The cache is
    keyed by the images' content, the extractor's identity and the versions of decoder and Pillow.

    Args: cache: read and write the cache; on_bad: fail (BadFiles names every undecodable file) or skip (they are left
    out of the bank and listed); progress: called with (images done, images).
    Under torchrun the processes share the work, the first one reads and writes the cache, and all get all features.
    Features that cannot be cached are a warning, and no error.

    Raises: BadFiles, CacheError (a damaged or foreign cache file), NonFiniteError, ConfigError, DataError.
    """
    if on_bad not in ("fail", "skip"):
        raise ConfigError(f"on_bad must be fail or skip; got {on_bad!r}")
    started = time.perf_counter()
    places = [_place(source, extractor) for extractor in extractors]
    group = processes()
    results = group.first(lambda: [load(path, made_of) if cache else None for path, made_of in places])
    for i, extractor in enumerate(extractors):
        if isinstance(source, PointSource) and isinstance(extractor, TakesPoints):
            results[i] = {"rows": np.arange(len(source)), "features": extractor.points(source.points)}, {"bad": []}
    left = [i for i, result in enumerate(results) if result is None]
    if left:
        outputs, bad = compute_together(source, [extractors[i] for i in left], on_bad, progress, workers)
        for i, arrays in zip(left, outputs, strict=True):
            results[i] = arrays, {"bad": bad}
    banks = []
    for i, (result, (path, made_of)) in enumerate(zip(results, places, strict=True)):
        assert result is not None
        bank, skipped = _bank(source, result, on_bad)
        if cache and i in left and group.rank == 0:
            keep(path, result[0], made_of, result[1])
        seconds = time.perf_counter() - started
        rate = len(source) / max(seconds, 1e-9)
        banks.append((bank, ExtractInfo(skipped, i not in left, seconds, rate)))
    return banks


def _place(source: Items, extractor: Extractor) -> tuple[Path, dict[str, Any]]:
    """Return where the features are cached, and what they are made of."""
    made_of: dict[str, Any] = {
        "source_sha256": source.digest,
        "n": len(source),
        "extractor": dict(extractor.identity),
        "pillow": PIL.__version__,
        "version": VERSION,
        **({} if most() == DEFAULT else {"limit": str(most())}),
    }
    return cache_path(f"features/{extractor.name}", made_of), made_of


def _bank(
    source: Items, result: tuple[dict[str, np.ndarray], dict[str, Any]], on_bad: str
) -> tuple[FeatureBank, tuple[tuple[str, str], ...]]:
    arrays, facts = result
    bad = [(source.names[int(row)], str(reason)) for row, reason in facts["bad"]]
    if bad and on_bad == "fail":
        raise BadFiles(source.spec, bad, len(source))
    labels = None if source.labels is None else source.labels[arrays["rows"]]
    names = [source.names[row] for row in arrays["rows"]]
    images = None if source.decode is None else ImageRows(source.decode, arrays["rows"])
    return FeatureBank(arrays["features"], arrays.get("probabilities"), labels, names, images), tuple(bad)
