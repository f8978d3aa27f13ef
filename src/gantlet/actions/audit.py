"""Can these metrics, in this feature space, detect the failures you care about? Plant failures and measure."""

import dataclasses
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gantlet.core.calls import called
from gantlet.core.files import as_path, write_text
from gantlet.core.interfaces.extractors import Extractor
from gantlet.core.output import AUDIT, require_ours, writing_result
from gantlet.core.results.audit import AuditResult, Curve, Planted
from gantlet.core.toml_config import updated
from gantlet.data.apart import require_apart
from gantlet.data.arrays import array_source
from gantlet.data.given import as_source, text_of
from gantlet.data.kinds import require_images
from gantlet.data.opening import open_images, open_source
from gantlet.data.reading import Images, sample_shapes, to_array
from gantlet.data.source import ImageSource
from gantlet.evaluation.audit import FAILURES
from gantlet.evaluation.audit.config import AuditConfig
from gantlet.evaluation.audit.figures import figures
from gantlet.evaluation.audit.measure import Auditor
from gantlet.evaluation.audit.plan import Plan, plant
from gantlet.evaluation.audit.pool import LEAST, split_pool
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.features.extract import extract
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.sides import Progress, nothing
from gantlet.evaluation.stats.feature_bank import FeatureBank

MOST = 500
LARGEST_SIDE = 128
ZScores = dict[tuple[str, str, str], list[tuple[float, ...]]]
"""z by (space, metric, failure), one row per seed."""


@called
def audit(
    config: AuditConfig | None = None,
    *,
    range: str = "",
    out: Path | str | None = None,
    progress: Progress = nothing,
    **settings: Any,
) -> AuditResult:
    """Plant known failures in real images at growing strength and measure which metric detects which, in which space.

    >>> gantlet.audit(data="photos/", features=["pixels", "efficientnet-lite0"], metrics=["coverage"])  # doctest: +SKIP

    Args: config: the settings; further keywords are its fields and take precedence; data may also be images in any form that
    `gantlet.evaluate` takes, and range is theirs; out: a folder for audit.json and
    the figures; progress: called with (stage, done, total).
    Returns: the AuditResult; its verdict says in words what each metric misses.
    Raises: TooFewSamples (fewer than 300 images), UnknownName, BadFiles, DataError, OutputError (as `evaluate`).
    """
    data = text_of(settings.pop("data", None))
    source: ImageSource | None = None
    if isinstance(data, str):
        settings["data"] = data
    elif data is not None:
        source = require_images(as_source("data", data, range=range), "an audit")
        settings["data"] = source.spec
    config = updated(AuditConfig, config, settings, "gantlet.audit")
    place = None if out is None else as_path(out, "out")
    if place is not None:
        require_apart(place, config.data)
        require_ours(place, AUDIT)
    return _audit(config, source or open_images(config.data), place, progress)


