"""Compute metrics on evidence: one Estimate per spec, or a reason why there is none."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gantlet.core.errors import TooFewSamples
from gantlet.core.interfaces.metadata import MetricMetadata
from gantlet.core.registry import Entry
from gantlet.core.results.estimate import Estimate
from gantlet.core.specs import parse_spec, typed_options
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.feature_bank import FeatureBank

_ABSENT = {
    "features": "a statistics file holds moments only, and this needs every image's features; give the images",
    "class_statistics": "this extractor gives no class probabilities; use one that does, e.g. classifier",
    "probabilities": "there are no class probabilities of every image; use an extractor that gives them, e.g. classifier, "
    "on images, not on a statistics file",
    "classes": "neither class probabilities of every image nor known modes; use an extractor with classes, e.g. classifier",
    "labels": "there are no labels; give labelled images",
    "images": "only features are known, not the images they came from; give images",
    "pairs": "no fake image is known to reproduce a real one; give both the same file names, or say --pairs order",
    "generator": "this needs the generator itself: give run:PATH as FAKE, and an extractor that takes unrounded "
    "images (efficientnet-lite0, inception-v3, classifier, random-conv, pixels)",
    "mixture": "no known modes: the data is not a synthetic mixture",
    "train_on_real": "no classifier trained on real labels was applied to labelled fakes; both sides need labels",
    "train_on_fake": "no classifier trained on fake labels was applied to held-out real images; both sides need labels",
}


def compute(evidence: Evidence, names: Sequence[str], progress: Callable[[str], None] | None = None) -> list[Estimate]:
    """Return one Estimate for each spec (``precision``, ``precision[k=5]``), in order; ``all`` stands for every metric.

    A metric whose needs are not met, or that has too few samples, has value None and the reason in its notes.
    ``progress`` is called with each name before its metric is computed. Raises UnknownName before computing anything.
    """
    wanted = [name for asked in names for name in (METRICS.names() if asked == "all" else [asked])]
    estimates = []
    for entry, options in [resolve(spec) for spec in dict.fromkeys(wanted)]:
        if progress is not None:
            progress(entry.name)
        estimates.append(_estimate(entry, evidence, options))
    return estimates


def resolve(spec: str) -> tuple[Entry[MetricMetadata], dict[str, Any]]:
    """Return the metric that a spec names and its options; raises UnknownName, ConfigError."""
    name, texts = parse_spec(spec)
    entry = METRICS.entry(name)
    return entry, typed_options(f"metric {name!r}", entry.object, texts, hidden={"evidence"})


def missing_needs(entry: Entry[MetricMetadata], evidence: Evidence) -> list[str]:
    """Return what a metric needs and the evidence lacks."""
    probabilities = evidence.real.probabilities is not None and evidence.fake.probabilities is not None
    has = {
        "moments": True,
        "features": evidence.real.summary is None and evidence.fake.summary is None,
        "class_statistics": all(_has_classes(bank) for bank in (evidence.real, evidence.fake)),
        "probabilities": probabilities,
        "classes": probabilities or evidence.mixture is not None,
        "labels": evidence.real.labels is not None and evidence.fake.labels is not None,
        "images": evidence.real.images is not None and evidence.fake.images is not None,
        "pairs": evidence.pairs is not None,
        "generator": evidence.latents is not None,
        "mixture": evidence.mixture is not None,
        "train_on_real": "train_on_real" in evidence.predictions,
        "train_on_fake": "train_on_fake" in evidence.predictions,
    }
    return [need for need in entry.meta.needs if not has[need]]


def _has_classes(bank: FeatureBank) -> bool:
    return bank.probabilities is not None or (bank.summary is not None and bank.summary.classes is not None)


def _estimate(entry: Entry[MetricMetadata], evidence: Evidence, options: dict[str, Any]) -> Estimate:
    facts = {key: getattr(entry.meta, key) for key in ("unit", "lower_is_better", "version")}
    missing = missing_needs(entry, evidence)
    reason = f"undefined: {'; '.join(_ABSENT[need] for need in missing)}"
    if not missing:
        try:
            found = entry.object(evidence, **options)
            return replace(found, **facts, details={**found.details, **({"options": options} if options else {})})
        except TooFewSamples as error:
            reason = f"undefined: {error}"
    return Estimate(
        entry.name, None, level=evidence.level, n_real=evidence.real.n, n_fake=evidence.fake.n, notes=(reason,), **facts
    )
