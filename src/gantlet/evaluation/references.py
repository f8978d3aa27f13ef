"""References: the same metrics for held-out real images in the fakes' place, at equal numbers of rows."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int64

from gantlet.core.results.estimate import Estimate
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.compute import gathered, resolve
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.gather import between
from gantlet.evaluation.groups import grouped
from gantlet.evaluation.labels import match_classes
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.bank import Bank

STEADY = 5000
"""Rows up to which references are averaged over several draws, at most `DRAWS` of them; and the most that are taken from each
side of a real set without held-out images: by then chance is small beside the margins."""
DRAWS = 4


@dataclass(frozen=True)
class Trial:
    """Metrics to compute on one evidence: held-out real images against real ones, or fakes at the same numbers of rows."""

    of: Literal["reference", "fakes"]
    evidence: Evidence
    specs: tuple[str, ...]


@dataclass(frozen=True)
class Draw:
    """The real rows of one reference, and the held-out rows that stand in the fakes' place."""

    real: Bank
    held_out: Bank


def depends_on_n(spec: str) -> bool:
    """Return whether a metric's expectation depends on the number of generated images."""
    return not resolve(spec)[0].meta.any_n


def trials(
    space: Space, fake: Side, evidence: Evidence, estimates: Sequence[Estimate], specs: Sequence[str]
) -> Iterator[Trial]:
    """Yield what is to be computed for the references of the metrics that are defined for these fakes.

    A metric that depends on n is computed for held-out images as many as the fakes are; where there are fewer, or where
    the held-out images are a part of the real ones that is taken away for this, for the fakes at the reference's numbers
    too. What ``space.references`` holds for this number is not computed again.
    """
    if space.no_reference:
        return
    defined = [spec for spec, estimate in zip(specs, estimates, strict=True) if estimate.value is not None]
    whole = tuple(spec for spec in defined if not depends_on_n(spec) and (spec, 0) not in space.references)
    draws = _draws(space, None) if whole else iter(())
    while (draw := next(draws, None)) is not None:
        trial = Trial("reference", _of_reference(space, fake, draw, whole), whole)
        del draw  # it holds copies of rows, and so on below
        yield trial
        del trial
    equal = tuple(spec for spec in defined if depends_on_n(spec))
    yield from _at_equal_n(space, fake, evidence, equal)


def _at_equal_n(space: Space, fake: Side, evidence: Evidence, specs: tuple[str, ...]) -> Iterator[Trial]:
    """Yield the references at the number of fakes, and the fakes at the reference's numbers where these are others."""
    m, i = fake.bank.n, 0
    missing = tuple(spec for spec in specs if (spec, m or 0) not in space.references)
    draws = _draws(space, m) if specs else iter(())
    while (draw := next(draws, None)) is not None:
        real, n = draw.real, draw.held_out.n
        if missing:
            trial = Trial("reference", _of_reference(space, fake, draw, missing), missing)
            del draw
            yield trial
            del trial
        if (n, real.n) != (m, space.real.bank.n) and n is not None and fake.bank.rows is not None:
            yield Trial("fakes", _of_fakes(space, evidence, real, n, i), specs)
        draw, i = None, i + 1
        del real


