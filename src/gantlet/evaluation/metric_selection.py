"""What an evaluation asks for: the specs of its metrics, in each of its feature spaces."""

import dataclasses

from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import UsageError
from gantlet.core.specs import split_specs
from gantlet.evaluation.compute import resolve, rests_on_classes
from gantlet.evaluation.metrics import METRICS

HEADLINE = (
    "frechet_distance", "frechet_distance_debiased", "kernel_distance", "precision", "recall", "density", "coverage",
    "one_nn_accuracy", "sharpness", "gan_train", "gan_test", "modes", "inception_score", "mode_score",
)  # fmt: skip
"""The metrics of an evaluation that names none, the primary one first; ``all`` stands for every registered one.

Those that rest on class probabilities only where the classes are the data's own."""
HEADLINE_POINTS = (
    "modes", "high_quality", "mode_kl", "frechet_distance", "sliced_wasserstein", "kernel_distance", "precision", "recall",
    "coverage", "one_nn_accuracy",
)  # fmt: skip
"""The same for points."""


def metric_names(config: EvaluateConfig, space: str = "", *, own_classes: bool = True) -> list[str]:
    """Return the specs of the metrics that a configuration asks for, in its order.

    ``METRIC@FEATURES`` asks for a metric in one of several spaces only. ``space``: this space; '': in any.
    ``own_classes``: whether class probabilities, where there are any, are about the data's own classes.
    Raises: UnknownName; UsageError for one metric with two sets of options, and for features that are not asked for.
    """
    spaces = split_specs(config.features)
    specs: dict[str, None] = {}
    headline = [name for name in HEADLINE if own_classes or not rests_on_classes(resolve(name)[0])]
    for word in (part for words in config.metrics for part in split_specs(words)):
        metric, wanted = _split_space(word)
        if wanted and wanted not in spaces:
            raise UsageError(f"{word}: {wanted} is not among the features asked for ({config.features})")
        if not wanted or not space or wanted == space:
            names = METRICS.names() if metric == "all" else headline if metric == "headline" else (metric,)
            specs |= dict.fromkeys(names)
    entries = [resolve(spec)[0].name for spec in specs]
    twice = next((name for name in entries if entries.count(name) > 1), None)
    if twice and (space or len(spaces) == 1):
        raise UsageError(f"metric {twice!r} is asked for with different options; ask for one of them at a time")
    return list(specs)


def for_points(config: EvaluateConfig) -> EvaluateConfig:
    """Return the configuration with the headline that belongs to points."""
    words = (word for name in config.metrics for word in (HEADLINE_POINTS if name == "headline" else [name]))
    return dataclasses.replace(config, metrics=tuple(words))


def _split_space(word: str) -> tuple[str, str]:
    """Split METRIC[…]@FEATURES[…] at the @ outside brackets."""
    metric, at, space = word.partition("]@") if "]@" in word else word.partition("@")
    return metric + "]" * (at == "]@"), space
