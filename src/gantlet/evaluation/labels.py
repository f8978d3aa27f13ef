"""Labels of two sets, matched by the names of their classes: each set numbers its own classes as it likes."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from gantlet.core.class_names import composed
from gantlet.core.errors import UsageError
from gantlet.core.specs import class_map
from gantlet.core.words import agreeing
from gantlet.data.kinds import Source
from gantlet.data.source import ImageSource
from gantlet.data.subset import subset
from gantlet.evaluation.class_differences import alike, as_named, differences, listed, shifted, way_out, with_numbers
from gantlet.evaluation.measurement import Absent
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.bank import Bank, SummaryBank


@dataclass(frozen=True)
class ClassMap:
    """Classes of two sets: ``names`` are the first set's in its order, then those that only the second has.

    ``renumber`` [k]: for each class of the second set its index in ``names``; ``first``: how many the first set has.
    """

    names: tuple[str, ...]
    renumber: Int64[np.ndarray, " k"]
    first: int

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return what only one of the sets names, as a note; () where both name the same classes."""
        shared = set(self.renumber.tolist())
        only = [name for i, name in enumerate(self.names[: self.first]) if i not in shared]
        return differences(only, self.names[self.first :])


def class_names(source: Source) -> tuple[str, ...]:
    """Return the names that the labels of a source index, composed; their numbers where it has no names."""
    if source.classes or source.labels is None or not len(source.labels):
        return tuple(map(composed, source.classes))
    return tuple(str(i) for i in range(int(source.labels.max()) + 1))


def match_classes(
    first: tuple[str, Source], second: tuple[str, Source], renamed: Mapping[str, str] | None = None
) -> ClassMap | Absent:
    """Match the classes of two sets, each given with its role in words, by their names.

    Args: renamed: the second set's names in the first one's words. Returns: the map, or why there is none.
    Raises: UsageError for a name in ``renamed`` that its set does not have.
    """
    unlabelled = [role for role, source in (first, second) if source.labels is None]
    ours, theirs = class_names(first[1]), class_names(second[1])
    if renamed:
        renamed = _known(renamed, theirs, ours)
        _check(renamed, theirs, ours)
    if unlabelled:
        return Absent(f"the {' and the '.join(unlabelled)} images have no labels; give labelled images")
    theirs = tuple((renamed or {}).get(name, name) for name in theirs)
    if not set(ours) & set(theirs):
        way = way_out(theirs, ours)
        return Absent(
            f"the classes have no name in common: {first[0]} {listed(ours)}; {second[0]} {listed(theirs)}. Name them alike"
            + (f", or say which is which: {way}" if way else "")
        )
    if not renamed and (why := _doubtful(theirs, ours)):
        return Absent(why)
    names = tuple(dict.fromkeys((*ours, *theirs)))
    index = {name: i for i, name in enumerate(names)}
    return ClassMap(names, np.array([index[name] for name in theirs], np.int64), len(ours))


def _doubtful(theirs: Sequence[str], ours: Sequence[str]) -> str:
    """Return why classes that share some names are not compared by them: the others seem to be the same, named otherwise; else ''."""
    only = [name for name in theirs if name not in ours], [name for name in ours if name not in theirs]
    pairs = alike(*only)
    if pairs:
        one, other = next(iter(pairs.items()))
        found = f"{len(pairs):,} of their names {agreeing(len(pairs), 'differ')}"
        untyped = [name for pair in pairs.items() for name in pair if set(name) & set(",=")]
        rename = f" (rename {untyped[0]!r}: no option can hold it)" if untyped else ""
        return f"{found} in form alone ({one!r} for {other!r}). Name them alike{rename}, or say which is which: {way_out(*only)}"
    if shifted(theirs, ours):
        first, last = (min(theirs, key=int), min(ours, key=int))
        return f"their numbers are shifted (from {first} and from {last} on). Number them alike, or say which is which: {way_out(theirs, ours)}"
    return ""


def _known(renamed: Mapping[str, str], theirs: Sequence[str], ours: Sequence[str]) -> dict[str, str]:
    """Return the map in the sets' own names, which may have spaces around them that an option's value cannot."""
    sides = [{name.strip(): name for name in names} | {name: name for name in names} for names in (theirs, ours)]
    return {sides[0].get(one, one): sides[1].get(other, other) for one, other in renamed.items()}


