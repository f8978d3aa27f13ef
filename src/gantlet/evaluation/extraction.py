"""Images with their features: one source in one or several feature spaces, extracted in one pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import UsageError
from gantlet.core.interfaces.extractors import Extractor
from gantlet.data.points import Source
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.features.extract import extract_all
from gantlet.evaluation.features.onepass import BATCH
from gantlet.evaluation.features.statistics_file import check_statistics, read_statistics
from gantlet.evaluation.protocols import DEFAULT
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.latent import LatentSpace

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the images done and their number."""


def nothing(stage: str, done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Images:
    """One set of images with its features; ``skipped`` names files that could not be decoded, ``warnings`` what else went wrong."""

    source: Source
    bank: FeatureBank
    skipped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def featured(
    extractors: Sequence[Extractor],
    source: Source,
    *,
    role: str,
    config: EvaluateConfig,
    progress: Progress,
    seconds: dict[str, float],
) -> list[Images]:
    """Return a source's images, or its statistics, in the space of each extractor; adds to ``seconds``.

    Raises: UsageError when it is empty; CacheError for statistics that were made otherwise.
    """
    if source.statistics:
        return [_summarised(source, extractor, config) for extractor in extractors]
    if not len(source):
        raise UsageError(f"{source.spec} holds no images")
    found = extract_all(
        source, extractors, cache=config.cache, on_bad=config.on_bad,
        progress=lambda done, total: progress(f"features of the {role} images", done, total),
    )  # fmt: skip
    seconds[f"features, {role}"] = max(info.seconds for _, info in found)
    return [Images(source, bank, tuple(name for name, _ in info.skipped), info.warnings) for bank, info in found]


def _summarised(source: Source, extractor: Extractor, config: EvaluateConfig) -> Images:
    found = read_statistics(Path(source.statistics))
    protocol = "" if config.protocol == DEFAULT else config.protocol
    check_statistics(source.spec, found, extractor.identity, extractor.dim, protocol)
    warnings = (
        () if found.header else (f"{source.spec} was taken to be made as protocol {protocol} says; it names nothing",)
    )
    return Images(source, FeatureBank.summarised(found.summary), warnings=warnings)


def latent_space(source: Source, extractor: Extractor) -> LatentSpace | None:
    """Return the generator behind a source as its features see it; None where there is none, or it cannot be seen
    without rounding.
    """
    generator = source.latents
    if generator is None or not EXTRACTORS.entry(extractor.name).meta.unrounded:
        return None

    def features(z: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        found = []
        for start in range(0, len(z), BATCH):
            rows = slice(start, start + BATCH)
            images = generator.images(z[rows], None if labels is None else labels[rows])
            found.append(extractor.extract(np.stack([extractor.prepare(image) for image in images]))[0])
        return np.concatenate(found)

    return LatentSpace(generator.dim, features, generator.class_counts)