def _audit(config: AuditConfig, source: ImageSource, out: Path | None, progress: Progress) -> AuditResult:
    started = time.perf_counter()
    for note in source.notes:
        warnings.warn(f"{config.data}: {note}", stacklevel=3)
    names = FAILURES.names() if "all" in config.failures else [FAILURES.entry(n).name for n in config.failures]
    metrics = METRICS.names() if "all" in config.metrics else [METRICS.entry(name).name for name in config.metrics]
    planted = tuple(_describe_failure(name) for name in names)
    spaces = _spaces(source, config, progress)
    images = _read(source, progress)
    n = config.n or min(MOST, max(LEAST, len(images.pixels) // 5))
    z_scores: ZScores = {}
    left_out: dict[str, str] = {}
    for seed in range(config.seed, config.seed + config.seeds):
        banks = {name: _features(images.pixels, e, config.cache, progress) for name, e in spaces.items()}
        last = list(banks.values())[-1]  # modes are clusters in the last space named, the one that a user trusts most
        plan = plant(split_pool(images.pixels, images.labels, last.features, n, seed), names, seed)
        for space, extractor in spaces.items():
            bank = _whole(plan, images, banks[space], _features(plan.extra, extractor, config.cache, progress))
            auditor = Auditor(plan, bank, metrics, source.classes)
            auditor.step = _counter(progress, f"auditing in {space}", auditor.steps)
            for metric, by_failure in auditor.z().items():
                for failure, z in by_failure.items():
                    z_scores.setdefault((space, metric, failure), []).append(tuple(z))
            left_out.update({f"{space}: {metric}": reason for metric, reason in auditor.left_out.items()})
    curves = tuple(Curve(*key, tuple(z)) for key, z in z_scores.items())
    seeds = tuple(range(config.seed, config.seed + config.seeds))
    identities = {name: dict(extractor.identity) for name, extractor in spaces.items()}
    result = AuditResult(source.spec, n, seeds, identities, planted, curves, left_out)
    result = dataclasses.replace(result, verdict=verdict(result), seconds=time.perf_counter() - started)
    if out is not None:
        with writing_result(out, AUDIT):
            result = dataclasses.replace(result, figures=figures(result, out))
            write_text(out / "audit.json", result.to_json())
    return result


def _describe_failure(name: str) -> Planted:
    meta = FAILURES.entry(name).meta
    strengths = tuple(float(strength) for strength in meta.strengths)
    return Planted(name, meta.title, meta.unit, strengths, meta.harmless)


def _spaces(source: ImageSource, config: AuditConfig, progress: Progress) -> dict[str, Extractor]:
    """Build the extractors by the names that the user gave."""
    held_out = open_source(source.held_out) if source.held_out else None
    built = {}
    for spec in config.features:
        extractor = build_extractor(spec, train=source, held_out=held_out, progress=progress)
        built[extractor.name if spec == "auto" else spec] = extractor
    return built


def _read(source: ImageSource, progress: Progress) -> Images:
    """Read all images at one size: the shortest side of a sample of them, at most 128 pixels."""
    shapes = sample_shapes(source)
    side = min(LARGEST_SIDE, *(min(height, width) for height, width, _ in shapes))
    channels = max(channels for _, _, channels in shapes)
    return to_array(source, side, channels, progress=lambda done, total: progress("reading the images", done, total))


def _features(pixels: np.ndarray, extractor: Extractor, cache: bool, progress: Progress) -> FeatureBank:
    if not len(pixels):
        return FeatureBank(np.empty((0, extractor.dim), np.float32))
    stage = f"features, {extractor.name}"
    planted_source = array_source("planted", pixels)
    return extract(planted_source, extractor, cache=cache, progress=lambda done, total: progress(stage, done, total))[0]


def _whole(plan: Plan, images: Images, first: FeatureBank, second: FeatureBank) -> FeatureBank:
    """Return the features of all rows of a plan, with their labels."""
    probabilities = None
    if first.probabilities is not None:
        parts = [bank.probabilities for bank in (first, second) if bank.probabilities is not None]
        probabilities = np.concatenate(parts)
    features = np.concatenate([first.features, second.features])
    return FeatureBank(features, probabilities, plan.labels(images.labels))


def _counter(progress: Progress, stage: str, total: int) -> Callable[[], None]:
    done = iter(range(1, total + 1))
    return lambda: progress(stage, next(done, total), total)


def verdict(result: AuditResult) -> tuple[str, ...]:
    """Return the audit in words: what every metric in every space misses, and failures that no metric detects."""
    lines = []
    for space in result.spaces:
        for metric in result.metrics(space):
            missed = [p.title for p in result.failures if not p.harmless and not _detects(result, space, metric, p)]
            alarms = [p.title for p in result.failures if p.harmless and _detects(result, space, metric, p)]
            summary = f"misses {_join(missed)}" if missed else "detects every planted failure"
            lines.append(f"{metric} in {space}: {summary}" + (f"; alarmed by {_join(alarms)}" if alarms else ""))
    for planted in result.failures:
        pairs = [(space, metric) for space in result.spaces for metric in result.metrics(space)]
        if not planted.harmless and not any(_detects(result, *pair, planted) for pair in pairs):
            lines.append(f"no metric in any space detects: {planted.title}")
    return tuple(lines)


def _detects(result: AuditResult, space: str, metric: str, planted: Planted) -> bool:
    return result.curve(space, metric, planted.name).weakest(planted.strengths) is not None


def _join(words: Sequence[str]) -> str:
    return ", ".join(words)
