"""Gather the evidence of one comparison from its sides, and what its references are computed on."""

import dataclasses
from collections.abc import Sequence

from gantlet.core.config import memory_bytes
from gantlet.core.results.estimate import Estimate
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.compute import gathered
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.bank import Bank


def evidence_of(space: Space, fake: Side, metrics: Sequence[str]) -> Evidence:
    """Return real against fake, with what these metrics need."""
    return dataclasses.replace(
        _between(space, space.real.bank, fake.bank),
        train=space.train.bank.rows,
        test=space.test.bank.rows if space.test else None,
        given=gathered(space, fake, metrics),
    )


def _between(space: Space, real: Bank, fake: Bank) -> Evidence:
    config = space.config
    memory = memory_bytes(config.memory)
    return Evidence(real, fake, config.seed, config.level, memory, space.train.source.classes)


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
        evidence = _between(space, space.real.bank, space.held_out.bank)
        return dataclasses.replace(evidence, given=gathered(space, None, metrics))
    rows = space.real.bank.rows
    if rows is None:
        return None
    order = numpy_stream(space.config.seed, "yardstick").permutation(rows.n)
    halves = _between(space, rows.take(order[: rows.n // 2]), rows.take(order[rows.n // 2 :]))
    mixture = gathered(space, None, [])
    return dataclasses.replace(halves, given=mixture)
