"""A random part of a source, so that two sides hold equally many items."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.core.rng import numpy_stream
from gantlet.data.kinds import Items
from gantlet.data.points import PointSource
from gantlet.data.source import ImageSource


def cut(source: Items, n: int, seed: int) -> Items:
    """Return n random items of a source in their order (all of them where it has no more); the same for the same seed."""
    if len(source) <= n:
        return source
    rows = np.sort(numpy_stream(seed, "cut").permutation(len(source))[:n])
    labels = None if source.labels is None else source.labels[rows]
    notes = (*source.notes, f"{n:,} of its {len(source):,} {source.kind}, drawn at random (seed {seed})")
    if isinstance(source, PointSource):
        return replace(source, points=source.points[rows], labels=labels, notes=notes)
    return _images(source, rows, labels, notes)


def _images(
    source: ImageSource, rows: Int64[np.ndarray, " n"], labels: Int64[np.ndarray, " n"] | None, notes: Sequence[str]
) -> ImageSource:
    def read(i: int) -> UInt8[np.ndarray, "h w c"]:
        return source.read(int(rows[i]))

    digest = hashlib.sha256(f"cut {source.digest} ".encode() + rows.astype("<i8").tobytes()).hexdigest()
    names = [source.names[row] for row in rows]
    return replace(source, names=names, read=read, digest=digest, labels=labels, notes=tuple(notes))
