"""Regression blurs, a GAN keeps the style and loses the content, a conditional GAN keeps both: arms on image pairs."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from gantlet.actions.train import training_data
from gantlet.core.config import TrainConfig
from gantlet.core.drawing import figure
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import LabResult
from gantlet.core.specs import format_spec
from gantlet.data.opening import open_images
from gantlet.data.source import ImageSource
from gantlet.evaluation.inference.seeds import lower, over_seeds
from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.evaluation.metrics.psnr import psnr
from gantlet.evaluation.metrics.sharpness import sharpness
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.labs import LABS
from gantlet.labs.images import LabelledImages, features_of, open_labelled, short
from gantlet.labs.lab import Lab, Setting
from gantlet.labs.training import train_and_sample
from gantlet.training.data import TrainingImages

SOURCE = "Isola et al. 2017, arXiv:1611.07004, Figure 4 and Table 1; Mirza & Osindero 2014, arXiv:1411.1784"
CLAIM = (
    "From an input image, regression by mean squared error gives blurred images, a GAN sharp ones whose content is not the "
    "input's, a conditional GAN both: sharp, and of the right content."
)
TOLERANCE = (
    "over the seeds, whole 95 % intervals above 0: sharpness of CGAN minus that of MSE, and content accuracy of CGAN minus "
    "that of GAN"
)
REGRESSION = "pixel-loss[weight=100,norm=l2,adversarial=false]"
ARMS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "MSE": (True, (REGRESSION,)),
    "GAN": (False, ()),
    "CGAN": (True, ()),
    "CGAN + L1": (True, ("pixel-loss[weight=100]",)),
}
"""Whether the discriminator receives the input, and the techniques of each arm; the last arm is pix2pix."""
MEASURES = {"psnr": "PSNR, dB", "sharpness": "sharpness", "accuracy": "content accuracy", "fd": "FD"}
MOST = 1_000
"""The most held-out pairs that are measured."""
GRID_ROWS = 10


class Measures(NamedTuple):
    """One arm with one seed on held-out inputs: means of PSNR and sharpness, share of right classes, Fréchet distance."""

    psnr: float
    sharpness: float
    accuracy: float
    fd: float


@LABS.register("paired-mse-gan-cgan", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class PairedMseGanCgan(Lab):
    """Claim: regression blurs, a GAN keeps the semantics and loses the content, a conditional GAN keeps both.

    One U-Net, one number of steps, four arms: MSE (no adversary), GAN (the discriminator receives outputs alone), CGAN (it
    also receives the input), and CGAN with 100·L1 (pix2pix). Options: ``data``, labelled images; ``task``, the kind of their
    inputs (`gantlet explain paired`); the default, the class as one gray level, specifies the content only. Measured on
    held-out inputs: PSNR; sharpness (variance of the Laplacian); content accuracy, the share of outputs in which a
    classifier trained on real images predicts the true image's class; and the Fréchet distance in this classifier's features.
    The seed changes everything but the data and the classifier.

    Tolerance: sharpness of CGAN − MSE and content accuracy of CGAN − GAN, paired by seed, both with their whole 95 %
    interval above 0.
    """

    data: str = "digits"
    task: str = "class"

    def run(self, setting: Setting) -> LabResult:
        """Train every arm with every seed and measure it on the held-out pairs."""
        seeds = setting.seeds(2, 4, 8)
        source = open_images(format_spec("paired", {"of": self.data, "task": self.task}))
        held_out = open_images(source.held_out) if source.held_out else source
        real = open_labelled(self.data, setting.seed, setting.progress)
        data = training_data(source)
        assert isinstance(data, TrainingImages) and data.pairs is not None  # true for a paired source
        n = min(MOST, len(data.pairs.truth))
        evaluator = Evaluator.of(real, held_out, data.pairs.truth[:n])
        measurements: dict[str, list[Measures]] = {name: [] for name in ARMS}
        panels: dict[str, UInt8[np.ndarray, "n s s c"]] = {"input": data.pairs.shown[:GRID_ROWS]}
        for done, (seed, arm) in enumerate((seed, arm) for seed in seeds for arm in ARMS):
            outputs = train_and_sample(config(arm, setting, seed), data, n).samples
            measurements[arm].append(evaluator.measure(outputs))
            panels.setdefault(arm, outputs[:GRID_ROWS])
            setting.progress("training", done + 1, len(ARMS) * len(seeds))
        panels["truth"] = data.pairs.truth[:GRID_ROWS]
        return conclude(
            setting,
            seeds,
            measurements,
            evaluator.measure(evaluator.truth),
            (panels, f"{short(self.data)}, {self.task}"),
        )


def config(arm: str, setting: Setting, seed: int) -> TrainConfig:
    """Return the configuration of one arm; all have one network, batch and rate."""
    sees_inputs, techniques = ARMS[arm]
    width, steps = setting.of(8, 16, 64), setting.of(40, 1_000, 20_000)
    return TrainConfig(
        network=f"unet[width={width}]", discriminator=f"patch[width={width},sees_inputs={str(sees_inputs).lower()}]",
        techniques=techniques, steps=steps, batch=32, latent=16, seed=seed, lr_generator=5e-4, lr_discriminator=5e-4,
        log_every=steps,
    )  # fmt: skip


@dataclass(frozen=True)
class Evaluator:
    """The held-out images with their classes, the classifier, and their features."""

    truth: UInt8[np.ndarray, "n s s c"]
    labels: np.ndarray
    real: LabelledImages
    bank: FeatureBank

    @classmethod
    def of(cls, real: LabelledImages, held_out: ImageSource, truth: UInt8[np.ndarray, "n s s c"]) -> "Evaluator":
        """Return the evaluator over the first images of the held-out split."""
        assert held_out.labels is not None  # checked on the training split by open_labelled
        return cls(truth, held_out.labels[: len(truth)], real, features_of(truth, real.classifier))

    def measure(self, outputs: UInt8[np.ndarray, "n s s c"]) -> Measures:
        """Measure outputs against the truth, row by row."""
        bank = features_of(outputs, self.real.classifier)
        assert bank.probabilities is not None  # a classifier's bank has them
        ratios = [psnr(truth, output) for truth, output in zip(self.truth, outputs, strict=True)]
        return Measures(
            float(np.mean([ratio for ratio in ratios if np.isfinite(ratio)] or [0.0])),
            float(np.mean([sharpness(output) for output in outputs])),
            float((bank.probabilities.argmax(1) == self.labels).mean()),
            frechet_distance(self.bank.moments, bank.moments),
        )


Panels = tuple[dict[str, UInt8[np.ndarray, "n s s c"]], str]
"""Images of each column of the figure, and its title."""


def conclude(
    setting: Setting, seeds: tuple[int, ...], measurements: dict[str, list[Measures]], truth: Measures, panels: Panels
) -> LabResult:
    """Return the verdict on the two differences, the table of all arms, and the figure."""
    sharper = _difference(measurements, "sharpness", "CGAN", "MSE")
    righter = _difference(measurements, "accuracy", "CGAN", "GAN")
    means = {
        arm: {name: over_seeds(name, [getattr(m, name) for m in runs]) for name in MEASURES}
        for arm, runs in measurements.items()
    }
    failed = [e.metric for e in (sharper, righter) if lower(e) <= 0]
    why = f"{sharper.metric} {sharper.text}; {righter.metric} {righter.text}"
    why += f"; not as claimed: {', '.join(failed)}" if failed else ""
    rows = tuple((arm, *(means[arm][name].text for name in MEASURES)) for arm in ARMS)
    return LabResult(
        "paired-mse-gan-cgan", CLAIM, SOURCE, righter.metric, None, "pictures (Isola et al., Figure 4)", righter, TOLERANCE,
        "not reproduced" if failed else "reproduced", why, ("arm", *MEASURES.values()),
        (*rows, ("truth", None, truth.sharpness, truth.accuracy, 0.0)),
        (_draw(setting, means, truth, panels),), setting.size, seeds,
    )  # fmt: skip


def _difference(measurements: dict[str, list[Measures]], name: str, one: str, other: str) -> Estimate:
    values = [getattr(a, name) - getattr(b, name) for a, b in zip(measurements[one], measurements[other], strict=True)]
    return over_seeds(f"{MEASURES[name]}, {one} − {other}", values)


def _draw(setting: Setting, means: dict[str, dict[str, Estimate]], truth: Measures, panels: Panels) -> str:
    """Draw outputs of the first seed beside one panel per measure."""
    picture, axes = figure.new(1, 1 + len(MEASURES), width=3.1, height=3.6)
    columns, title = panels
    channels = max(pixels.shape[3] for pixels in columns.values())
    wide = [
        pixels if pixels.shape[3] == channels else np.repeat(pixels, channels, axis=3) for pixels in columns.values()
    ]
    figure.images(axes[0], np.stack(wide, axis=1).reshape(-1, *wide[0].shape[1:]), len(wide))
    side = wide[0].shape[2] + 1
    axes[0].set_xticks([side * (i + 0.5) for i in range(len(wide))], list(columns), rotation=45, ha="right")
    figure.label(axes[0], title)
    for axis, (name, words) in zip(axes[1:], MEASURES.items(), strict=True):
        usual = getattr(truth, name) if name in ("sharpness", "accuracy") else None
        figure.bars(axis, {arm: means[arm][name] for arm in ARMS}, usual)
        figure.label(axis, words + (" (dashed: the truth's)" if usual is not None else ""))
    return figure.save(picture, setting.out / "paired-mse-gan-cgan.png")
