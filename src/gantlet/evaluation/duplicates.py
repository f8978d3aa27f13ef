"""Duplicates: which images of one set, or of two, are equal pixel by pixel."""

import dataclasses
import hashlib
import itertools
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float32, Float64, Int64

from gantlet.core.numerics.distances import row_chunks
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.inference.holm import ALPHA
from gantlet.evaluation.stats.feature_bank import FeatureBank

NEAR = 1e-4
"""Relative distance of two rows of features below which their images are looked at; equal images in two batches of a
network differ by rounding, about 1e-6."""
ROWS = 1024
"""Rows that are held in float64 at once."""
RELABELLINGS = 999
"""Random relabellings of the pooled images in a test."""
BLANK = "blank:"
"""How the digest of an image of one colour begins: equal ones say nothing about where they come from."""
FEWEST_PIXELS = 16
"""Smaller images of one colour are as telling as any other of their size."""
NEXT = 3
"""How many rows further on the line are looked at: rounding may put another row between two equal ones."""


def duplicates(bank: FeatureBank) -> int:
    """Return n minus the number of distinct images: pixels decide; for points, which have none, the coordinates do.

    Only images whose features lie close to a neighbour's on a random line are decoded and compared by SHA-256, so the
    count is free of false alarms. A statistics file has no rows: 0.
    """
    seen = list(pictures(bank)[0].values())
    return len(seen) - len(set(seen))


def repeats(fake: FeatureBank, real: FeatureBank) -> tuple[int, int]:
    """Return how many fakes repeat another fake, and how many real images another real one; (0, 0) where that is no more than chance.

    A permutation test, one-sided at 1 %, of the pairs of equal fakes: data that repeat themselves (blank tiles) may be generated so. Pairs, so
    that one picture a hundred times is not excused by a hundred pictures twice.
    """
    counts = [Counter(found.values()) for found in pictures(fake, real)]
    again = [sum(number - 1 for number in found.values()) for found in counts]
    if not again[0]:
        return 0, 0
    names = list(counts[0] | counts[1])
    ours, theirs = (np.array([found[name] for name in names], np.int64) for found in counts)
    p_value = split_p_value(ours, theirs, (fake.n, real.n), lambda b: float((b * (b - 1)).sum()), "repeats")
    return (again[0], again[1]) if p_value <= ALPHA else (0, 0)


def blanks(fake: FeatureBank, real: FeatureBank) -> tuple[int, int]:
    """Return how many fakes and how many real images are of one colour that another image shows too; (0, 0) where that is no more than chance.

    Fisher's exact test of the two shares, one-sided at 1 %.
    """
    from scipy.stats import fisher_exact

    b, r = (sum(name[: len(BLANK)] == BLANK for name in found.values()) for found in pictures(fake, real))
    more = b and fisher_exact(((b, fake.n - b), (r, real.n - r)), alternative="greater").pvalue <= ALPHA
    return (b, r) if more else (0, 0)


def split_p_value(
    first: Int64[np.ndarray, " k"],
    second: Int64[np.ndarray, " k"],
    sizes: tuple[int, int],
    statistic: Callable[[Int64[np.ndarray, " k"]], float],
    stream: str,
) -> float:
    """Return the p-value of a statistic of the first set's counts of pictures, one-sided upwards, were both sets of one population.

    Its values after the pooled rows were split anew at random, 999 times; exact under exchange of rows.

    Args: first, second: [k] how often each picture is among either set (those shown once in all may be left out); sizes: rows of the two;
    stream: the name of the random numbers.
    """
    pooled, (n, m) = first + second, sizes
    labels, rng = np.repeat(np.arange(len(pooled)), pooled), numpy_stream(0, stream)
    observed, as_high = statistic(first), 0
    for _ in range(RELABELLINGS):
        taken = int(rng.hypergeometric(len(labels), n + m - len(labels), n))
        as_high += statistic(np.bincount(rng.permutation(labels)[:taken], minlength=len(pooled))) >= observed
    return (as_high + 1) / (RELABELLINGS + 1)


