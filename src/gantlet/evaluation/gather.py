"""Gather the evidence of one comparison from its sides."""

import dataclasses
from collections.abc import Sequence

from gantlet.core.limits import memory_bytes
from gantlet.evaluation.compute import gathered
from gantlet.evaluation.duplicates import by_picture
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.groups import grouped
from gantlet.evaluation.labels import ClassMap, class_names, match_fakes, relabelled
from gantlet.evaluation.measurement import Absent
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.bank import Bank


def evidence_of(space: Space, fake: Side, metrics: Sequence[str]) -> Evidence:
    """Return real against fake, with what these metrics need."""
    classes = match_fakes(space, ("real", space.real.source), fake.source)
    bank = fake.bank
    if bank.rows is not None and space.real.bank.rows is not None and fake.source.kind != "points":
        bank = by_picture(bank.rows, space.real.bank.rows)
    evidence = between(space, space.real.bank, bank, classes)
    return dataclasses.replace(
        evidence,
        train=space.train.bank.rows,
        test=_in_groups(space.test.bank, space.config.groups).rows if space.test else None,
        given={**gathered(space, fake, metrics), **evidence.given},
    )


def between(space: Space, real: Bank, fake: Bank, classes: ClassMap | Absent) -> Evidence:
    """Return two banks as evidence, the second one's labels in the numbers of the first one's classes."""
    config = space.config
    real, fake = (_in_groups(bank, config.groups) for bank in (real, fake))
    return Evidence(
        real,
        relabelled(fake, classes) if isinstance(classes, ClassMap) else fake,
        config.seed,
        config.level,
        memory_bytes(config.memory),
        space.classes,
        given={} if isinstance(classes, ClassMap) else {"labels": classes},
        label_names=classes.names if isinstance(classes, ClassMap) else class_names(space.real.source),
    )


def _in_groups(bank: Bank, how: str) -> Bank:
    return bank if bank.rows is None or how == "none" else grouped(bank.rows, how)
