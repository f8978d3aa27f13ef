"""Many feature spaces in one pass over the images: decoded once, each network run once."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gantlet.data.points import Source
from gantlet.data.reading import read_all
from gantlet.features import Extractor, is_tapped

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
    source: Source,
    extractors: Sequence[Extractor],
    on_bad: str,
    progress: Callable[[int, int], None] | None,
    workers: int,
) -> tuple[list[dict[str, np.ndarray]], list[tuple[int, str]]]:
    """Return for each extractor its arrays (rows, features, probabilities), and the bad files as (row, reason)."""
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

    for batch in read_all(source, prepare, on_bad=on_bad, workers=workers, progress=progress):
        rows += batch.rows
        bad += batch.bad
        for items, column in zip(waiting, zip(*batch.items, strict=True), strict=False):
            items += column
        advance(BATCH)
    advance(1)
    return [_arrays(rows, found) for found in outputs], bad


def _arrays(rows: list[int], outputs: list[Output]) -> dict[str, np.ndarray]:
    arrays = {"rows": np.array(rows, np.int64), "features": np.concatenate([features for features, _ in outputs])}
    probabilities = [p for _, p in outputs if p is not None]
    return {**arrays, "probabilities": np.concatenate(probabilities)} if probabilities else arrays
