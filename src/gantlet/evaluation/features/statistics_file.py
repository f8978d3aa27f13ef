"""Statistics files: the moments of a set of features, with all that decides them, in safetensors; published .npz too."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gantlet.core.errors import CacheError, DataError
from gantlet.core.stamp import differing
from gantlet.core.version import __version__
from gantlet.evaluation.features.cache import read, store
from gantlet.evaluation.stats.moments import Moments, PublishedMoments
from gantlet.evaluation.stats.probabilities import ClassProbabilities
from gantlet.evaluation.stats.summary import AnySummary, PublishedSummary, Summary

KIND = "gantlet statistics, version 1"
LARGEST = 20_000
"""Dimensions of a statistics file at most: 3.2 GB for its covariance."""


@dataclass(frozen=True)
class Statistics:
    """A summary and its header: ``features`` (spec), ``extractor`` (identity), ``protocol``, ``package``, ``sources``.

    The header of a published .npz is empty: it says nothing of how it was made.
    """

    summary: AnySummary
    header: Mapping[str, Any]


def write_statistics(path: Path, statistics: Statistics) -> None:
    """Write a statistics file atomically; raises OutputError."""
    summary = statistics.summary
    arrays: dict[str, np.ndarray] = {}
    named = {f"part{i}": part for i, part in enumerate(summary.parts)}
    if summary.classes is not None:
        named["classes"] = summary.classes.moments
    for name, moments in named.items():
        upper = np.triu_indices(len(moments.mean))
        arrays |= {f"{name}.n": np.array([moments.n]), f"{name}.mean": moments.mean, f"{name}.m2": moments.m2[upper]}
    store(path, arrays, {"kind": KIND, **statistics.header}, {"n": summary.n})


def read_statistics(path: Path) -> Statistics:
    """Read a statistics file, or a published .npz of mu and sigma; raises CacheError, DataError."""
    if path.suffix.lower() == ".npz":
        return Statistics(_published(path), {})
    arrays, header, _ = read(path)
    if header.get("kind") != KIND:
        raise CacheError(f"{path} is no statistics file; expected one that `gantlet stats make` wrote")
    parts = sorted({name.partition(".")[0] for name in arrays} - {"classes"})
    classes = ClassProbabilities(_moments(arrays, "classes")) if "classes.n" in arrays else None
    return Statistics(Summary(tuple(_moments(arrays, part) for part in parts), classes), header)


def _moments(arrays: Mapping[str, np.ndarray], name: str) -> Moments:
    mean, n = arrays[f"{name}.mean"], int(arrays[f"{name}.n"][0])
    if n < 0 or mean.ndim != 1 or not np.isfinite(mean).all() or not np.isfinite(arrays[f"{name}.m2"]).all():
        raise DataError(
            f"statistics of {n} rows, or with numbers that are not finite: the file is damaged; make it anew"
        )
    d, entries = len(mean), arrays[f"{name}.m2"].size
    if d > LARGEST or entries != d * (d + 1) // 2:
        raise DataError(
            f"statistics of {d} dimensions (at most {LARGEST:,}) with {entries} covariances; expected d(d + 1)/2: the file is "
            "damaged; make it anew"
        )
    m2 = np.zeros((d, d))
    m2[np.triu_indices(len(mean))] = arrays[f"{name}.m2"]
    return Moments(n, mean, m2 + np.triu(m2, 1).T)


def _published(path: Path) -> PublishedSummary:
    """Return mu and sigma; the number of images is unknown."""
    try:
        with np.load(path, allow_pickle=False) as file:
            mean, cov = file["mu"].astype(np.float64), file["sigma"].astype(np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path} cannot be read as published statistics (mu and sigma): {error}") from error
    if (
        mean.ndim != 1
        or cov.shape != (len(mean), len(mean))
        or not (np.isfinite(mean).all() and np.isfinite(cov).all())
    ):
        raise DataError(
            f"{path}: mu {mean.shape} and sigma {cov.shape} are not a finite mean [d] and covariance [d, d]"
        )
    return PublishedSummary(PublishedMoments(mean, (cov + cov.T) / 2))


def check_statistics(path: str, statistics: Statistics, extractor: Mapping[str, str], dim: int, protocol: str) -> None:
    """Raise CacheError naming the field in which a file differs from what this evaluation computes.

    ``protocol``: the published one asked for, or ''. A published .npz names nothing, so the protocol must be.
    """
    header = statistics.header
    if not header:
        if not protocol:
            raise CacheError(
                f"{path} holds mu and sigma but does not say how they were made; name the protocol that it was "
                "published for: --protocol pytorch-fid, clean-fid or fid"
            )
        if len(statistics.summary.moments.mean) != dim:
            raise CacheError(
                f"{path} has {len(statistics.summary.moments.mean)} dimensions, this protocol's features {dim}"
            )
        return
    theirs = {**header["extractor"], "package": header["package"]}
    ours = {**extractor, "package": __version__}
    if protocol and header["protocol"]:
        theirs["protocol"], ours["protocol"] = header["protocol"], protocol
    if apart := differing(theirs, ours):
        field, made, wanted = apart
        raise CacheError(
            f"{path} was made with {field} = {made!r}, this evaluation has {wanted!r}; make the statistics anew (gantlet "
            f"stats make), or evaluate as they were made: --features '{header.get('features', '')}'"
        )
