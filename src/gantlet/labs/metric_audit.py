"""Xu et al.'s audit: which metric, in which feature space, detects noise, collapse, dropped modes and copies, and at what cost."""

from dataclasses import dataclass

import numpy as np

from gantlet.core.interfaces.extractors import Extractor
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import Cell, LabResult
from gantlet.evaluation.audit.measure import Auditor
from gantlet.evaluation.audit.plan import plant
from gantlet.evaluation.audit.pool import split_pool
from gantlet.evaluation.features.pixels import Pixels
from gantlet.evaluation.features.random_conv import RandomConv
from gantlet.evaluation.inference.seeds import lower, over_seeds, upper
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.labs import LABS, audit_figure
from gantlet.labs.audit_scores import DESIDERATA, TESTS, Curves, curves
from gantlet.labs.images import LabelledImages, features_of, open_labelled, short
from gantlet.labs.lab import Lab, Setting

SOURCE = "Xu et al. 2018, arXiv:1806.07755"
CLAIM = (
    "In a suitable feature space the kernel MMD and the 1-NN test satisfy most desiderata of an evaluation metric; the "
    "Inception Score does not, and misses collapse inside a class."
)
TOLERANCE = (
    "in the classifier's features: mean score over the six desiderata of MMD and 1-NN above that of IS and Mode Score (lower "
    "end of the difference over seeds > 0); IS detects at most 1/3 of the planted collapses, FD and coverage at least 2/3"
)
MEASURES = {
    "inception_score": "IS", "mode_score": "Mode Score", "mmd_rbf": "MMD", "wasserstein_exact": "Wasserstein",
    "frechet_distance": "FD", "one_nn_accuracy": "1-NN", "coverage": "coverage",
}  # fmt: skip
"""The metrics of Xu et al., and coverage, with their names in the figures."""
CurvesByMetric = dict[tuple[str, str], list[Curves]]
"""Curves by (space, metric), one for each seed."""


