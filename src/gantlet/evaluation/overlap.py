"""Overlap of the sets of an evaluation, image by image: exact copies among the fakes, and roles that share images."""

import dataclasses

import numpy as np

from gantlet.core.results.exact_copies import ExactCopies
from gantlet.evaluation.shared import Shared, shared
from gantlet.evaluation.sides import Overlap, Side, Space

LISTED = 100
"""How many pairs of a copy and its original a report names."""
TOLERATED = 0.01
"""Share of common images up to which two sets still count as separate: data sets hold a few images twice."""


def exact_copies(space: Space, fake: Side) -> tuple[ExactCopies, ...]:
    """Return how many fakes equal a real or a training image pixel by pixel, for each set that has some.

    No held-out images are needed: equal pixels are a fact. Those that equal a picture which the set itself repeats, and
    others where chance gives as many (`shared`), are told apart. Statistics files hold no images: none are found.
    """
    found = []
    for role, side in (("real", space.real), ("training", space.train)):
        if role == "training" and side.source.digest == space.real.source.digest:
            continue
        common = _shared(fake, side)
        if len(common.rows):
            order = np.argsort(~common.single, kind="stable")[:LISTED]
            names = tuple((fake.rows.names[a], side.rows.names[b]) for a, b in common.rows[order])
            found.append(
                ExactCopies(
                    role,  # type: ignore[arg-type]
                    len(common.rows),
                    fake.rows.n,
                    names,
                    repeated=int((~common.single).sum()),
                    commonest=int(common.times.max()),
                    expected=common.expected,
                    by_chance=common.by_chance,
                )
            )
    return tuple(found)


def overlap(one: tuple[str, Side], other: tuple[str, Side]) -> Overlap:
    """Return how many images of ``one`` (its role and side) are also among those of ``other``, pixel by pixel.

    Pictures that ``other`` repeats do not count, nor do others where chance gives as many (`shared`): data that repeat
    themselves are no overlap. Two sets of the same pictures are one whole.
    """
    common, sizes = _shared(one[1], other[1]), [side.bank.n or 0 for _, side in (one, other)]
    n = sizes[0] if common.same else common.beyond_chance
    return Overlap(one[0], other[0], n, sizes[0], separate=n <= TOLERATED * min(sizes))


def apart_from(fake: Side, space: Space) -> Space:
    """Return the space without its held-out images where the fakes are among them: a reference from them, or a test against
    them, would compare the fakes with themselves. Parts of the real images then make the references, as where none are held out.
    """
    if space.held_out is None or space.held_out is space.train:
        return space
    found = overlap(("generated", fake), ("held-out", space.held_out))
    if found.separate:
        return space
    tested = space.test is space.held_out
    return dataclasses.replace(
        space, held_out=None, test=None if tested else space.test, overlaps=(*space.overlaps, found),
        no_test=found.text if tested else space.no_test, references={}, aligned=None,
    )  # fmt: skip


def _shared(side: Side, other: Side) -> Shared:
    """Return the rows of ``side`` that equal a row of ``other``: all of one set with itself; none where one has no rows."""
    if side.bank.rows is None or other.bank.rows is None:
        return Shared(np.zeros((0, 2), np.int64), np.zeros(0, np.int64))
    if side.source.digest == other.source.digest and side.bank.n == other.bank.n:
        n = side.bank.rows.n
        return Shared(np.repeat(np.arange(n)[:, None], 2, axis=1), np.ones(n, np.int64))
    return shared(side.bank.rows, other.bank.rows)
