"""Overlap of the sets of an evaluation, image by image: exact copies among the fakes, and roles that share images."""

import dataclasses

import numpy as np
from scipy.stats import hypergeom

from gantlet.core.results.exact_copies import ExactCopies
from gantlet.evaluation.inference.holm import ALPHA
from gantlet.evaluation.shared import OFTEN, Shared, shared
from gantlet.evaluation.sides import Overlap, Side, Space

LISTED = 100
"""How many pairs of a copy and its original a report names."""
UNDECIDED = 0.05
"""The level above which equal images of a set that repeats itself are not called copies, where no unseen image equals one."""
TOLERATED = 0.01
"""Share of common images up to which two sets still count as separate: data sets hold a few images twice."""


def exact_copies(space: Space, fake: Side) -> tuple[ExactCopies, ...]:
    """Return how many fakes equal a real, a training or a held-out image pixel by pixel, for each set that has some.

    No held-out images are needed where a set repeats nothing: equal pixels are a fact. Where it does, images that the generator
    has not seen say how many are chance (`_chance`). Statistics files hold no images: none are found.
    """
    found: list[ExactCopies] = []
    known: set[int] = set()
    for role, side in (("real", space.real), ("training", space.train), ("held-out", space.spoiled)):
        if side is None or (role == "training" and side.source.digest == space.real.source.digest):
            continue
        common = _shared(fake, side)
        rows = {int(row) for row in common.rows[:, 0]}
        if rows and not (role == "held-out" and rows <= known):
            known |= rows
            found.append(_counted(role, side, fake, common, None if role == "held-out" else _beside(space, side)))
    return tuple(found)


def _beside(space: Space, side: Side) -> Side | None:
    """Return images that the generator has not seen and that are not the side itself: real images are unseen where others trained it."""
    if space.test is None or space.test.source.digest != side.source.digest:
        return space.test
    return None if space.held_out is space.train else space.held_out


def _counted(role: str, side: Side, fake: Side, common: Shared, unseen: Side | None) -> ExactCopies:
    order = np.argsort(2 * common.blank + common.again, kind="stable")[:LISTED]
    beside = None if unseen is None or unseen.bank.rows is None else _shared(unseen, side)
    unseen_of = 0 if unseen is None or beside is None else unseen.rows.n
    sizes = fake.rows.n, side.rows.n, unseen_of
    excused, undecided = (0, 0) if role == "held-out" else _chance(common, sizes, beside)
    return ExactCopies(
        role,  # type: ignore[arg-type]
        len(common.rows),
        fake.rows.n,
        tuple((fake.rows.names[a], side.rows.names[b]) for a, b in common.rows[order]),
        repeated=int(common.again.sum()),
        commonest=int(common.times[~common.blank].max(initial=1)),
        excused=excused,
        undecided=undecided,
        unseen=0 if beside is None else len(beside.rows),
        unseen_of=unseen_of,
        blank=int(common.blank.sum()),
        often=common.often,
        among_of=side.rows.n,
    )


def _chance(common: Shared, sizes: tuple[int, int, int], unseen: Shared | None) -> tuple[int, int]:
    """Return how many of the equal fakes are excused by chance, and of how many it cannot be told.

    Those that equal a picture shown once, and those that equal one which the set repeats, by themselves: Fisher's exact test of k of m
    fakes against k₀ of n unseen images, one-sided. k₀ > 0: excused above 1 %. k₀ = 0, and the set or the unseen images repeat something: not
    to be told above 5 %; else none is excused. Without unseen images the set's own repeats cannot be told from files that are stored
    twice: pictures that it shows three times or more are excused where the fakes show them no more often than the set does (the same
    test); of the others, and where Good and Turing's estimate (`shared`) accounts for those shown once, it cannot be told.

    Args: sizes: of the fakes, of the set, of the unseen images.
    """
    once, again = int(common.single.sum()), int(common.again.sum())
    m, in_set, n = sizes
    if unseen is None:
        k = int((common.again & (common.times >= OFTEN)).sum())
        no_more = float(hypergeom.sf(k - 1, m + in_set, k + common.often, m)) > ALPHA
        excused = k if no_more else 0
        return excused, again - excused + (once if common.by_chance else 0)
    excused = undecided = 0
    repeats = common.repeats or unseen.asked_again
    for k, seen in ((once, int(unseen.single.sum())), (again, int(unseen.again.sum()))):
        if not k or not (seen or repeats):
            continue
        p_value = float(hypergeom.sf(k - 1, m + n, k + seen, m))
        if seen and p_value > ALPHA:
            excused += k
        elif not seen and p_value > UNDECIDED:
            undecided += k
    return excused, undecided


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
        space, held_out=None, spoiled=space.held_out, test=None if tested else space.test, overlaps=(*space.overlaps, found),
        no_test=found.text if tested else space.no_test, references={}, aligned=None,
    )  # fmt: skip


def _shared(side: Side, other: Side) -> Shared:
    """Return the rows of ``side`` that equal a row of ``other``: all of one set with itself; none where one has no rows."""
    if side.bank.rows is None or other.bank.rows is None:
        return Shared(np.zeros((0, 2), np.int64), np.zeros(0, np.int64), np.zeros(0, dtype=bool))
    if side.source.digest == other.source.digest and side.bank.n == other.bank.n:
        n = side.bank.rows.n
        return Shared(np.repeat(np.arange(n)[:, None], 2, axis=1), np.ones(n, np.int64), np.zeros(n, dtype=bool))
    return shared(side.bank.rows, other.bank.rows)
