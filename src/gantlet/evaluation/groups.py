"""Rows that belong together (frames of one clip, views of one object): intervals over fresh groups, not over fresh rows."""

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

import numpy as np
from jaxtyping import Bool, Int64

from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import TooFewSamples
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted
from gantlet.data.kinds import Source
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import quantile, wilson
from gantlet.evaluation.measurement import Bounds, Measurement, Undefined
from gantlet.evaluation.sides import Side
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.subsets import SHARE, SUBSETS, student

LEAST = 10
"""Groups of a side below which no interval is given."""


def group_numbers(names: Sequence[str], how: str) -> Int64[np.ndarray, " n"]:
    """Return the number of each row's group: ``parent``, its folder; ``stem``, its name without the number at the end (``file.gif#3``: the file)."""
    paths = [PurePosixPath(name.replace("\\", "/")) for name in names]
    keys = [str(path.parent) if how == "parent" else str(path.parent / _stem(path)) for path in paths]
    return np.unique(np.array(keys), return_inverse=True)[1].astype(np.int64)


def _stem(path: PurePosixPath) -> str:
    file, mark, frame = path.name.rpartition("#")
    if mark and frame.isdecimal():
        return file
    return re.sub(r"[^A-Za-z0-9]*(frame|img|image)?[^A-Za-z0-9]*\d+$", "", path.stem, flags=re.IGNORECASE)


def grouped(bank: FeatureBank, how: str) -> FeatureBank:
    """Return the rows with the numbers of their groups; unchanged where they have no names."""
    return dataclasses.replace(bank, groups=group_numbers(bank.names, how)) if len(bank.names) else bank


def draws_of(bank: FeatureBank, seed: int) -> Bool[np.ndarray, " n"]:
    """Return which rows tests look at: one at random of each group, as they take what they look at for independent; all where there are no groups."""
    if bank.groups is None:
        return np.ones(bank.n, dtype=bool)
    order = numpy_stream(seed, "draws").permutation(bank.n)
    keep = np.zeros(bank.n, dtype=bool)
    keep[order[np.unique(bank.groups[order], return_index=True)[1]]] = True
    return keep


def side_draws(side: Side, config: EvaluateConfig) -> Bool[np.ndarray, " n"]:
    """Return the same for one side of an evaluation, by the groups that the user named."""
    return draws_of(side.rows if config.groups == "none" else grouped(side.rows, config.groups), config.seed)


def groups_are_classes(role: str, source: Source, how: str) -> list[str]:
    """Return a warning where the groups of a labelled side are its classes; [] elsewhere.

    ``role``: the side in words; ``how``: as for `group_numbers`, or none.
    """
    if how == "none" or source.labels is None or not len(source.labels):
        return []
    pairs = set(zip(group_numbers(source.names, how).tolist(), source.labels.tolist(), strict=True))
    groups, labels = ({pair[i] for pair in pairs} for i in (0, 1))
    if not 1 < len(pairs) == len(groups) == len(labels):
        return []
    return [
        f"--groups {how}: the groups of the {role} images are their {counted(len(groups), 'class')}, so intervals are over fresh classes and "
        f"rest on {counted(len(groups), 'group')}, not on {counted(len(source), 'image')}; frames of clips need a folder for each clip"
    ]


def clustered(
    evidence: Evidence, measured: Measurement, again: Callable[[Evidence], Measurement], share: bool
) -> Measurement:
    """Return the measurement with an interval over fresh groups, at least as wide as the one over fresh rows.

    Its variance: s/(1 − s) · the variance over twelve random subsets of a share s = 0.6 of the groups of both sides, all rows of a
    group together (Student, 11 degrees of freedom); for a ``share`` in (0, 1) as Wilson's with the number of independent rows
    that has this variance. No interval below ten groups of a side.

    Source: as `evaluation.subsets`; Politis, Romano & Wolf 1999, "Subsampling", ch. 4 (blocks).
    """
    sides = [bank.rows for bank in (evidence.real_bank, evidence.fake_bank)]
    numbers = [np.arange(side.n) if side.groups is None else side.groups for side in sides if side is not None]
    counts = [len(np.unique(number)) for number in numbers]
    note = f"interval over groups: {counts[0]:,} of real images, {counts[1]:,} of generated ones"
    if min(counts) < LEAST:
        bare: Bounds = ("none", None, None)
        return dataclasses.replace(
            measured, interval=bare, notes=(*measured.notes, f"no {note}; it needs {LEAST} a side")
        )
    values = []
    rng = numpy_stream(evidence.seed, "groups")
    for _ in range(SUBSETS):
        rows = [
            np.flatnonzero(np.isin(number, rng.permutation(count)[: int(SHARE * count)]))
            for number, count in zip(numbers, counts, strict=True)
        ]
        part = dataclasses.replace(
            evidence, real_bank=evidence.real.take(rows[0]), fake_bank=evidence.fake.take(rows[1]), value_only=True
        )
        try:
            values.append(again(part).value)
        except (TooFewSamples, Undefined):
            continue
    if len(values) < SUBSETS:
        return dataclasses.replace(
            measured,
            notes=(*measured.notes, "the interval takes rows for independent: subsets of groups are too small"),
        )
    variance = float(np.var(values, ddof=1)) * SHARE / (1 - SHARE)
    return dataclasses.replace(
        measured, interval=_wider(evidence, measured, variance, share), notes=(*measured.notes, note)
    )


def _wider(evidence: Evidence, measured: Measurement, variance: float, share: bool) -> Bounds:
    _, low, high = measured.interval
    value, arm = measured.value, student(evidence.level) * variance**0.5
    ends = (value - arm, value + arm)
    if share and 0 < value < 1 and variance > 0:
        worth = value * (1 - value) / variance * (quantile(evidence.level) / student(evidence.level)) ** 2
        ends = wilson(value * worth, worth, evidence.level)
    if low is None or high is None:
        return "subsampling", *ends
    least = max(0.0, ends[0]) if low >= 0 else ends[0]
    return "subsampling", min(low, least), max(high, ends[1])