def by_picture(fake: FeatureBank, real: FeatureBank) -> FeatureBank:
    """Return the fakes, equal ones as one group where they repeat themselves beyond chance: equal images are no independent draws."""
    if fake.groups is not None or not repeats(fake, real)[0]:
        return fake
    known = pictures(fake)[0]
    keys = np.array([known.get(row, str(row)) for row in range(fake.n)])
    return dataclasses.replace(fake, groups=np.unique(keys, return_inverse=True)[1].astype(np.int64))


def pictures(*banks: FeatureBank) -> list[dict[int, str]]:
    """Return the digest (`content`) of each row that may equal another, of its own bank or of another one: a dict per bank.

    All banks hold features of one extractor. Rows that are left out equal none; they are found as `duplicates` finds them.
    """
    suspicious = _suspicious(banks)
    return [{int(row): content(bank, int(row)) for row in rows} for bank, rows in zip(banks, suspicious, strict=True)]


def content(bank: FeatureBank, row: int) -> str:
    """Return the SHA-256 over shape and values of an image, or of a point's coordinates.

    A gray image counts as equal to the same one stored in three equal channels, and 0 as equal to −0. Before the digest of an image of one
    colour stands `BLANK`.
    """
    values = bank.features[row] + np.float32(0) if bank.images is None else _gray_where_gray(bank.images[row])
    digest = hashlib.sha256(f"{values.shape}".encode() + np.ascontiguousarray(values).tobytes()).hexdigest()
    blank = bank.images is not None and values[..., 0].size >= FEWEST_PIXELS and (values == values[0, 0]).all()
    return BLANK + digest if blank else digest


def _gray_where_gray(image: np.ndarray) -> np.ndarray:
    return image[:, :, :1] if (image == image[:, :, :1]).all() else image


def _suspicious(banks: Sequence[FeatureBank]) -> list[Int64[np.ndarray, " m"]]:
    """Return the rows of each bank that lie within rounding of a row, of any bank, that follows on a random line."""
    places, sizes = (np.concatenate(parts) for parts in zip(*(_on_a_line(bank) for bank in banks), strict=True))
    starts = np.cumsum([0, *(bank.n for bank in banks)])

    def feature(row: np.int64) -> Float32[np.ndarray, " d"]:
        of = int(np.searchsorted(starts, row, side="right")) - 1
        return banks[of].features[row - starts[of]]

    order = np.argsort(places, kind="stable")
    close = np.zeros(len(places), dtype=bool)
    for step in range(1, NEXT + 1):
        a, b = order[:-step], order[step:]
        for i in np.flatnonzero(places[b] - places[a] <= 10 * NEAR * np.maximum(sizes[a], sizes[b])):
            pair = [a[i], b[i]]
            close[pair] |= _near(feature(a[i]), feature(b[i]), float(sizes[pair].max()))
    return [np.flatnonzero(close[start:end]) for start, end in itertools.pairwise(starts)]


def _on_a_line(bank: FeatureBank) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Return for each row its place on the random line and its norm."""
    line = numpy_stream(0, "duplicates").standard_normal(bank.dim)
    places, sizes = [np.zeros(0)], [np.zeros(0)]
    for part in row_chunks(bank.n, ROWS):
        rows = bank.features[part].astype(np.float64)
        places.append(rows @ line)
        sizes.append(np.sqrt(np.square(rows).sum(axis=1)))
        bank.forget_pages()
    return np.concatenate(places), np.concatenate(sizes)


def _near(one: Float32[np.ndarray, " d"], other: Float32[np.ndarray, " d"], size: float) -> bool:
    difference = one.astype(np.float64) - other
    return bool(np.sqrt(np.square(difference).sum()) <= NEAR * size)
