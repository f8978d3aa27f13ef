"""Statistics files: the moments of a set of features, with all that decides them, in safetensors; published .npz too."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import scipy.linalg

from gantlet.core.errors import CacheError, DataError
from gantlet.core.schema import SCHEMA, Count, from_plain
from gantlet.core.stamp import differing
from gantlet.core.version import __version__
from gantlet.core.words import counted
from gantlet.data.numpy_files import read_arrays
from gantlet.evaluation.features.cache import read, store
from gantlet.evaluation.stats.moments import Moments, PublishedMoments
from gantlet.evaluation.stats.probabilities import ClassProbabilities
from gantlet.evaluation.stats.summary import AnySummary, PublishedSummary, Summary

ROUNDING = 1e-3
"""Of a published covariance, relative to its largest eigenvalue: many were made in float32 from fewer images than dimensions."""
KIND = "gantlet statistics, version 1"


@dataclass(frozen=True)
class Made:
    """One of the sources behind the statistics."""

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    spec: str
    sha256: str
    n: Count


@dataclass(frozen=True)
class Header:
    """What a statistics file says beside its numbers."""

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    kind: str
    features: str
    extractor: dict[str, str]
    protocol: str
    package: str
    sources: tuple[Made, ...]


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
    if not isinstance(header, Mapping) or header.get("kind") != KIND:
        raise CacheError(f"{path} is no statistics file; expected one that `gantlet stats make` wrote")
    parts = sorted({name.partition(".")[0] for name in arrays} - {"classes"})
    try:
        from_plain(Header, header)
        classes = ClassProbabilities(_moments(arrays, "classes")) if "classes.n" in arrays else None
        return Statistics(Summary(tuple(_moments(arrays, part) for part in parts), classes), header)
    except (KeyError, IndexError, ValueError, TypeError, OverflowError) as error:
        raise DataError(f"{path} is damaged ({error}); make it anew with gantlet stats make") from error


def _moments(arrays: Mapping[str, np.ndarray], name: str) -> Moments:
    """Return one part; raises KeyError, ValueError for arrays that are none."""
    mean, m2, numbers = (arrays[f"{name}.{field}"] for field in ("mean", "m2", "n"))
    n = int(numbers[0])
    if n < 0 or mean.ndim != 1 or m2.ndim != 1 or not (np.isfinite(mean).all() and np.isfinite(m2).all()):
        raise ValueError(f"{counted(n, 'row')}, or numbers that are not finite")
    d = len(mean)
    if m2.size != d * (d + 1) // 2:
        raise ValueError(f"{counted(d, 'dimension')} with {m2.size} covariances; expected d(d + 1)/2")
    whole = np.zeros((d, d))
    whole[np.triu_indices(d)] = m2
    if d and whole.diagonal().min() < 0:
        raise ValueError("a negative variance")
    return Moments(n, mean, whole + np.triu(whole, 1).T)


def _published(path: Path) -> PublishedSummary:
    """Return mu and sigma; the number of images is unknown."""
    arrays = read_arrays(str(path), ("mu", "sigma"))
    try:
        mean, cov = (_real(arrays[name]) for name in ("mu", "sigma"))
    except (ValueError, KeyError) as error:
        raise DataError(f"{path} cannot be read as published statistics (mu and sigma): {error}") from error
    if (
        mean.ndim != 1
        or not len(mean)
        or cov.shape != (len(mean), len(mean))
        or not (np.isfinite(mean).all() and np.isfinite(cov).all())
    ):
        raise DataError(
            f"{path}: mu {mean.shape} and sigma {cov.shape} are not a finite mean [d] and covariance [d, d]"
        )
    symmetric = (cov + cov.T) / 2
    values = scipy.linalg.eigvalsh(symmetric, check_finite=False)
    if np.abs(cov - symmetric).max() > ROUNDING * np.abs(cov).max() or values[0] < -ROUNDING * max(values[-1], 0.0):
        raise DataError(
            f"{path}: sigma is no covariance (its eigenvalues go from {values[0]:.3g} to {values[-1]:.3g}); make the file anew"
        )
    return PublishedSummary(PublishedMoments(mean, symmetric))


def _real(array: np.ndarray) -> np.ndarray:
    """Return an array as float64; raises ValueError for complex numbers and for what is no number."""
    if array.dtype.kind not in "fiu":
        raise ValueError(f"expected real numbers, got {array.dtype}")
    return array.astype(np.float64)


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
                f"{path} has {counted(len(statistics.summary.moments.mean), 'dimension')}, this protocol's features {dim}"
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
