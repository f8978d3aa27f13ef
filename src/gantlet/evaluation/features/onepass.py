"""Many feature spaces in one pass over the images: decoded once, each network run once."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gantlet.core.errors import BadFiles, DataError, UsageError
from gantlet.core.interfaces.extractors import Extractor, is_tapped
from gantlet.core.processes import processes
from gantlet.core.words import counted
from gantlet.data.kinds import Items
from gantlet.data.reading import read_all

BATCH = 16
"""Images a call of the network: its activations then stay near the cache, which is faster on CPUs than 64."""
Output = tuple[np.ndarray, np.ndarray | None]


@dataclass
class Trunk:
    """The extractors that read one pass of one network: ``members`` are their places among all extractors."""

    leader: Extractor
    members: list[int]

    def outputs(self, batch: np.ndarray, extractors: Sequence[Extractor]) -> list[Output]:
        """Return features and probabilities of prepared images for each member."""
        if not is_tapped(self.leader):
            return [self.leader.extract(batch)]
        passed = self.leader.forward(batch)
        return [extractors[i].read(passed) for i in self.members]  # type: ignore[attr-defined]


def trunks(extractors: Sequence[Extractor]) -> list[Trunk]:
    """Group extractors by the network that they read."""
    found: dict[Hashable, Trunk] = {}
    for i, extractor in enumerate(extractors):
        key: Hashable = extractor.trunk if is_tapped(extractor) else i
        found.setdefault(key, Trunk(extractor, [])).members.append(i)
    return list(found.values())


def compute(
    source: Items,
    extractors: Sequence[Extractor],
    on_bad: str,
    *,
    progress: Callable[[int, int], None] | None,
    workers: int,
    share: slice,
) -> tuple[list[dict[str, np.ndarray]], list[tuple[int, str]]]:
    """Return for each extractor its arrays (rows, features, probabilities), and the bad files as (row, reason).

    ``share``: the rows to compute, which begin a batch.
    """
    groups = trunks(extractors)
    rows: list[int] = []
    bad: list[tuple[int, str]] = []
    waiting: list[list[Any]] = [[] for _ in groups]
    outputs: list[list[Output]] = [[] for _ in extractors]

    def prepare(image: np.ndarray) -> list[np.ndarray]:
        return [group.leader.prepare(image) for group in groups]

    def advance(least: int) -> None:
        while waiting[0] and len(waiting[0]) >= least:
            for group, items in zip(groups, waiting, strict=True):
                for member, found in zip(
                    group.members, group.outputs(np.stack(items[:BATCH]), extractors), strict=True
                ):
                    outputs[member].append(found)
                del items[:BATCH]

    for batch in read_all(source, prepare, on_bad=on_bad, workers=workers, progress=progress, share=share):
        rows += batch.rows
        bad += batch.bad
        for items, column in zip(waiting, zip(*batch.items, strict=True), strict=False):
            items += column
        advance(BATCH)
    advance(1)
    return [_arrays(rows, found) for found in outputs], bad


def _arrays(rows: list[int], outputs: list[Output]) -> dict[str, np.ndarray]:
    if not rows:
        return {}
    arrays = {"rows": np.array(rows, np.int64), "features": np.concatenate([features for features, _ in outputs])}
    probabilities = [p for _, p in outputs if p is not None]
    return {**arrays, "probabilities": np.concatenate(probabilities)} if probabilities else arrays


def compute_together(
    source: Items,
    extractors: Sequence[Extractor],
    on_bad: str,
    progress: Callable[[int, int], None] | None,
    workers: int,
) -> tuple[list[dict[str, np.ndarray]], list[tuple[int, str]]]:
    """Return what `compute` returns for all rows; the processes of torchrun share the work and all get everything.

    Each takes whole batches, the same ones that a single process makes, so the numbers are the same. (Only where bad
    files are skipped do batches shift by a few rows; no extractor mixes the rows of a batch.)

    Raises: DataError when the processes opened different images; UsageError for more processes than images.
    """
    group = processes()
    if group.size > len(source):
        raise UsageError(
            f"{source.spec} holds {counted(len(source), 'image')}, fewer than the {counted(group.size, 'process')}; start fewer of them"
        )
    if len(set(group.everyone(lambda: source.digest))) > 1:
        raise DataError(
            f"{source.spec} is not the same in every process; a function must return the same images for the same seed"
        )
    share = group.share(len(source), BATCH)
    skipping = on_bad if group.size == 1 else "skip"  # else each process would name its own bad files only
    parts = group.everyone(
        lambda: compute(source, extractors, skipping, progress=progress, workers=workers, share=share)
    )
    bad = [entry for _, found in parts for entry in found]
    if len(bad) == len(source):
        raise BadFiles(source.spec, [(source.names[row], reason) for row, reason in bad], len(source))
    return [_joined(columns) for columns in zip(*(arrays for arrays, _ in parts), strict=True)], bad


def _joined(parts: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    full = [arrays for arrays in parts if arrays]
    return full[0] if len(full) == 1 else {name: np.concatenate([part[name] for part in full]) for name in full[0]}