def _draws(space: Space, n_fake: int | None) -> Iterator[Draw]:
    """Yield disjoint parts of the held-out images, or parts of the real ones beside the rest; ``n_fake`` None: as many as there are."""
    if space.held_out is not None:
        yield from _of_held_out(space.real.bank, space.held_out.bank, n_fake, space.config.seed)
        return
    rows = space.real.bank.rows
    if rows is None or rows.n < 2:
        return
    wanted = min(rows.n // 2, n_fake or rows.n, STEADY)
    groups = None if space.config.groups == "none" else grouped(rows, space.config.groups).groups
    for i in range(1 if n_fake is None else min(DRAWS, max(1, STEADY // rows.n))):
        order, n = _parted(rows.n, groups, wanted, numpy_stream(space.config.seed, f"reference {i}"))
        if n:
            yield Draw(rows.take(order[n : n + max(n, STEADY)]), rows.take(order[:n]))


def _parted(
    n: int, groups: Int64[np.ndarray, " n"] | None, wanted: int, rng: np.random.Generator
) -> tuple[Int64[np.ndarray, " n"], int]:
    """Return the rows in random order, and how many of the first are a part by themselves: ``wanted``, or as near below as whole groups allow.

    Frames of one clip in both parts would make real images look nearer to each other than fresh clips are. 0: one group has more than that.
    """
    if groups is None:
        return rng.permutation(n), wanted
    names, which = np.unique(groups, return_inverse=True)
    place = rng.permutation(len(names))
    ends = np.cumsum(np.bincount(place[which], minlength=len(names)))
    return np.argsort(place[which], kind="stable"), int(ends[ends <= wanted].max(initial=0))


def _of_held_out(real: Bank, held_out: Bank, n_fake: int | None, seed: int) -> Iterator[Draw]:
    rows = held_out.rows
    if rows is None or n_fake is None or rows.n <= n_fake:
        yield Draw(real, held_out)
        return
    order = numpy_stream(seed, "reference").permutation(rows.n)
    for i in range(min(DRAWS, rows.n // n_fake, max(1, STEADY // n_fake))):
        yield Draw(real, rows.take(order[i * n_fake : (i + 1) * n_fake]))


def _of_reference(space: Space, fake: Side, draw: Draw, specs: Sequence[str]) -> Evidence:
    """Return real against held-out real; the classifiers of GAN-train learn from as many real images as fakes."""
    second = space.real if space.held_out is None else space.held_out
    classes = match_classes(("real", space.real.source), ("held-out", second.source))
    evidence = between(space, draw.real, draw.held_out, classes)
    asked = [] if space.held_out is None else specs
    given = gathered(dataclasses.replace(space, compared_n=len(fake.source)), None, asked)
    return dataclasses.replace(evidence, given={**given, **evidence.given})


def _of_fakes(space: Space, evidence: Evidence, real: Bank, n: int, i: int) -> Evidence:
    """Return n of the fakes against the reference's real rows; pairs of rows are not kept."""
    rows: Int64[np.ndarray, " m"] = numpy_stream(space.config.seed, f"equal n {i}").permutation(evidence.fake.n)
    given = {name: value for name, value in evidence.given.items() if name != "pairs"}
    return dataclasses.replace(evidence, real_bank=real, fake_bank=evidence.fake.take(np.sort(rows[:n])), given=given)


def averaged(found: Sequence[Estimate]) -> Estimate | None:
    """Return the mean of one metric's estimates on several draws, with the mean of their arms; None where none is defined.

    The draws share rows, so an interval as wide as one draw's is kept: their mean varies less.
    """
    known = [estimate for estimate in found if estimate.value is not None]
    if len(known) < 2:
        return known[0] if known else None
    value = float(np.mean([e.value for e in known if e.value is not None]))
    arms = [
        (e.value - e.low, e.high - e.value)
        for e in known
        if e.value is not None and e.low is not None and e.high is not None
    ]
    low, high = (
        (None, None)
        if not arms
        else (value - float(np.mean([a for a, _ in arms])), value + float(np.mean([b for _, b in arms])))
    )
    return dataclasses.replace(
        known[0], value=value, low=low, high=high, details={**known[0].details, "draws": len(known)}
    )


def beside(
    space: Space,
    n_fake: int | None,
    estimates: Sequence[Estimate],
    specs: Sequence[str],
    found: Mapping[str, Mapping[str, Sequence[Estimate]]],
) -> tuple[Estimate, ...]:
    """Return the estimates with their references, and with their own value at the reference's numbers; keeps the references in the space."""
    for spec, several in found.get("reference", {}).items():
        if (reference := averaged(several)) is not None:
            space.references[_key(spec, n_fake)] = reference
    equal_n = {spec: averaged(several) for spec, several in found.get("fakes", {}).items()}
    return tuple(
        dataclasses.replace(e, reference=space.references.get(_key(spec, n_fake)), equal_n=equal_n.get(spec))
        for spec, e in zip(specs, estimates, strict=True)
    )


def _key(spec: str, n_fake: int | None) -> tuple[str, int]:
    return spec, (n_fake or 0) if depends_on_n(spec) else 0
