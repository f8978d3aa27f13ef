"""Sides: sources with their features, in one or several feature spaces, extracted in one pass."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import UsageError
from gantlet.core.interfaces.extractors import Cautious, Extractor
from gantlet.data.kinds import Source
from gantlet.data.statistics_file import StatisticsSource
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.extract import extract_all
from gantlet.evaluation.features.onepass import BATCH
from gantlet.evaluation.features.statistics_file import check_statistics, read_statistics
from gantlet.evaluation.protocols import DEFAULT
from gantlet.evaluation.sides import Progress, Side, Space
from gantlet.evaluation.stats.bank import SummaryBank
from gantlet.evaluation.stats.latent import LatentSpace


def extract_generated(spaces: Sequence[Space], source: Source) -> list[Side]:
    """Return generated images with their features in every space, in one pass."""
    first = spaces[0]
    extractors = [space.extractor for space in spaces]
    return extract_sides(
        extractors, source, role="generated", config=first.config, progress=first.progress, seconds=first.seconds
    )


def extract_sides(
    extractors: Sequence[Extractor],
    source: Source,
    *,
    role: str,
    config: EvaluateConfig,
    progress: Progress,
    seconds: dict[str, float],
) -> list[Side]:
    """Return a source, or what its statistics file holds, in the space of each extractor; adds to ``seconds``.

    Raises: UsageError when it is empty; CacheError for statistics that were made otherwise.
    """
    if isinstance(source, StatisticsSource):
        return [_summary_side(source, extractor, config) for extractor in extractors]
    if not len(source):
        raise UsageError(f"{source.spec} holds no images")
    extracted = extract_all(
        source, extractors, cache=config.cache, on_bad=config.on_bad,
        progress=lambda done, total: progress(f"features of the {role} images", done, total),
    )  # fmt: skip
    seconds[f"features, {role}"] = max(info.seconds for _, info in extracted)
    return [
        Side(
            source,
            bank,
            tuple(name for name, _ in info.skipped),
            extractor.warnings if isinstance(extractor, Cautious) else (),
        )
        for extractor, (bank, info) in zip(extractors, extracted, strict=True)
    ]


def _summary_side(source: StatisticsSource, extractor: Extractor, config: EvaluateConfig) -> Side:
    statistics = read_statistics(Path(source.spec))
    protocol = "" if config.protocol == DEFAULT else config.protocol
    check_statistics(source.spec, statistics, extractor.identity, extractor.dim, protocol)
    unnamed = f"{source.spec} was taken to be made as protocol {protocol} says; it names nothing"
    return Side(source, SummaryBank(statistics.summary), warnings=() if statistics.header else (unnamed,))


def latent_space(source: Source, extractor: Extractor) -> LatentSpace | None:
    """Return the generator behind a source as its features see it; None where there is none, or it cannot be seen
    without rounding.
    """
    generator = source.latents
    if generator is None or not EXTRACTORS.entry(extractor.name).meta.unrounded:
        return None

    def features(z: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        parts = []
        for start in range(0, len(z), BATCH):
            rows = slice(start, start + BATCH)
            images = generator.images(z[rows], None if labels is None else labels[rows])
            parts.append(extractor.extract(np.stack([extractor.prepare(image) for image in images]))[0])
        return np.concatenate(parts)

    return LatentSpace(generator.dim, features, generator.class_counts)