@LABS.register("metric-audit", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class MetricAudit(Lab):
    """Claim: in a suitable feature space MMD and 1-NN behave as a metric should; IS does not and misses intra-class collapse.

    Seven tests of IS, Mode Score, MMD, Wasserstein, FD, 1-NN and coverage in three spaces (pixels, an untrained network,
    the classifier's features) on real images, failures planted at growing strength: noise mixed in; modes (k-means inside each
    class) collapsed to their medoids; modes dropped; harmless shifts; fewer and fewer samples; training images copied, compared
    with training and with held-out images; and time. A failure is detected where the metric worsens by three standard
    deviations of its own spread on null sets; a shift is tolerated where it worsens it by at most a tenth as much as pure noise.
    A desideratum's score is the share of strengths at which the metric behaves as it should; the interval is over seeds.

    Tolerance: in the classifier's features the mean score of MMD and 1-NN exceeds that of IS and Mode Score (lower end over
    seeds > 0), IS detects at most a third of the collapses, FD and coverage at least two thirds (cautious ends).

    Args: data: labelled images. Raises: ConfigError (no labels), TooFewSamples (fewer than 300 images).
    """

    data: str = "digits"

    def run(self, setting: Setting) -> LabResult:
        """Plant every failure with every seed and measure it in every space by every metric."""
        seeds = setting.seeds(1, 5, 10)
        images = open_labelled(self.data, 0, setting.progress)
        n = min(setting.of(60, 500, 2000), len(images.pixels) // 5)
        results: CurvesByMetric = {}
        whole = {name: features_of(images.pixels, extractor) for name, extractor in spaces(images).items()}
        for done, seed in enumerate(seeds):
            _audit(images, whole, results, (n, setting.of(6, 12, 50), seed))
            setting.progress("auditing", done + 1, len(seeds))
        return conclude(setting, seeds, results, f"{short(images.source.spec)}, {n} per side", n)


def spaces(images: LabelledImages) -> dict[str, Extractor]:
    """Return the feature spaces of the audit."""
    size, channels = images.classifier.shape
    pixels = Pixels(min(size, 16), channels)
    return {"pixels": pixels, "random-conv": RandomConv(size, channels), "classifier": images.classifier}


def _audit(
    images: LabelledImages, whole: dict[str, FeatureBank], results: CurvesByMetric, setting: tuple[int, int, int]
) -> None:
    """Add one seed's curves to ``results``; ``setting``: images per side, null pairs, seed."""
    n, null_pairs, seed = setting
    pool = split_pool(images.pixels, images.labels, whole["classifier"].features, n, seed)
    plan = plant(pool, TESTS, seed, null_pairs)
    for space, extractor in spaces(images).items():
        bank = joined(whole[space], features_of(plan.extra, extractor))
        names = [name for name in MEASURES if bank.probabilities is not None or "_score" not in name]
        for name, metric_curves in curves(Auditor(plan, bank, names), seed).items():
            results.setdefault((space, MEASURES[name]), []).append(metric_curves)


def joined(first: FeatureBank, second: FeatureBank) -> FeatureBank:
    """Return the rows of both banks, without labels and names."""
    probabilities = None
    if first.probabilities is not None and second.probabilities is not None:
        probabilities = np.concatenate([first.probabilities, second.probabilities])
    return FeatureBank(np.concatenate([first.features, second.features]), probabilities)


def mean_scores(results: CurvesByMetric, names: tuple[str, ...]) -> np.ndarray:
    """Return, for each seed, the mean score over the desiderata of these metrics in the classifier's features."""
    by_seed = [[c.scores() for c in results["classifier", name]] for name in names]
    return np.mean([[np.mean([s[d] for d in DESIDERATA]) for s in scores] for scores in by_seed], axis=0)


def conclude(setting: Setting, seeds: tuple[int, ...], results: CurvesByMetric, what: str, n: int) -> LabResult:
    """Return the verdict on the curves, the table of scores, and the figures."""
    gap = over_seeds("mean score of MMD and 1-NN − of IS and Mode Score", _gap(results))
    detection = {
        name: over_seeds(name, [c.scores()["collapse"] for c in results["classifier", name]]) for name in _COLLAPSE
    }
    failed = _failed(gap, detection)
    summary = ", ".join(f"{name} detects {e.value:.0%}" for name, e in detection.items())
    why = f"of the planted collapses {summary}" + (f"; not as claimed: {'; '.join(failed)}" if failed else "")
    rows: list[tuple[Cell, ...]] = []
    for (space, name), by_seed in results.items():
        scores = [c.scores() for c in by_seed]
        means = [float(np.mean([s[d] for s in scores])) for d in DESIDERATA]
        rows.append((space, name, *means, float(np.mean(means)), float(np.median([c.seconds[-1] for c in by_seed]))))
    figures = (
        audit_figure.heat_map(setting, rows, DESIDERATA, what),
        *(
            audit_figure.panels(setting, space, results, n, what)
            for space in dict.fromkeys(space for space, _ in results)
        ),
    )
    return LabResult(
        "metric-audit", CLAIM, SOURCE, f"{gap.metric}, in the classifier's features; {what}", None,
        "no score; its conclusion is in words", gap, TOLERANCE, "not reproduced" if failed else "reproduced", why,
        ("space", "metric", "noise", "collapse", "drop", "shift", "few n", "copies", "mean", "seconds"), tuple(rows), figures, setting.size, seeds,
    )  # fmt: skip


_COLLAPSE = ("IS", "FD", "coverage")


def _gap(results: CurvesByMetric) -> list[float]:
    difference = mean_scores(results, ("MMD", "1-NN")) - mean_scores(results, ("IS", "Mode Score"))
    return [float(value) for value in difference]


def _failed(gap: Estimate, detection: dict[str, Estimate]) -> list[str]:
    failed = [] if lower(gap) > 0 else [f"MMD and 1-NN lead IS and Mode Score by {gap.text} only"]
    if upper(detection["IS"]) > 1 / 3:
        failed.append(f"IS detects {detection['IS'].text} of the collapses")
    failed += [
        f"{name} detects {detection[name].text} of the collapses"
        for name in ("FD", "coverage")
        if lower(detection[name]) < 2 / 3
    ]
    return failed
