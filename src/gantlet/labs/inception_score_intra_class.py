"""The Inception Score misses collapse inside a class; distances to real images and diversity scores detect it."""

from dataclasses import dataclass

import numpy as np

from gantlet.core.drawing import figure
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import Cell, LabResult
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.seeds import lower, over_seeds
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.labs import LABS
from gantlet.labs.images import by_class, features_of, open_labelled, repeated, short
from gantlet.labs.lab import Lab, Setting

SOURCE = "Barratt & Sharma 2018, arXiv:1801.01973"
CLAIM = "One image repeated in every class keeps a high Inception Score: it cannot detect collapse inside a class."
PER_CLASS = 50
DISTINCT = (1, 2, 5, 10, 20, 50)
FACTORS = {
    "inception_score": 0.95, "frechet_distance": 2.0, "kernel_distance": 2.0, "coverage": 2.0, "vendi_score": 1.1,
}  # fmt: skip
"""The factor by which each must worsen to detect the collapse; for the Inception Score, the share that must remain."""
TOLERANCE = (
    "at one image per class IS keeps ≥ 95 % of its value at 50 (lower end over seeds), while FD and KID at least double, "
    "coverage at least halves and Vendi falls by a factor of 1.1 or more (lower ends over seeds)"
)


@LABS.register("inception-score-intra-class", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class InceptionScoreIntraClass(Lab):
    """Claim: 50 identical images per class still get a high Inception Score.

    Half of each class of labelled real images is the real set; from the other half 1, 2, 5, 10, 20 or 50 distinct
    images per class are repeated until there are 50 per class. 50 distinct images are no collapse. Measured in the features of a
    classifier trained on these images: IS, FD, KID, coverage and Vendi Score, over seeds (which images are drawn).

    Tolerance: at one image per class IS keeps at least 95 % of its value at 50, while FD and KID at least double, coverage at
    least halves and the Vendi Score falls by a factor of 1.1, each at the cautious end of its interval over seeds.

    Args: data: labelled images with at least 100 per class.
    Raises: ConfigError (no labels), TooFewSamples (a class of fewer than 100 images).
    """

    data: str = "digits"

    def run(self, setting: Setting) -> LabResult:
        """Repeat fewer and fewer images per class and compute each metric."""
        seeds = setting.seeds(4, 10, 20)
        images = open_labelled(self.data, 0, setting.progress)
        groups = by_class(images.labels, 2 * PER_CLASS, images.source.spec)
        bank = features_of(images.pixels, images.classifier, images.labels)
        values = np.empty((len(FACTORS), len(seeds), len(DISTINCT)))
        for s, seed in enumerate(seeds):
            for m, distinct in enumerate(DISTINCT):
                for k, estimate in enumerate(measure(bank, groups, distinct, seed)):
                    assert estimate.value is not None  # the sizes are checked above
                    values[k, s, m] = estimate.value
            setting.progress("collapsing classes", s + 1, len(seeds))
        return conclude(setting, seeds, values, short(images.source.spec))


def measure(bank: FeatureBank, groups: list[np.ndarray], distinct: int, seed: int) -> list[Estimate]:
    """Return the estimates of one collapsed set: ``distinct`` images per class, repeated until there are 50."""
    chance = numpy_stream(seed, "intra-class")
    real, fake = [], []
    for rows in groups:
        shuffled = chance.permutation(rows)
        fake.append(repeated(shuffled[:PER_CLASS][:distinct], PER_CLASS))
        real.append(shuffled[PER_CLASS:])
    evidence = Evidence(bank.take(np.concatenate(real)), bank.take(np.concatenate(fake)), seed)
    return compute(evidence, list(FACTORS))


def worsening(values: np.ndarray) -> dict[str, Estimate]:
    """Return, for each metric over seeds, how much the collapse from 50 to 1 image per class changed it.

    ``values`` [metrics, seeds, DISTINCT]. IS: the share that remains; FD, coverage, Vendi: the factor by which it worsens;
    KID likewise, against its spread where the uncollapsed value is about 0 (it may be negative): the difference over the
    largest uncollapsed magnitude, plus 1.
    """
    changes = {}
    for k, name in enumerate(FACTORS):
        collapsed, whole = values[k, :, 0], values[k, :, -1]
        if name == "kernel_distance":
            change = 1 + (collapsed - whole) / np.abs(whole).max()
        elif name in ("coverage", "vendi_score"):
            change = whole / collapsed
        else:
            change = collapsed / whole
        changes[name] = over_seeds(name, change.tolist())
    return changes


def conclude(setting: Setting, seeds: tuple[int, ...], values: np.ndarray, spec: str) -> LabResult:
    """Return the verdict on ``values`` [metrics, seeds, DISTINCT] and draw the figure."""
    changes = worsening(values)
    score_stays = lower(changes["inception_score"]) >= FACTORS["inception_score"]
    missing = [n for n, factor in FACTORS.items() if n != "inception_score" and lower(changes[n]) < factor]
    why = f"IS keeps {changes['inception_score'].text} of its value"
    why += (
        f"; missed by {', '.join(missing)}"
        if missing
        else "; "
        + ", ".join(f"{name} worsens by {changes[name].value:.3g}×" for name in FACTORS if name != "inception_score")
    )
    rows: list[tuple[Cell, ...]] = [
        (distinct, *(float(values[k, :, m].mean()) for k in range(len(FACTORS)))) for m, distinct in enumerate(DISTINCT)
    ]
    return LabResult(
        "inception-score-intra-class", CLAIM, SOURCE, f"IS at 1 distinct image per class / IS at {PER_CLASS}; {spec}", None,
        "no number; the argument is by example", changes["inception_score"], TOLERANCE,
        "reproduced" if score_stays and not missing else "not reproduced", why, ("distinct per class", "IS", "FD", "KID", "coverage", "Vendi"), tuple(rows),
        (_draw(setting, values, spec),), setting.size, seeds,
    )  # fmt: skip


def _draw(setting: Setting, values: np.ndarray, spec: str) -> str:
    titles = {
        "inception_score": "Inception Score ↑", "frechet_distance": "Fréchet distance ↓",
        "kernel_distance": "Kernel distance (KID) ↓", "coverage": "Coverage ↑", "vendi_score": "Vendi Score ↑",
    }  # fmt: skip
    picture, axes = figure.new(1, len(FACTORS), width=2.5, height=2.7)
    for k, (axis, name) in enumerate(zip(axes, FACTORS, strict=True)):
        figure.line(axis, DISTINCT, values[k], name, k)
        axis.set_xscale("log")
        axis.set_xticks(DISTINCT, [str(m) for m in DISTINCT])
        axis.minorticks_off()
        low, high = min(0.0, float(values[k].min())), float(values[k].max())
        axis.set_ylim(low - 0.03 * (high - low), high + 0.08 * (high - low))
        figure.label(axis, titles[name], "distinct images per class")
    picture.suptitle(f"{PER_CLASS} images per class of {spec}, of which fewer and fewer are distinct", fontsize=10)
    return figure.save(picture, setting.out / "inception-score-intra-class.png")
