"""One pass from an image source to a FeatureBank, through the cache."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from gantlet.data.reading import read_all
from gantlet.data.source import ImageSource
from gantlet.errors import BadFiles, ConfigError, OutputError
from gantlet.features import Extractor
from gantlet.features.cache import cache_path, load, store
from gantlet.stats.feature_bank import FeatureBank
from gantlet.stats.images import ImageRows

BATCH = 16
"""Images a call of the network: its activations then stay near the cache, which is faster on CPUs than 64."""
VERSION = "1"


@dataclass(frozen=True)
class ExtractInfo:
    """How features were had: files ``skipped`` as (name, reason), from the cache or not, seconds, images a second."""

    skipped: tuple[tuple[str, str], ...]
    cached: bool
    seconds: float
    images_per_second: float
    warnings: tuple[str, ...] = ()


def extract(
    source: ImageSource,
    extractor: Extractor,
    *,
    cache: bool = True,
    on_bad: str = "fail",
    progress: Callable[[int, int], None] | None = None,
    workers: int = 0,
) -> tuple[FeatureBank, ExtractInfo]:
    """Return the features of every image of a source, in its order.

    Decoding and preparation run in ``workers`` threads (0: one a core), the network in the caller's. The cache is keyed
    by the images' content, the extractor's identity and the versions of decoder and Pillow.

    Args: cache: read and write the cache; on_bad: fail (BadFiles names every undecodable file) or skip (they are left
    out of the bank and listed); progress: called with (images done, images).
    Raises: BadFiles, CacheError (a damaged or foreign cache file), NonFiniteError, ConfigError, DataError.
    """
    if on_bad not in ("fail", "skip"):
        raise ConfigError(f"on_bad must be fail or skip; got {on_bad!r}")
    started = time.perf_counter()
    made_of: dict[str, Any] = {
        "source_sha256": source.digest,
        "n": len(source),
        "extractor": dict(extractor.identity),
        "pillow": PIL.__version__,
        "version": VERSION,
    }
    path = cache_path(f"features/{extractor.name}", made_of)
    found = load(path, made_of) if cache else None
    if found:
        arrays, facts = found
        bad_rows = [(int(row), str(reason)) for row, reason in facts["bad"]]
    else:
        arrays, bad_rows = _compute(source, extractor, on_bad, progress, workers)
    bad = [(source.names[row], reason) for row, reason in bad_rows]
    if bad and on_bad == "fail":
        raise BadFiles(source.spec, bad, len(source))
    labels = None if source.labels is None else source.labels[arrays["rows"]]
    names = [source.names[row] for row in arrays["rows"]]
    images = ImageRows(source.read, arrays["rows"])
    bank = FeatureBank(arrays["features"], arrays.get("probabilities"), labels, names, images)
    warnings = _store(path, arrays, made_of, bad_rows) if cache and not found else ()
    seconds = time.perf_counter() - started
    return bank, ExtractInfo(tuple(bad), found is not None, seconds, len(source) / max(seconds, 1e-9), warnings)


def _store(
    path: Path, arrays: dict[str, np.ndarray], made_of: dict[str, Any], bad: list[tuple[int, str]]
) -> tuple[str, ...]:
    """Cache features; where that is not possible return a warning: the features themselves are not lost for it."""
    try:
        store(path, arrays, made_of, {"bad": bad})
    except OutputError as error:
        return (f"the features were not cached: {error}",)
    return ()


def _compute(
    source: ImageSource, extractor: Extractor, on_bad: str, progress: Callable[[int, int], None] | None, workers: int
) -> tuple[dict[str, np.ndarray], list[tuple[int, str]]]:
    rows: list[int] = []
    bad: list[tuple[int, str]] = []
    waiting: list[np.ndarray] = []
    outputs: list[tuple[np.ndarray, np.ndarray | None]] = []
    for batch in read_all(source, extractor.prepare, on_bad=on_bad, workers=workers, progress=progress):
        rows += batch.rows
        bad += batch.bad
        waiting += batch.items
        while len(waiting) >= BATCH:
            outputs.append(extractor.extract(np.stack(waiting[:BATCH])))
            del waiting[:BATCH]
    if waiting:
        outputs.append(extractor.extract(np.stack(waiting)))
    arrays = {"rows": np.array(rows, np.int64), "features": np.concatenate([features for features, _ in outputs])}
    probabilities = [p for _, p in outputs if p is not None]
    if probabilities:
        arrays["probabilities"] = np.concatenate(probabilities)
    return arrays, bad
