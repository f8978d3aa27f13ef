"""Gather the evidence of one comparison from its sides, and what its references are computed on."""

import dataclasses
from collections.abc import Sequence

from gantlet.core.config import memory_bytes
from gantlet.core.results.estimate import Estimate
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.compute import gathered
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.labels import ClassMap, class_names, match_classes, match_fakes, relabelled
from gantlet.evaluation.measurement import Absent
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.bank import Bank


def evidence_of(space: Space, fake: Side, metrics: Sequence[str]) -> Evidence:
    """Return real against fake, with what these metrics need."""
    classes = match_fakes(space, ("real", space.real.source), fake.source)
    evidence = _between(space, space.real.bank, fake.bank, classes)
    return dataclasses.replace(
        evidence,
        train=space.train.bank.rows,
        test=space.test.bank.rows if space.test else None,
        given={**gathered(space, fake, metrics), **evidence.given},
    )


def _between(space: Space, real: Bank, fake: Bank, classes: ClassMap | Absent) -> Evidence:
    """Return two banks as evidence, the second one's labels in the numbers of the first one's classes."""
    config = space.config
    return Evidence(
        real,
        relabelled(fake, classes) if isinstance(classes, ClassMap) else fake,
        config.seed,
        config.level,
        memory_bytes(config.memory),
        space.train.source.classes,
        given={} if isinstance(classes, ClassMap) else {"labels": classes},
        label_names=classes.names if isinstance(classes, ClassMap) else class_names(space.real.source),
    )


def missing_references(
    space: Space, estimates: Sequence[Estimate], specs: Sequence[str]
) -> tuple[list[str], Evidence | None]:
    """Return the specs of defined estimates whose reference is not known yet, and real against held-out real to compute it on.

    The evidence is None where nothing is missing, where a statistics file has no halves to compare, and where the two
    sets overlap.
    """
    defined = [spec for spec, estimate in zip(specs, estimates, strict=True) if estimate.value is not None]
    missing = [spec for spec in defined if spec not in space.references]
    return missing, _reference_evidence(space, missing) if missing else None


def _reference_evidence(space: Space, metrics: Sequence[str]) -> Evidence | None:
    """Return real against held-out real, or against its own other half.

    None where a statistics file has no halves, and where held-out images are real ones: that would be no reference.
    """
    if space.no_reference:
        return None
    if space.held_out is not None:
        classes = match_classes(("real", space.real.source), ("held-out", space.held_out.source))
        evidence = _between(space, space.real.bank, space.held_out.bank, classes)
        return dataclasses.replace(evidence, given={**gathered(space, None, metrics), **evidence.given})
    rows = space.real.bank.rows
    if rows is None:
        return None
    order = numpy_stream(space.config.seed, "yardstick").permutation(rows.n)
    classes = match_classes(("real", space.real.source), ("real", space.real.source))
    halves = _between(space, rows.take(order[: rows.n // 2]), rows.take(order[rows.n // 2 :]), classes)
    return dataclasses.replace(halves, given={**gathered(space, None, []), **halves.given})