def _check(renamed: Mapping[str, str], theirs: Sequence[str], ours: Sequence[str]) -> None:
    for what, wanted, known in (("generated", renamed.keys(), theirs), ("real", renamed.values(), ours)):
        foreign = [name for name in wanted if name not in known]
        if foreign:
            raise UsageError(
                f"--classes: the {what} images have no class {foreign[0]!r}; they have {listed(known) or 'no labels'}. Write "
                "FAKE's name=REAL's name"
            )


def match_fakes(space: Space, base: tuple[str, Source], fake: Source) -> ClassMap | Absent:
    """Match the classes of generated images with those of ``base``, with the map that the configuration gives."""
    return match_classes(base, ("generated", fake), class_map(space.config.classes))


def unmatched(space: Space, fake: Side, name: str = "generated") -> list[str]:
    """Say what of two labelled sides is left out where classes are compared, whatever metrics are asked for.

    Generated images of a class that the real ones lack, with their numbers, and the real classes of other names; or that no
    class could be compared. [] where all names match, where a side has no labels, and for the known modes of a mixture.
    ``name``: the generated side in words.
    """
    real, side = space.real.bank.rows, fake.bank.rows
    if real is None or side is None or real.labels is None or side.labels is None or space.real.source.modes:
        return []
    classes, of = (
        match_fakes(space, ("real", space.real.source), fake.source),
        "" if name == "generated" else f"{name}: ",
    )
    if isinstance(classes, Absent):
        return [f"{of}classes were not compared: {classes.reason}"]
    foreign = np.bincount(classes.renumber[side.labels], minlength=len(classes.names))[classes.first :]
    numbers = {name: int(n) for name, n in zip(classes.names[classes.first :], foreign, strict=True) if n}
    shown = np.bincount(real.labels, minlength=classes.first)[: classes.first]
    there = set(classes.renumber.tolist())
    only = [label for i, label in enumerate(classes.names[: classes.first]) if shown[i] and i not in there]
    lines = []
    if numbers:
        lines.append(
            f"metrics by class leave out generated images of classes that the real ones do not have: {with_numbers(numbers)}"
        )
    if only and (numbers or space.train.bank.rows is None):  # else the counts by class call them missing
        lines.append(f"real classes that no generated image is named by: {listed(only)}")
    if numbers and only and not space.config.classes:
        lines.append(_which(list(numbers), only, [name for name in classes.names[: classes.first] if name not in only]))
    return [of + "; ".join(lines)] if lines else []


def _which(theirs: Sequence[str], ours: Sequence[str], both: Sequence[str]) -> str:
    """Return why classes of one side alone are not called missing, and the options that say whether they are the same under other names."""
    same, others = way_out(theirs, ours), as_named(both)
    ways = [f"{same} where they are the same" if same else "", f"{others} where none is" if others else ""]
    said = " or ".join(filter(None, ways))
    return "none of these is called missing, as it may be the same under another name" + (
        f": say {said}" if said else ""
    )


def relabelled(bank: Bank, classes: ClassMap) -> Bank:
    """Return the bank of the second set with labels that index ``classes.names``."""
    unchanged = np.array_equal(classes.renumber, np.arange(len(classes.renumber)))
    if isinstance(bank, SummaryBank) or bank.labels is None or unchanged:
        return bank
    return dataclasses.replace(bank, labels=classes.renumber[bank.labels])


def only_classes(source: ImageSource, labels: Int64[np.ndarray, " n"], names: Sequence[str]) -> ImageSource:
    """Return the images whose label is an index of ``names``, with these labels."""
    assert source.labels is not None
    rows = np.flatnonzero((labels >= 0) & (labels < len(names)))
    if len(rows) == len(source) and tuple(names) == source.classes and np.array_equal(labels, source.labels):
        return source

    digest = hashlib.sha256(f"{source.digest} {names}".encode() + labels.tobytes()).hexdigest()
    return dataclasses.replace(subset(source, rows), digest=digest, labels=labels[rows], classes=tuple(names))
