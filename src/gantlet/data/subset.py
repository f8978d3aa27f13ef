"""Some of a source's items as a source."""

import dataclasses
import hashlib
from typing import TypeVar

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.core.rng import numpy_stream
from gantlet.core.words import agreeing, some_of
from gantlet.data.points import PointSource
from gantlet.data.source import ImageSource

S = TypeVar("S", bound=ImageSource | PointSource)


def subset(source: S, rows: Int64[np.ndarray, " m"], note: str = "") -> S:
    """Return the items at ``rows``, in their order, under the same source string; ``note`` joins the notes."""
    labels = None if source.labels is None else source.labels[rows]
    notes = (*source.notes, note) if note else source.notes
    if isinstance(source, PointSource):
        return dataclasses.replace(source, points=source.points[rows], labels=labels, notes=notes)
    images: ImageSource = source

    def read(i: int) -> UInt8[np.ndarray, "h w c"]:
        return images.read(int(rows[i]))

    def input_of(image: UInt8[np.ndarray, "h w c"], label: int | None, i: int) -> UInt8[np.ndarray, "h2 w2 i"]:
        assert images.inputs is not None
        return images.inputs(image, label, int(rows[i]))

    inputs = None if images.inputs is None else input_of
    digest = hashlib.sha256(f"{images.digest} rows:".encode() + np.ascontiguousarray(rows, "<i8").tobytes()).hexdigest()
    names = [images.names[int(row)] for row in rows]
    formats = [images.formats[int(row)] for row in rows] if images.formats else ()
    part: S = dataclasses.replace(
        source, names=names, read=read, digest=digest, labels=labels, notes=notes, latents=None, formats=formats, inputs=inputs
    )  # fmt: skip
    return part


def cut(source: S, n: int, seed: int) -> S:
    """Return n random items of a source in their order, with a note; all of them where it has no more. The seed decides."""
    if len(source) <= n:
        return source
    rows = np.sort(numpy_stream(seed, "part").permutation(len(source))[:n])
    drawn = some_of(n, len(source), source.kind.removesuffix("s"), of="of the")
    note = f"{drawn} of {source.spec} {agreeing(n, 'were')} drawn at random (seed {seed})"
    return subset(source, rows, note)
